"""What counts as a Tensor."""

from __future__ import annotations

import numpy as np
import pytest

from tito_bench.errors import WorkerError
from tito_bench.subjects.discovery import PackageLocation
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.student_code import (
    as_function,
    require_array,
    require_input,
    student_code,
)


class Holder:
    """A Tensor, Parameter or layer: anything with attributes."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


def frozen(array):
    array.flags.writeable = False
    return array


class Subclass(np.ndarray):
    pass


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (None, "a + b is a NoneType without .data, a Tensor is needed"),
        (np.ones(2), "a + b is a numpy.ndarray, a Tensor is needed"),
        (
            np.ones(2).view(Subclass),
            "a + b is a Subclass, a class with its array in .data is needed",
        ),
        (Holder(data=[1, 2]), "a + b: .data is a list, a numpy.ndarray is needed"),
        (Holder(data=memoryview(b"1")), "a + b: .data is a memoryview, a numpy.ndarray is needed"),
        (
            Holder(data=np.ones(2).view(Subclass)),
            "a + b: .data is a Subclass, a numpy.ndarray is needed",
        ),
    ],
)
def test_what_is_no_tensor_is_said(result, line):
    with pytest.raises(StudentCodeError) as caught:
        require_array(result, "a + b")
    assert str(caught.value) == line


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_input_is_the_array_the_tensor_holds(dtype):
    array = np.zeros((2, 3), dtype=dtype)
    assert require_input(Holder(data=array), "Tensor") is array


@pytest.mark.parametrize(
    ("array", "line"),
    [
        (np.zeros((2, 3), dtype=np.int64), "Tensor: .data has dtype int64, float32 is needed"),
        (np.zeros((3, 2), dtype=np.float32).T, "Tensor: .data is not a C-contiguous, writable"),
        (frozen(np.zeros(3, dtype=np.float32)), "Tensor: .data is not a C-contiguous, writable"),
    ],
)
def test_an_input_that_cannot_be_refilled_is_said(array, line):
    with pytest.raises(StudentCodeError) as caught:
        require_input(Holder(data=array), "Tensor")
    assert str(caught.value).startswith(line)


def test_an_input_that_is_a_copy_at_every_look_is_said():
    class Copying:
        data = property(lambda self: np.zeros(3, dtype=np.float32))

    with pytest.raises(StudentCodeError, match=r"^Tensor: \.data is a new copy at every look"):
        require_input(Copying(), "Tensor")


def test_a_layer_without_call_is_called_by_forward():
    class Only:
        def forward(self, x):
            return x + 1

    assert as_function(Only())(1) == 2
    assert as_function(len)("ab") == 2


def test_our_own_errors_pass_through(tmp_path):
    location = PackageLocation(tmp_path / "tinytorch", tmp_path, "project")
    with pytest.raises(StudentCodeError, match=r"x: \.data has dtype"), student_code(location):
        require_input(Holder(data=np.array([1])), "x")


def test_an_error_of_ours_that_other_code_raises_is_that_codes_fault(tmp_path):
    location = PackageLocation(tmp_path / "tinytorch", tmp_path, "project")
    with pytest.raises(StudentCodeError, match=r"^WorkerError: stopped$"), student_code(location):
        raise WorkerError("stopped")


def test_an_interrupt_is_the_codes_own(tmp_path):
    location = PackageLocation(tmp_path / "tinytorch", tmp_path, "project")
    with pytest.raises(StudentCodeError, match=r"^KeyboardInterrupt$"), student_code(location):
        raise KeyboardInterrupt


def test_even_an_exit_becomes_one_line(tmp_path):
    location = PackageLocation(tmp_path / "tinytorch", tmp_path, "project")
    with (
        pytest.raises(StudentCodeError, match=r"^the code called exit\(1\)$"),
        student_code(location),
    ):
        raise SystemExit(1)
