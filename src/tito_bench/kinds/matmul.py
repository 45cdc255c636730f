"""The product of two matrices."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.kinds.base import Kind
from tito_bench.kinds.sizes import Form
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.models import StudentModel, try_out
from tito_bench.workloads.oracle import inner_product_error, mean_size

if TYPE_CHECKING:
    from tito_bench._native import Call, Kernels
    from tito_bench.subjects.operation import Arrays
    from tito_bench.subjects.package import Package
    from tito_bench.workloads.operation import Operation

__all__ = ["KINDS"]

_SHAPES = (2, 3), (3, 2)


class Matmul(Kind):
    """a (m, k) times b (k, n)."""

    name = "matmul"
    student_methods = ("Tensor.matmul", "Tensor.__matmul__")
    form = Form(
        ("mk", "kn"),
        "mn",
        {"m": "row of the first matrix", "n": "column of the second matrix", "k": "term of a sum"},
        ("mn",),
        product=("m", "k", "n"),
    )
    flops_formula = "2 m k n for (m, k) times (k, n)"
    packs = True

    def flops(self, operation: Operation) -> int:
        (m, k), (_, n) = operation.inputs
        return 2 * m * k * n

    def bind(self, kernels: Kernels, inputs: Arrays, weights: Arrays, out: np.ndarray) -> Call:
        a, b = inputs
        return kernels.sgemm(a, b, out)

    def tolerance(self, inputs: Arrays, weights: Arrays, expected: np.ndarray) -> float:
        a, b = inputs
        return inner_product_error(a.shape[1], mean_size(a), mean_size(b))

    def numpy(self, weights: Arrays) -> Callable[..., object]:
        return _matmul

    def tinytorch(self, package: Package, weights: Arrays) -> StudentModel:
        """Return ``a @ b``, or ``a.matmul(b)`` where only that works."""
        method = "Tensor.matmul(Tensor)"
        try:
            try_out(package, operator.matmul, "Tensor @ Tensor", _SHAPES)
        except StudentCodeError as failed:
            try:
                try_out(package, _call_method, method, _SHAPES)
            except StudentCodeError:
                raise failed from None
            return StudentModel((), _call_method, method, _SHAPES, _matmul_method)
        return StudentModel((), operator.matmul, "Tensor @ Tensor", _SHAPES, _matmul_operator)


def _matmul(a: np.ndarray, b: np.ndarray) -> Any:
    return a @ b


def _call_method(a: Any, b: Any) -> Any:
    return a.matmul(b)


# Nothing but the student's own operation happens in these: they are timed.


def _matmul_operator(a: Any, b: Any) -> object:
    data: object = (a @ b).data
    return data


def _matmul_method(a: Any, b: Any) -> object:
    data: object = a.matmul(b).data
    return data


KINDS = (Matmul(),)
