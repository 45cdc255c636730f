"""The subject `numpy`: what a student would write with NumPy alone."""

from __future__ import annotations

import math
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


def _cnn(weights: Arrays) -> Callable[[np.ndarray], Any]:
    w1, b1, w2, b2, w3, b3 = weights

    def forward(x: np.ndarray) -> Any:
        for w, b in ((w1, b1), (w2, b2)):
            # (n, c, h, w) with windows of (k, k), unfolded for one product.
            windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
            rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, w[0].size)
            n, height, width = windows.shape[0], windows.shape[2], windows.shape[3]
            found = np.maximum(rows @ w.reshape(len(w), -1).T + b, 0)
            found = found.reshape(n, height, width, len(w))[:, : height // 2 * 2, : width // 2 * 2]
            blocks = found.reshape(n, height // 2, 2, width // 2, 2, len(w))
            x = blocks.max(axis=(2, 4)).transpose(0, 3, 1, 2)
        return x.reshape(len(x), -1) @ w3 + b3

    return forward


def _transformer(weights: Arrays) -> Callable[[np.ndarray], Any]:
    g1, e1, wq, bq, wk, bk, wv, bv, wo, bo, g2, e2, w1, b1, w2, b2 = weights
    scale = np.float32(1 / math.sqrt(wq.shape[1]))
    bend = np.float32(math.sqrt(2 / math.pi))

    def norm(x: np.ndarray, gain: np.ndarray, shift: np.ndarray) -> Any:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        return centred / np.sqrt(variance + np.float32(1e-5)) * gain + shift

    def forward(x: np.ndarray) -> Any:
        normed = norm(x, g1, e1)
        q, k, v = normed @ wq + bq, normed @ wk + bk, normed @ wv + bv
        scores = q @ k.transpose(0, 2, 1) * scale
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        x = x + scores / scores.sum(axis=-1, keepdims=True) @ v @ wo + bo
        hidden = norm(x, g2, e2) @ w1 + b1
        cubic = hidden + np.float32(0.044715) * (hidden * hidden * hidden)
        return x + np.float32(0.5) * hidden * (1 + np.tanh(bend * cubic)) @ w2 + b2

    return forward


_MODELS: dict[str, Callable[[Arrays], Callable[..., object]]] = {
    "mlp": _mlp,
    "cnn": _cnn,
    "transformer": _transformer,
}
_FUNCTIONS: dict[str, Callable[..., object]] = {"add": _add, "mul": _mul, "matmul": _matmul}


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
        """Return the expression for `kind`. Raises KeyError on an unknown one."""
        model = _MODELS.get(kind)
        return NumpyOperation(model(weights) if model is not None else _FUNCTIONS[kind])
