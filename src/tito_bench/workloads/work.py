"""What an operation is by its definition: how much arithmetic, and bytes that must move."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tito_bench.workloads.operation import Operation

__all__ = ["BYTES_FORMULA", "OperationWork", "work_of"]

BYTES_FORMULA = "4 bytes x (elements of the inputs, the parameters and the result)"
"""Every input and parameter is read once, the result is written once."""

_KERNEL, _WINDOW = 3, 2
_MOSTLY = 0.1
_LAYERNORM, _GELU, _SOFTMAX = 7, 8, 4  # per element; GELU with its tanh as one


@dataclass(frozen=True)
class OperationWork:
    """One call of an operation.

    `flops` counts a multiply-add as two; `formula` says how, for people.
    `bytes` is the least that must move, whatever computes it, so that
    `intensity` belongs to the definition and not to an implementation.
    """

    flops: int
    bytes: int
    bytes_written: int
    formula: str

    @property
    def intensity(self) -> float:
        """FLOP per byte."""
        return self.flops / self.bytes

    @property
    def mostly_reads(self) -> bool:
        """Whether it writes so much less than one byte of three that a triad is no model of it."""
        return self.bytes_written < _MOSTLY * self.bytes


def work_of(operation: Operation) -> OperationWork:
    """The footprint of one call. Raises KeyError on a kind that has no formula."""
    flops, result, formula = _FORMULAS[operation.kind](operation)
    shapes = (*operation.inputs, *operation.weights)
    return OperationWork(flops, 4 * (sum(map(math.prod, shapes)) + result), 4 * result, formula)


def _elementwise(operation: Operation) -> tuple[int, int, str]:
    count = math.prod(operation.inputs[0])
    return count, count, "one for each element"


def _matmul(operation: Operation) -> tuple[int, int, str]:
    (m, k), (_, n) = operation.inputs
    return 2 * m * k * n, m * n, "2 m k n for (m, k) times (k, n)"


def _mlp(operation: Operation) -> tuple[int, int, str]:
    (m, k), (_, hidden), (_, n) = operation.inputs[0], operation.weights[0], operation.weights[2]
    flops = 2 * m * hidden * (k + n) + m * (2 * hidden + n)
    return flops, m * n, "2 m h (k + n) for the products, m (2 h + n) for biases and ReLU"


def _cnn(operation: Operation) -> tuple[int, int, str]:
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
    flops += images * classes * (2 * features + 1)
    formula = (
        "2 c 9 + 1 for each convolved element of c channels, 1 for its ReLU, 3 for each maximum "
        "of four, 2 k n + n for the last layer"
    )
    return flops, images * classes, formula


def _transformer(operation: Operation) -> tuple[int, int, str]:
    sequences, length, width = operation.inputs[0]
    hidden = operation.weights[12][1]
    rows = sequences * length
    linear = 4 * rows * width * (2 * width + 1)  # query, key, value and output
    linear += rows * hidden * (2 * width + 1) + rows * width * (2 * hidden + 1)
    attention = sequences * length * length * (4 * width + _SOFTMAX)
    others = rows * width * (2 * _LAYERNORM + 2) + rows * hidden * _GELU
    formula = (
        "2 k n + n for each row of six linear layers, 4 t d + 4 t for each query, 7 d for each "
        "norm, 8 for each GELU, d for each sum"
    )
    return linear + attention + others, rows * width, formula


_FORMULAS = {
    "add": _elementwise,
    "mul": _elementwise,
    "matmul": _matmul,
    "mlp": _mlp,
    "cnn": _cnn,
    "transformer": _transformer,
}
