"""What is sent of a function or class in a notebook does what it did there."""

from __future__ import annotations

import linecache
import sys
import textwrap
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tito_bench.api.gathered_source import gather_source
from tito_bench.errors import SubjectError

Notebook = Callable[..., dict[str, Any]]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """Run cells as IPython does: all in `__main__`, each under a file name of its own."""

    def run(*cells: str) -> dict[str, Any]:
        main = ModuleType("__main__")
        main.In = [""]  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "__main__", main)
        for number, cell in enumerate(cells, 1):
            text = textwrap.dedent(cell).strip() + "\n"
            file = f"ipykernel_{id(main)}_{number}.py"
            monkeypatch.setitem(
                linecache.cache, file, (len(text), None, text.splitlines(keepends=True), file)
            )
            vars(main)["In"].append(text)
            exec(compile(text, file, "exec"), vars(main))  # noqa: S102 - cells of the test
        return vars(main)

    return run


def sent(names: dict[str, Any], name: str) -> dict[str, Any]:
    """Run what is sent of `name` in a module of its own."""
    module = ModuleType("sent")
    sys.modules["sent"] = module
    try:
        exec(gather_source(names[name]).text, vars(module))  # noqa: S102 - as the worker does
    finally:
        del sys.modules["sent"]
    return vars(module)


def test_a_function_comes_with_the_functions_modules_and_numbers_it_uses(
    notebook: Notebook,
) -> None:
    names = notebook(
        "import numpy as np\nfrom math import sqrt as root\nTILE = (2, 3)",
        """
        def inner(x):
            return root(x) + TILE[1]
        """,
        """
        def outer(x):
            return np.float64(inner(x))
        """,
    )
    assert sent(names, "outer")["outer"](4.0) == 5.0


def test_functions_that_call_each_other_come_both(notebook: Notebook) -> None:
    names = notebook(
        "def even(n):\n    return n == 0 or odd(n - 1)",
        "def odd(n):\n    return n != 0 and even(n - 1)",
    )
    assert sent(names, "even")["even"](10)


def test_a_class_comes_with_its_base_and_what_was_added_to_it_later(notebook: Notebook) -> None:
    names = notebook(
        """
        class Base:
            def __init__(self, data):
                self.data = data
        """,
        """
        class Tensor(Base):
            def twice(self):
                return Tensor(self.data * 2)
        """,
        "def add(self, other):\n    return Tensor(self.data + other.data)",
        "Tensor.__add__ = add",
    )
    tensor = sent(names, "Tensor")["Tensor"]
    assert (tensor(3).twice() + tensor(1)).data == 7


def test_a_method_replaced_by_a_later_cell_is_the_later_one(notebook: Notebook) -> None:
    names = notebook(
        "class Tensor:\n    def value(self):\n        return 1",
        "def value(self):\n    return 2\nTensor.value = value",
    )
    assert sent(names, "Tensor")["Tensor"]().value() == 2


def test_a_local_name_is_not_taken_for_a_global_one(notebook: Notebook) -> None:
    names = notebook(
        "import numpy as np\nresult = np.zeros(3)",
        "def f(a):\n    result = a + 1\n    return [result for a in (1,)][0]",
    )
    assert sent(names, "f")["f"](1) == 2


def test_a_decorator_and_a_default_come_too(notebook: Notebook) -> None:
    names = notebook(
        "from functools import wraps\nSTEP = 5",
        """
        def noisy(function):
            @wraps(function)
            def wrapper(*args):
                return function(*args)
            return wrapper
        """,
        "@noisy\ndef f(a, step=STEP):\n    return a + step",
    )
    assert sent(names, "f")["f"](1) == 6


def test_another_name_of_a_function_is_kept(notebook: Notebook) -> None:
    names = notebook("def f():\n    return 1", "g = f", "def h():\n    return g()")
    assert sent(names, "h")["h"]() == 1


def test_a_line_is_named_by_its_cell(notebook: Notebook) -> None:
    names = notebook("A = 1", "B = 2\n\ndef f():\n    return A / 0")
    source = gather_source(names["f"])
    line = source.text.splitlines().index("    return A / 0") + 1
    assert source.located(f"your code:{line}: ZeroDivisionError") == (
        "cell [2], line 4: ZeroDivisionError"
    )


def test_a_changed_function_is_sent_as_it_is_now(notebook: Notebook) -> None:
    names = notebook("def f():\n    return 1", "def f():\n    return 2")
    assert sent(names, "f")["f"]() == 2


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["f = 3"], "bench measures a function or a class, and this is neither: int"),
        (["f = lambda a: a"], "a lambda has no source of its own: write it with def"),
        (
            ["def make(k):\n    def f(a):\n        return a * k\n    return f", "f = make(2)"],
            (
                "f is a closure over k, which cannot be sent to the measuring process: "
                "define it at the top of a cell"
            ),
        ),
        (
            ["import numpy as np\ntable = np.ones(3)", "def f(a):\n    return a + table"],
            (
                "f uses table (ndarray), which cannot be sent to the measuring process: "
                "pass it in as an argument, or make it inside"
            ),
        ),
        (
            ["f = type('f', (), {})"],
            "the source of f is not to be had: define it in a cell or a file",
        ),
        (
            [
                "scope = {'__name__': '__main__'}\nexec('def f():\\n    return 1', scope)",
                "f = scope['f']",
            ],
            "the source of f is not to be had: define it in a cell or a file",
        ),
    ],
)
def test_what_cannot_be_sent_is_said_in_one_sentence(
    notebook: Notebook, cells: list[str], said: str
) -> None:
    names = notebook(*cells)
    with pytest.raises(SubjectError) as raised:
        gather_source(names["f"])
    assert str(raised.value) == said


def test_numbers_are_those_of_now(notebook: Notebook) -> None:
    names = notebook("K = 1", "def f(a):\n    return a * K", "K = np_value = 4")
    found = sent(names, "f")["f"](np.float32(2))
    assert found == 8
