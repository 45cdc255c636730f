"""One line for whatever student code raises."""

from __future__ import annotations

import sys

import pytest

from tito_bench.subjects.student_errors import describe_fault, is_inside


def raised(source, file):
    """What `source`, as if it stood in `file`, raises."""
    try:
        exec(compile(source, str(file), "exec"), {})  # noqa: S102
    except BaseException as error:
        return error
    raise AssertionError("it raised nothing")


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def test_the_deepest_frame_inside_the_package_is_named(tmp_path):
    package = tmp_path / "tinytorch"
    error = raised("import json\ndef f(x):\n    json.loads(x)\nf('{')\n", package / "core" / "a.py")
    assert describe_fault(error, package, tmp_path).startswith(
        "tinytorch/core/a.py:3: JSONDecodeError: Expecting property name"
    )


def test_the_package_is_named_rather_than_the_script_it_calls_back(tmp_path):
    names = {}
    exec(compile("def call(f):\n    f()", tmp_path / "tinytorch" / "a.py", "exec"), names)  # noqa: S102
    exec(compile("def fail():\n    1 / 0", tmp_path / "model.py", "exec"), names)  # noqa: S102
    with pytest.raises(ZeroDivisionError) as caught:
        names["call"](names["fail"])
    line = describe_fault(caught.value, tmp_path / "tinytorch", tmp_path)
    assert line == "tinytorch/a.py:2: ZeroDivisionError: division by zero"


def test_else_the_deepest_frame_inside_the_project(tmp_path):
    error = raised("\n1 / 0", tmp_path / "model.py")
    expected = "model.py:2: ZeroDivisionError: division by zero"
    assert describe_fault(error, tmp_path / "tinytorch", tmp_path) == expected


def test_else_the_file_that_was_imported_or_no_place(tmp_path):
    error = ValueError("bad")
    package = tmp_path / "tinytorch"
    assert describe_fault(error, package, tmp_path) == "ValueError: bad"
    assert describe_fault(error, package, tmp_path, package / "x.py") == (
        "tinytorch/x.py: ValueError: bad"
    )


def test_what_has_no_file_is_no_place_wherever_it_runs(tmp_path, monkeypatch):
    # Python's own frozen modules, and text given to exec, are no files of the current folder.
    monkeypatch.chdir(tmp_path)
    package = tmp_path / "tinytorch"
    for name in ("<frozen importlib._bootstrap>", "<string>"):
        error = raised("1 / 0", name)
        line = describe_fault(error, package, tmp_path, package / "x.py")
        assert line == "tinytorch/x.py: ZeroDivisionError: division by zero"


def test_a_syntax_error_of_generated_code_has_no_file_of_its_own(tmp_path):
    error = raised("x = 1\neval('1 +')", tmp_path / "tinytorch" / "a.py")
    line = describe_fault(error, tmp_path / "tinytorch", tmp_path)
    assert line == "tinytorch/a.py:2: SyntaxError: invalid syntax"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (SystemExit(), "the code called exit()"),
        (ModuleNotFoundError("No module named 'x'", name="scipy.signal"),
         "needs scipy.signal, which is not installed: install it where tito-bench is installed"),
        (ModuleNotFoundError("by hand"), "ModuleNotFoundError: by hand"),
        (AssertionError(), "AssertionError"),
        (ValueError("two\nlines \x1b[31mred"), "ValueError: two lines ?[31mred"),
        (Unprintable(), "Unprintable: (its message cannot be printed)"),
        (SyntaxError(), "SyntaxError"),
    ],
)  # fmt: skip
def test_the_message_is_one_plain_line(tmp_path, error, line):
    assert describe_fault(error, tmp_path / "tinytorch", tmp_path) == line


@pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_another_active_environment_is_said_with_what_is_not_installed(
    tmp_path, monkeypatch, variable
):
    error = ModuleNotFoundError("No module named 'x'", name="scipy")
    monkeypatch.setenv(variable, sys.prefix)
    same = describe_fault(error, tmp_path / "tinytorch", tmp_path)
    assert same == "needs scipy, which is not installed: install it where tito-bench is installed"
    monkeypatch.setenv(variable, str(tmp_path / "other"))
    other = describe_fault(error, tmp_path / "tinytorch", tmp_path)
    assert other == (f"{same} (another environment is active than the one that tito-bench runs in)")
    assert str(tmp_path) not in other


@pytest.mark.parametrize("place", ["tinytorch/core", "modules/01_tensor"])
def test_a_file_of_the_student_is_nothing_to_install(tmp_path, place):
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "tensor_dev.py").touch()
    error = ModuleNotFoundError("No module named 'tensor_dev'", name="tensor_dev")
    assert describe_fault(error, tmp_path / "tinytorch", tmp_path) == (
        f"needs tensor_dev, but {place}/tensor_dev.py is not imported by that name"
    )


def test_the_message_does_not_show_where_the_project_lies(tmp_path):
    error = FileNotFoundError(2, "No such file", str(tmp_path / "data.csv"))
    line = describe_fault(error, tmp_path / "tinytorch", tmp_path)
    assert line == "FileNotFoundError: [Errno 2] No such file: './data.csv'"


def test_a_long_message_is_cut(tmp_path):
    assert len(describe_fault(ValueError("x" * 5000), tmp_path, tmp_path)) == 240


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_inside_follows_links(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert is_inside(tmp_path / "link" / "a.py", (tmp_path / "real",))
    assert not is_inside("<string>", (tmp_path / "real",))
    assert not is_inside("nul\0l", (tmp_path / "real",))
