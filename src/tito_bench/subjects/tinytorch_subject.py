"""The subject `tinytorch`: the student's own Tensor, Linear and ReLU."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.errors import TitoBenchError
from tito_bench.subjects.missing import Missing, StudentCodeError
from tito_bench.subjects.models import try_out
from tito_bench.subjects.parameters import bare_parameters
from tito_bench.subjects.stubs import unwritten_behind
from tito_bench.subjects.student_code import require_array, require_input, student_code
from tito_bench.subjects.student_errors import describe_fault, is_our_own

if TYPE_CHECKING:
    from collections.abc import Callable

    from tito_bench.subjects.operation import Arrays, SubjectKind
    from tito_bench.subjects.package import Package

__all__ = ["BASELINE_NAMES", "TensorOperation", "TinyTorchSubject"]

BASELINE_NAMES = ("Tensor", "ReLU", "Linear")
"""What the operations of the baseline are made of."""


@dataclass(frozen=True, slots=True)
class TensorOperation:
    """One operation on the student's Tensors."""

    function: Callable[..., object]
    tensor: Callable[[np.ndarray], object]
    variant: str = ""
    layers: tuple[Any, ...] = ()
    """Those of a model, in which its parameters are."""

    def arguments(self, inputs: Arrays) -> tuple[object, ...]:
        """Wrap each array into a Tensor, which usually copies it."""
        return tuple(self.tensor(values) for values in inputs)

    def inputs(self, arguments: tuple[object, ...]) -> Arrays:
        """Return each Tensor's `.data`."""
        return tuple(require_input(argument, "Tensor") for argument in arguments)


class TinyTorchSubject:
    """The student's package, measured through its public names."""

    name = "tinytorch"

    def __init__(self, package: Package) -> None:
        """Measure what `package` has; nothing is imported yet."""
        self._package = package

    @property
    def package(self) -> Package:
        """Return the package whose names are measured."""
        return self._package

    @property
    def version(self) -> str | None:
        """Return the version the package states, if it states one."""
        return self._package.version

    @property
    def file(self) -> str | None:
        """Return the display path of the file that defines Tensor, None without one."""
        found = self._package.find("Tensor")
        return None if isinstance(found, Missing) else self._package.display(found.file)

    @property
    def files(self) -> dict[str, str]:
        """Return name -> display path for every name used so far."""
        return self._package.files

    @property
    def fingerprint(self) -> str | None:
        """Return a short digest of the sources of all modules of the package imported so far."""
        return self._package.fingerprint()

    def describe(self, error: BaseException) -> str:
        """Return one line for what was raised while student code ran."""
        if isinstance(error, TitoBenchError) and is_our_own(error):
            return str(error)
        location = self._package.location
        return describe_fault(error, location.folder, location.root)

    def check_tensor(self) -> None:
        """Add a small Tensor to itself; where that is still to be written there is nothing to see.

        Raises:
            Missing: there is no Tensor, or its module cannot be imported.
            StudentCodeError: it raised, or the sum is wrong.
        """
        self._package.require("Tensor")
        try:
            self._add_up()
        except StudentCodeError as error:
            folder = self._package.location.folder
            if unwritten_behind(error, self._add_up, folder) is None:
                raise
        except Missing as missing:
            if not missing.unwritten:
                raise

    def _add_up(self) -> None:
        tensor: Any = self._package.require("Tensor")
        with student_code(self._package.location):
            small = tensor([[1, 2], [3, 4]])
            total = require_array(small + small, "Tensor + Tensor")
            right = np.array_equal(total, [[2, 4], [6, 8]])
        if not right:
            shown = np.array2string(total, separator=", ", threshold=8).replace("\n", "")
            raise StudentCodeError(f"Tensor([[1, 2], [3, 4]]) added to itself gives {shown}")

    def operation(self, kind: SubjectKind, weights: Arrays = ()) -> TensorOperation:
        """Build one operation; see `subjects.operation.Subject`."""
        try:
            return self._build(kind, weights)
        except StudentCodeError as error:
            folder = self._package.location.folder
            missing = unwritten_behind(error, lambda: self._build(kind, weights), folder)
            if missing is None:
                raise
            raise missing from error

    def _build(self, kind: SubjectKind, weights: Arrays) -> TensorOperation:
        tensor: Any = self._package.require("Tensor")
        model = kind.tinytorch(self._package, weights)
        for layer in model.layers:
            for error in bare_parameters(layer):
                file = inspect.getfile(type(layer))
                self._package.remark(f"{self._package.display(file)}: {error}")
        try_out(self._package, model.forward, model.expression, model.input_shapes)
        return TensorOperation(model.timed, tensor, model.variant, model.layers)
