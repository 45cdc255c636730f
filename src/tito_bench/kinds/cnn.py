"""Convolution, ReLU and pooling twice, then a linear layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench import _native
from tito_bench.kinds.base import Kind
from tito_bench.kinds.mlp import Mlp
from tito_bench.kinds.sizes import Form
from tito_bench.score import CONVOLUTION_FLOPS_PER_CALL
from tito_bench.subjects.models import StudentModel, filled, flatten_of, required
from tito_bench.subjects.student_code import as_function, student_code
from tito_bench.workloads.oracle import deep_error

if TYPE_CHECKING:
    from tito_bench._native import Call, Kernels
    from tito_bench.subjects.operation import Arrays
    from tito_bench.subjects.package import Package
    from tito_bench.workloads.operation import Operation

__all__ = ["KINDS"]

_KERNEL, _WINDOW = 3, 2
_IMAGE = (2, 1, 28, 28)


class Cnn(Kind):
    """x (b, c, s, s); two filters (out, in, 3, 3) with their biases, (p, o) with its bias."""

    name = "cnn"
    student_methods = (
        *("Conv2d.forward", "Conv2d.__call__", "MaxPool2d.forward", "MaxPool2d.__call__"),
        *Mlp.student_methods,
    )
    # Image c x s x s; u and v are the sides after convolution and pooling, p the features.
    form = Form(
        ("bcss",),
        "bo",
        {
            "b": "image of the batch",
            "f": "filter of the first convolution",
            "g": "filter of the second convolution",
        },
        ("fuu", "fuu"),
        weights=("fckk", "f", "gfkk", "g", "po", "o"),
        between=("buuckk", "bfuu", "bfvv", "bwwfkk", "bgww", "bp"),
        bound={
            "u": lambda of: of["s"] - of["k"] + 1,
            "v": lambda of: of["u"] // 2,
            "w": lambda of: of["v"] - of["k"] + 1,
            "p": lambda of: of["g"] * (of["w"] // 2) ** 2,
        },
        has_smallest=False,
    )
    flops_per_call = CONVOLUTION_FLOPS_PER_CALL
    flops_formula = (
        "2 c 9 + 1 for each convolved element of c channels, 1 for its ReLU, 3 for each maximum "
        "of four, 2 k n + n for the last layer"
    )

    def flops(self, operation: Operation) -> int:
        images, channels, size, _ = operation.inputs[0]
        flops = 0
        for filters in (operation.weights[0][0], operation.weights[2][0]):
            size -= _KERNEL - 1
            convolved = images * filters * size * size
            size //= _WINDOW
            pooled = images * filters * size * size * (_WINDOW**2 - 1)
            flops += convolved * (2 * channels * _KERNEL**2 + 1) + convolved + pooled
            channels = filters
        features, classes = operation.weights[4]
        return flops + images * classes * (2 * features + 1)

    def bind(self, kernels: Kernels, inputs: Arrays, weights: Arrays, out: np.ndarray) -> Call:
        (x,), (w1, b1, w2, b2, w3, b3) = inputs, weights
        calls: list[Call] = []
        for w, b in ((w1, b1), (w2, b2)):
            size = x.shape[2] - _KERNEL + 1
            # Written once: a page that was never written reads falsely fast.
            convolved = np.full((len(x), len(w), size, size), np.nan, dtype=np.float32)
            pooled = np.full((len(x), len(w), *[size // _WINDOW] * 2), np.nan, dtype=np.float32)
            calls += [
                kernels.conv2d(x, w, b, convolved),
                kernels.relu(convolved, convolved),
                kernels.maxpool2d(convolved, pooled, _WINDOW),
            ]
            x = pooled
        calls.append(kernels.linear(x.reshape(len(x), -1), w3, b3, out))
        return _native.chain(calls)

    def tolerance(self, inputs: Arrays, weights: Arrays, expected: np.ndarray) -> float:
        w1, _, w2, _, w3, _ = weights
        sums = math.prod(w1.shape[1:]), math.prod(w2.shape[1:]), w3.shape[0]
        return deep_error(sums, expected)

    def numpy(self, weights: Arrays) -> Callable[..., object]:
        w1, b1, w2, b2, w3, b3 = weights

        def forward(x: np.ndarray) -> Any:
            for w, b in ((w1, b1), (w2, b2)):
                # (n, c, h, w) with windows of (k, k), unfolded for one product.
                windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
                rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, w[0].size)
                n, height, width = windows.shape[0], windows.shape[2], windows.shape[3]
                found = np.maximum(rows @ w.reshape(len(w), -1).T + b, 0)
                found = found.reshape(n, height, width, len(w))
                found = found[:, : height // 2 * 2, : width // 2 * 2]
                blocks = found.reshape(n, height // 2, 2, width // 2, 2, len(w))
                x = blocks.max(axis=(2, 4)).transpose(0, 3, 1, 2)
            return x.reshape(len(x), -1) @ w3 + b3

        return forward

    def tinytorch(self, package: Package, weights: Arrays) -> StudentModel:
        w1, b1, w2, b2, w3, b3 = weights
        # The latest module first: it is the one to be named where several are missing.
        names = "Conv2d", "MaxPool2d", "Linear", "ReLU", "Tensor"
        conv, pool_class, linear, relu_class, tensor = required(package, *names)
        with student_code(package.location):
            layers = (
                filled(package, conv(w1.shape[1], w1.shape[0], 3), w1, b1, tensor),
                *(relu_class(), pool_class(2)),
                filled(package, conv(w2.shape[1], w2.shape[0], 3), w2, b2, tensor),
                *(relu_class(), pool_class(2)),
                filled(package, linear(*w3.shape), w3, b3, tensor),
            )
            conv1, relu1, pool1, conv2, relu2, pool2, last = map(as_function, layers)
            flatten = flatten_of(tensor, w3.shape[0])

        def forward(x: Any) -> Any:
            x = pool1(relu1(conv1(x)))
            x = pool2(relu2(conv2(x)))
            return last(flatten(x))

        expression = "Linear(MaxPool2d(ReLU(Conv2d(...))))"
        return StudentModel.of_layers(layers, forward, expression, _IMAGE)


KINDS = (Cnn(),)
