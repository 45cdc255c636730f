"""The subject `numpy`: what a student would write with NumPy alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tito_bench.subjects.operation import Arrays

__all__ = ["NumpyOperation", "NumpySubject"]


# `Any`: NumPy types the operators of an unparametrised ndarray so.


def _add(a: np.ndarray, b: np.ndarray) -> Any:
    return a + b


def _mul(a: np.ndarray, b: np.ndarray) -> Any:
    return a * b


def _matmul(a: np.ndarray, b: np.ndarray) -> Any:
    return a @ b


def _mlp(weights: Arrays) -> Callable[[np.ndarray], Any]:
    w1, b1, w2, b2 = weights

    def forward(x: np.ndarray) -> Any:
        hidden = np.maximum(x @ w1 + b1, 0)
        return hidden @ w2 + b2

    return forward


@dataclass(frozen=True)
class NumpyOperation:
    """One NumPy expression; its arguments are the arrays themselves."""

    function: Callable[..., object]
    variant: str = ""

    def arguments(self, inputs: Arrays) -> tuple[object, ...]:
        """The arrays as they are."""
        return inputs

    def inputs(self, arguments: tuple[object, ...]) -> Arrays:
        """The arguments are the arrays."""
        return tuple(array for array in arguments if isinstance(array, np.ndarray))


class NumpySubject:
    """Plain NumPy expressions, one array call each where NumPy has one."""

    name = "numpy"
    version: str | None = np.__version__
    file: str | None = None
    fingerprint: str | None = None

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def operation(self, kind: str, weights: Arrays = ()) -> NumpyOperation:
        """The expression for `kind`. Raises KeyError on an unknown one."""
        functions: dict[str, Callable[..., object]] = {
            "add": _add,
            "mul": _mul,
            "matmul": _matmul,
        }
        return NumpyOperation(_mlp(weights) if kind == "mlp" else functions[kind])
