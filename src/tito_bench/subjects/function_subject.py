"""A single function of the student's, called with the inputs of an operation."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.subjects.numpy_subject import NumpyOperation
from tito_bench.subjects.sent_code import SHOWN_AS
from tito_bench.subjects.student_code import student_code
from tito_bench.subjects.student_errors import describe_fault
from tito_bench.subjects.tinytorch_subject import TensorOperation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tito_bench.subjects.operation import Arrays, SubjectKind, SubjectOperation
    from tito_bench.subjects.package import Package

__all__ = ["FunctionSubject"]


class FunctionSubject:
    """A function of the inputs, and after them the parameters, of a kind of operation.

    It gets Tensors where its module knows a class of that name, which it then must return,
    and NumPy arrays elsewhere.
    """

    name = "function"
    version: str | None = None
    file: str | None = SHOWN_AS
    fingerprint: str | None = None

    def __init__(self, function: Callable[..., Any], module: ModuleType, package: Package) -> None:
        """Measure `function` of `module`, which may use `package`."""
        self._function = function
        self._location = package.location
        tensor = vars(module).get("Tensor")
        self._tensor: Callable[..., Any] | None = tensor if inspect.isclass(tensor) else None
        self.files = {function.__name__: SHOWN_AS}

    def describe(self, error: BaseException) -> str:
        """Return one line for what was raised while the function ran."""
        return describe_fault(error, self._location.folder, self._location.root)

    def operation(self, kind: SubjectKind, weights: Arrays = ()) -> SubjectOperation:
        """Return the function, with its parameters bound; see `subjects.operation.Subject`."""
        del kind  # it is the caller who says what the function computes
        function, tensor = self._function, self._tensor
        if tensor is None:
            if not weights:
                return NumpyOperation(function)
            return NumpyOperation(lambda *inputs: function(*inputs, *weights))
        with student_code(self._location):
            bound = tuple(tensor(np.copy(array)) for array in weights)

        def timed(*inputs: Any) -> object:
            data: object = function(*inputs, *bound).data
            return data

        return TensorOperation(timed, tensor)
