"""The subject `numpy`: what a student would write with NumPy alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tito_bench.subjects.operation import Arrays, SubjectKind

__all__ = ["NumpyOperation", "NumpySubject"]


@dataclass(frozen=True)
class NumpyOperation:
    """One NumPy expression; its arguments are the arrays themselves."""

    function: Callable[..., object]
    variant: str = ""

    def arguments(self, inputs: Arrays) -> tuple[object, ...]:
        """Return the arrays as they are."""
        return inputs

    def inputs(self, arguments: tuple[object, ...]) -> Arrays:
        """Return the arguments: they are the arrays."""
        return tuple(array for array in arguments if isinstance(array, np.ndarray))


class NumpySubject:
    """Plain NumPy expressions, one array call each where NumPy has one."""

    name = "numpy"
    version: str | None = np.__version__
    file: str | None = None
    fingerprint: str | None = None

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def operation(self, kind: SubjectKind, weights: Arrays = ()) -> NumpyOperation:
        """Return the expression for `kind`."""
        return NumpyOperation(kind.numpy(weights))
