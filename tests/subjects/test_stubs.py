"""What is exported and still to be written, told from what is written and short."""

from __future__ import annotations

import importlib.util
import sys
import textwrap

import pytest

from tito_bench.subjects.discovery import PackageLocation
from tito_bench.subjects.missing import Missing, StudentCodeError
from tito_bench.subjects.stubs import is_stub, unwritten_behind
from tito_bench.subjects.student_code import student_code

UNWRITTEN = {
    "docstring": '"""TODO: your turn."""',
    "pass": "pass",
    "dots": "...",
    "raise": "raise NotImplementedError",
    "raise with words": 'raise NotImplementedError("Your code here")',
    "none": "x = None\nreturn x",
    "none at once": '"""Return it."""\nreturn None',
    "raise after a look at the input": "assert x\nraise NotImplementedError()",
    "raise in every branch": "if x:\n    raise NotImplementedError\nelse:\n"
    "    raise NotImplementedError('neither')",
    "raise within": "with open(x):\n    raise NotImplementedError",
    "raise after a helper": "def helper(y):\n    return y\nraise NotImplementedError",
}
WRITTEN = {
    "an answer": "return x",
    "a constant": "return []",
    "something kept": "self.x = x",
    "something let go": "self.x = None",
    "all other cases": "if x is not None:\n    return x\nraise NotImplementedError('None')",
    "an abstract case": "if x is None:\n    raise NotImplementedError('masks')\nreturn x",
}


@pytest.fixture
def load(tmp_path, monkeypatch):
    """A function that returns the module of the package in `tmp_path` with a given text."""

    def write_and_import(text):
        file = tmp_path / "tinytorch" / "core" / "transformers.py"
        file.parent.mkdir(parents=True)
        file.write_text(textwrap.dedent(text))
        spec = importlib.util.spec_from_file_location("stubbed", file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "stubbed", module)
        spec.loader.exec_module(module)
        return module

    return write_and_import


def function(body, name="forward"):
    return f"def {name}(self, x=None):\n{textwrap.indent(body, '    ')}\n"


def class_of(*functions, bases=""):
    return f"class Thing{bases}:\n{textwrap.indent(''.join(functions), '    ')}\n"


@pytest.mark.parametrize("body", UNWRITTEN.values(), ids=UNWRITTEN)
def test_a_body_that_does_nothing_is_a_stub(load, body):
    module = load(function(body) + class_of(function(body), function(body, "other")))
    assert is_stub(module.forward)
    assert is_stub(module.Thing)


@pytest.mark.parametrize("body", WRITTEN.values(), ids=WRITTEN)
def test_a_body_that_does_something_is_none(load, body):
    module = load(function(body) + class_of(function(body), function(body, "other")))
    assert not is_stub(module.forward)
    assert not is_stub(module.Thing)


CLASSES = {
    "forward alone is missing": (
        class_of("def __init__(self):\n    self.a = 1\n", function("pass")),
        True,
    ),
    "call is missing where there is no forward": (
        class_of("def __init__(self):\n    self.a = 1\n", function("pass", "__call__")),
        True,
    ),
    "what forward reads is never set": (
        class_of(
            "def __init__(self, n):\n    pass\n", "def forward(self, x):\n    return self.w\n"
        ),
        True,
    ),
    "nothing to set": (
        class_of("def __init__(self, n=1):\n    pass\n", "def forward(self, x):\n    return x\n"),
        False,
    ),
    "an optimizer without its step": (
        class_of("def __init__(self, p):\n    self.p = p\n", function("pass", "step")),
        True,
    ),
    "a helper of no use": (
        class_of(function("return x"), function("pass", "reset"), function("pass", "close")),
        False,
    ),
    "nothing in it": ("class Thing:\n    '''TODO'''\n", True),
    "nothing of its own in it": (
        "class Base:\n    def forward(self, x):\n        return x\nclass Thing(Base):\n    pass\n",
        False,
    ),
    "a base of others": (
        class_of(function("raise NotImplementedError")) + "class Other(Thing):\n    pass\n",
        False,
    ),
    "an abstract class": (
        "from abc import ABC, abstractmethod\n"
        + class_of("@abstractmethod\n", function("pass"), bases="(ABC)"),
        False,
    ),
    "the later of two": (class_of(function("pass")) + class_of(function("return x")), False),
    "written elsewhere and put in": (
        class_of(function("pass")) + "def better(self, x):\n    return x\nThing.forward = better\n",
        False,
    ),
    "empty, and written elsewhere": (
        "class Thing:\n    pass\ndef forward(self, x):\n    return x\nThing.forward = forward\n",
        False,
    ),
    "an alias of what is missing": (
        class_of(function("pass", "__call__"), "forward = __call__\n"),
        True,
    ),
    "an alias of what is there": (
        class_of(function("return x", "__call__"), "forward = __call__\n"),
        False,
    ),
    "written in one branch": (
        "if False:\n    pass\nelse:\n" + textwrap.indent(class_of(function("pass")), "    "),
        True,
    ),
}


@pytest.mark.parametrize(("text", "stub"), CLASSES.values(), ids=CLASSES)
def test_a_class_is_a_stub_as_far_as_it_answers_nothing(load, text, stub):
    assert is_stub(load(text).Thing) == stub


@pytest.mark.parametrize("value", [len, 3, None, "text", int, lambda: None])
def test_what_has_no_source_of_its_own_is_none(value):
    assert not is_stub(value)


def location(tmp_path):
    return PackageLocation(tmp_path / "tinytorch", tmp_path, "project")


def test_what_a_stub_raises_is_missing_and_named_with_its_module(tmp_path, load):
    module = load(
        """
        class Layer:
            def __call__(self, x):
                return self.forward(x)
            def forward(self, x):
                raise NotImplementedError("Subclasses must")
        class Norm(Layer):
            pass
        """,
    )
    with pytest.raises(Missing) as caught, student_code(location(tmp_path)):
        module.Norm()(1)
    assert str(caught.value) == "module 13: Norm.forward is still to be written"
    assert (caught.value.module_number, caught.value.unwritten) == (13, True)


def test_what_others_raise_is_an_error_as_before(tmp_path):
    with (
        pytest.raises(StudentCodeError, match="NotImplementedError"),
        student_code(location(tmp_path)),
    ):
        raise NotImplementedError


PARTS = """
def split(x):
    '''TODO: into heads.'''

class Block:
    def __init__(self):
        pass
    def merge(self, x):
        pass
    def on_start(self):
        pass
    def forward(self, x):
        return {}
"""


@pytest.mark.parametrize(
    ("expression", "name"),
    [("split(x).shape", "split"), ("self.merge(x) + 1", "Block.merge")],
)
def test_the_stub_whose_empty_result_is_the_cause_is_found(tmp_path, load, expression, name):
    block = load(PARTS.format(expression)).Block()

    def fails():
        with student_code(location(tmp_path)):
            block.forward(1)

    with pytest.raises(StudentCodeError) as caught:
        fails()
    found = unwritten_behind(caught.value, fails, tmp_path / "tinytorch")
    assert str(found) == f"module 13: {name} is still to be written"


@pytest.mark.parametrize("expression", ["None + x", "[self.on_start, None.x]", "helper(x) + x"])
def test_no_stub_is_blamed_for_what_is_no_stubs_fault(tmp_path, load, expression):
    text = PARTS.format(expression).replace("return", "self.on_start()\n        return")
    module = load(text + "def helper(x):\n    split(x) or x\n")

    def fails():
        with student_code(location(tmp_path)):
            module.Block().forward(1)

    with pytest.raises(StudentCodeError) as caught:
        fails()
    assert unwritten_behind(caught.value, fails, tmp_path / "tinytorch") is None
    assert unwritten_behind(StudentCodeError("off by 1"), fails, tmp_path / "tinytorch") is None


NO_MASKS = "raise NotImplementedError('no masks')"


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        ("raise NotImplementedError('yours')", Missing, "forward is still to be written"),
        (f"if x is None:\n    {NO_MASKS}\nreturn x", StudentCodeError, "no masks"),
        (f"if x is not None:\n    return x\n{NO_MASKS}", StudentCodeError, "no masks"),
    ],
)
def test_one_branch_that_is_not_there_is_a_failure_of_what_is(
    load, tmp_path, body, error, said, nested
):
    text = function(body)
    if nested:
        inner = textwrap.indent(text, "    ")
        text = f"def forward(self):\n{inner}    return forward(None)\n"
    module = load(text)
    with pytest.raises(error, match=said), student_code(location(tmp_path)):
        module.forward(None)
