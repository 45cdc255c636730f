"""Two linear layers with a ReLU between."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.kinds.base import Kind
from tito_bench.kinds.matmul import Matmul
from tito_bench.kinds.sizes import Form
from tito_bench.subjects.models import StudentModel, filled, required
from tito_bench.subjects.student_code import as_function, student_code
from tito_bench.workloads.oracle import inner_product_error, mean_size

if TYPE_CHECKING:
    from tito_bench._native import Call, Kernels
    from tito_bench.subjects.operation import Arrays
    from tito_bench.subjects.package import Package
    from tito_bench.workloads.operation import Operation

__all__ = ["KINDS"]


class Mlp(Kind):
    """``relu(x @ w1 + b1) @ w2 + b2`` for a batch x (b, f)."""

    name = "mlp"
    student_methods = ("Linear.forward", "Linear.__call__", *Matmul.student_methods)
    form = Form(
        ("bf",),
        "bo",
        {"b": "input of the batch", "f": "feature", "h": "hidden unit", "o": "output"},
        ("h", "h"),
        weights=("fh", "h", "ho", "o"),
        between=("bh",),
        product=("b", "f", "h"),
    )
    flops_formula = "2 m h (k + n) for the products, m (2 h + n) for biases and ReLU"
    packs = True

    def flops(self, operation: Operation) -> int:
        (m, k), (_, hidden), (_, n) = (
            operation.inputs[0],
            operation.weights[0],
            operation.weights[2],
        )
        return 2 * m * hidden * (k + n) + m * (2 * hidden + n)

    def bind(self, kernels: Kernels, inputs: Arrays, weights: Arrays, out: np.ndarray) -> Call:
        (x,), (w1, b1, w2, b2) = inputs, weights
        return kernels.mlp(x, w1, b1, w2, b2, out)

    def tolerance(self, inputs: Arrays, weights: Arrays, expected: np.ndarray) -> float:
        (x,), (w1, _, w2, _) = inputs, weights
        hidden_error = inner_product_error(w1.shape[0], mean_size(x), mean_size(w1))
        # Hidden values are sums of w1.shape[0] terms of random sign.
        hidden_mean = math.sqrt(w1.shape[0]) * mean_size(x) * mean_size(w1) + 0.5
        carried: float = hidden_error * w2.shape[0] * mean_size(w2)
        return carried + inner_product_error(w2.shape[0], hidden_mean, mean_size(w2))

    def numpy(self, weights: Arrays) -> Callable[..., object]:
        w1, b1, w2, b2 = weights

        def forward(x: np.ndarray) -> Any:
            hidden = np.maximum(x @ w1 + b1, 0)
            return hidden @ w2 + b2

        return forward

    def tinytorch(self, package: Package, weights: Arrays) -> StudentModel:
        w1, b1, w2, b2 = weights
        linear, relu_class, tensor = required(package, "Linear", "ReLU", "Tensor")
        with student_code(package.location):
            layers = (
                filled(package, linear(*w1.shape), w1, b1, tensor),
                relu_class(),
                filled(package, linear(*w2.shape), w2, b2, tensor),
            )
            first, relu, second = map(as_function, layers)

        def forward(x: Any) -> Any:
            return second(relu(first(x)))

        shape = 2, w1.shape[0]
        return StudentModel.of_layers(layers, forward, "Linear(ReLU(Linear(x)))", shape)


KINDS = (Mlp(),)
