"""The native references of the deeper models: chains of kernels over arrays of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench import _native

if TYPE_CHECKING:
    from tito_bench._native import Call, Kernels

__all__ = ["bind_cnn", "bind_transformer"]

# `Any`: before Python 3.12 no type says that an ndarray is a buffer.
Array = Any

_KERNEL, _WINDOW = 3, 2


def bind_cnn(kernels: Kernels, x: Array, *rest: Array) -> Call:
    """Convolution, relu and pooling twice, then a linear layer.

    x (n, channels, size, size); two filters (out, in, 3, 3) with their biases,
    a matrix (features, classes) with its bias; out (n, classes).
    """
    w1, b1, w2, b2, w3, b3, out = rest
    calls: list[Call] = []
    for w, b in ((w1, b1), (w2, b2)):
        size = x.shape[2] - _KERNEL + 1
        convolved = _empty(len(x), len(w), size, size)
        pooled = _empty(len(x), len(w), size // _WINDOW, size // _WINDOW)
        calls += [
            kernels.conv2d(x, w, b, convolved),
            kernels.relu(convolved, convolved),
            kernels.maxpool2d(convolved, pooled, _WINDOW),
        ]
        x = pooled
    calls.append(kernels.linear(x.reshape(len(x), -1), w3, b3, out))
    return _native.chain(calls)


def bind_transformer(kernels: Kernels, x: Array, *rest: Array) -> Call:
    """A pre-norm block with one head and the tanh form of GELU.

    x and out (n, t, d); the weights are those of `workloads.capstone`.
    """
    g1, e1, wq, bq, wk, bk, wv, bv, wo, bo, g2, e2, w1, b1, w2, b2, out = rest
    rows = x.reshape(-1, x.shape[2])
    normed, q, k, v, mixed, projected = (_empty(*rows.shape) for _ in range(6))
    hidden = _empty(len(rows), w1.shape[1])
    result = out.reshape(rows.shape)
    length = x.shape[1]
    parts = [slice(start, start + length) for start in range(0, len(rows), length)]
    return _native.chain(
        [
            kernels.layernorm(rows, g1, e1, normed),
            kernels.linear(normed, wq, bq, q),
            kernels.linear(normed, wk, bk, k),
            kernels.linear(normed, wv, bv, v),
            *(kernels.attention(q[part], k[part], v[part], mixed[part]) for part in parts),
            kernels.linear(mixed, wo, bo, projected),
            kernels.add(projected, rows, projected),
            kernels.layernorm(projected, g2, e2, normed),
            kernels.linear(normed, w1, b1, hidden),
            kernels.gelu(hidden, hidden),
            kernels.linear(hidden, w2, b2, result),
            kernels.add(result, projected, result),
        ]
    )


def _empty(*shape: int) -> Array:
    """Written once: a page that was never written reads falsely fast."""
    return np.zeros(shape, dtype=np.float32) + np.float32(0)
