"""Sums and products of two arrays of one shape, element by element."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.kinds.base import Kind
from tito_bench.kinds.sizes import Form
from tito_bench.subjects.models import StudentModel
from tito_bench.workloads.oracle import EPSILON

if TYPE_CHECKING:
    from tito_bench._native import Call, Kernels
    from tito_bench.subjects.operation import Arrays
    from tito_bench.subjects.package import Package
    from tito_bench.workloads.operation import Operation

__all__ = ["KINDS"]


class _Elementwise(Kind):
    form = Form(("rc", "rc"), "rc", {"r": "row", "c": "column"}, ("rc",))
    flops_formula = "one for each element"
    multiplies = False
    mostly_reads_inputs = True

    def flops(self, operation: Operation) -> int:
        return math.prod(operation.inputs[0])

    def tolerance(self, inputs: Arrays, weights: Arrays, expected: np.ndarray) -> float:
        """Allow one rounding on each side; operands are below 1, so that results are below 2."""
        return 2 * EPSILON


class Add(_Elementwise):
    """a + b."""

    name = "add"
    student_methods = ("Tensor.__add__",)

    def bind(self, kernels: Kernels, inputs: Arrays, weights: Arrays, out: np.ndarray) -> Call:
        a, b = inputs
        return kernels.add(a, b, out)

    def numpy(self, weights: Arrays) -> Callable[..., object]:
        return _add

    def tinytorch(self, package: Package, weights: Arrays) -> StudentModel:
        return StudentModel((), operator.add, "Tensor + Tensor", ((2, 3),) * 2, _add_tensors)


class Mul(_Elementwise):
    """a * b."""

    name = "mul"
    student_methods = ("Tensor.__mul__",)

    def bind(self, kernels: Kernels, inputs: Arrays, weights: Arrays, out: np.ndarray) -> Call:
        a, b = inputs
        return kernels.mul(a, b, out)

    def numpy(self, weights: Arrays) -> Callable[..., object]:
        return _mul

    def tinytorch(self, package: Package, weights: Arrays) -> StudentModel:
        return StudentModel((), operator.mul, "Tensor * Tensor", ((2, 3),) * 2, _mul_tensors)


# `Any`: NumPy types the operators of an unparametrised ndarray so.


def _add(a: np.ndarray, b: np.ndarray) -> Any:
    return a + b


def _mul(a: np.ndarray, b: np.ndarray) -> Any:
    return a * b


# Nothing but the student's own operation happens in these: they are timed.


def _add_tensors(a: Any, b: Any) -> object:
    data: object = (a + b).data
    return data


def _mul_tensors(a: Any, b: Any) -> object:
    data: object = (a * b).data
    return data


KINDS = (Add(), Mul())
