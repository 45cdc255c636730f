"""Whose code is measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tito_bench.errors import SubjectError
from tito_bench.kinds import KINDS
from tito_bench.subjects import choose_subject, describe_exception
from tito_bench.subjects.missing import Missing


@pytest.fixture
def choose(monkeypatch):
    """`choose_subject`, its changes of the import state undone after the test."""
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    yield choose_subject
    for name in [name for name in sys.modules if name.split(".")[0] == "tinytorch"]:
        del sys.modules[name]


def test_numpy_imports_no_student_code(tmp_path, build_package, choose):
    build_package(tmp_path, replace={"__init__": "raise SystemExit"})
    subject, note = choose("numpy", tmp_path)
    assert (subject.name, subject.file, note) == ("numpy", None, None)


@pytest.mark.parametrize("choice", ["auto", "tinytorch"])
def test_a_package_that_works_is_taken(tmp_path, build_package, choose, choice):
    build_package(tmp_path)
    subject, note = choose(choice, str(tmp_path))
    assert (subject.name, note) == ("tinytorch", None)
    # All that the baseline uses is known before anything is measured.
    assert set(subject.files) == {"Tensor", "ReLU", "Linear"}


def test_an_explicit_package_is_taken(tmp_path, build_package, choose):
    build_package(tmp_path / "a")
    build_package(tmp_path / "b", modules=1)
    subject, _ = choose("auto", tmp_path / "a", str(tmp_path / "b"))
    assert subject.file == ".../tinytorch/core/tensor.py"
    assert set(subject.files) == {"Tensor"}


@pytest.mark.parametrize("choice", ["auto", "tinytorch"])
def test_nothing_is_measured_in_place_of_a_package_that_fails(
    tmp_path, build_package, choose, choice
):
    build_package(tmp_path, replace={"tensor": "def f(:\n"})
    reason = (
        "module 01 tensor: Tensor cannot be imported: "
        "tinytorch/core/tensor.py:1: SyntaxError: invalid syntax"
    )
    with pytest.raises(SubjectError) as caught:
        choose(choice, tmp_path)
    assert not isinstance(caught.value, Missing)
    assert str(caught.value) == reason
    assert "tinytorch" not in sys.modules


def test_auto_takes_numpy_where_tensor_is_still_to_come_and_says_why(
    tmp_path, build_package, choose
):
    (build_package(tmp_path) / "core" / "tensor.py").unlink()
    subject, note = choose("auto", tmp_path)
    assert subject.name == "numpy"
    assert note == "measuring numpy: module 01 tensor: Tensor not found"
    assert "tinytorch" not in sys.modules


def test_no_package_at_all(tmp_path, choose):
    subject, note = choose("auto", tmp_path)
    assert subject.name == "numpy"
    assert note.startswith("measuring numpy: no TinyTorch package: looked for tinytorch/")
    with pytest.raises(SubjectError, match="no TinyTorch package"):
        choose("tinytorch", tmp_path)


def test_an_explicit_package_that_is_not_there_is_never_replaced(tmp_path, choose):
    with pytest.raises(SubjectError, match="no such folder"):
        choose("auto", tmp_path, tmp_path / "gone")


def test_a_broken_module_beside_a_working_tensor_is_noted(tmp_path, build_package, choose):
    build_package(tmp_path, replace={"layers": "Tensor = Tenor\n"})
    subject, note = choose("auto", tmp_path)
    assert subject.name == "tinytorch"
    assert "tinytorch/core/layers.py:1: NameError: name 'Tenor' is not defined" in note


def test_describe_exception(tmp_path, build_package, choose):
    build_package(tmp_path)
    subject, _ = choose("tinytorch", tmp_path)
    tensor = subject.operation(KINDS["matmul"]).tensor
    with pytest.raises(ValueError, match="cannot multiply") as caught:
        subject.operation(KINDS["matmul"]).function(tensor([[1, 2]]), tensor([[1, 2]]))
    assert describe_exception(caught.value, subject).startswith("tinytorch/core/tensor.py:")
    assert describe_exception(SubjectError("as it is")) == "as it is"
    assert describe_exception(ValueError("a\nb")) == "ValueError: a b"


def test_a_folder_of_the_package_that_may_not_be_read_is_named(
    tmp_path, build_package, choose, monkeypatch
):
    folder = build_package(tmp_path, "E3", modules=["tensor"])
    look = Path.is_file

    def is_file(path):
        if path.parent == folder / "core":
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    with pytest.raises(SubjectError) as caught:
        choose("auto", tmp_path)
    assert str(caught.value) == (
        "cannot read tinytorch/core/autograd.py: Permission denied; check the permissions of the "
        "folder"
    )
