"""NumPy references: a training step, and a transformer block in float64.

The training step is the reference of the student's autograd: plain gradient
descent on the mean cross-entropy of a two-layer network, written with as few
array calls as NumPy allows. The block is the oracle for forms of GELU that
the native kernel does not compute.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

__all__ = ["BLENDED", "GELU_FORMS", "mlp_logits", "mlp_step", "transformer_block"]

Weights = tuple[np.ndarray, ...]
_exp, _tanh, _arange, _maximum = np.exp, np.tanh, np.arange, np.maximum
_erf = np.frompyfunc(math.erf, 1, 1)


def _gelu_tanh(x: np.ndarray) -> np.ndarray:
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return np.asarray(0.5 * x * (1 + _tanh(inner)))


def _gelu_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / (1 + _exp(-1.702 * x)))


def _gelu_exact(x: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * x * (1 + np.asarray(_erf(x / math.sqrt(2)), dtype=np.float64)))


BLENDED = " blended"
GELU_FORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": _gelu_tanh,
    "exact": _gelu_exact,
    "sigmoid": _gelu_sigmoid,
}
"""The three forms of Hendrycks and Gimpel, arXiv:1606.08415, section 2. All of them are right."""


def mlp_logits(weights: Weights, images: np.ndarray) -> np.ndarray:
    """Compute ``relu(images @ w1 + b1) @ w2 + b2`` with images (n, in)."""
    w1, b1, w2, b2 = weights
    return np.asarray(_maximum(images @ w1 + b1, 0) @ w2 + b2)


def mlp_step(weights: Weights, images: np.ndarray, labels: np.ndarray, rate: float) -> float:
    """Take one step of gradient descent, in place; return the loss before it.

    `images` (n, in) float32, `labels` (n,) int64.
    """
    w1, b1, w2, b2 = weights
    hidden = images @ w1
    hidden += b1
    _maximum(hidden, 0, out=hidden)
    logits = hidden @ w2
    logits += b2
    logits -= logits.max(axis=1, keepdims=True)
    rows = _arange(len(labels))
    wanted = logits[rows, labels]
    g = _exp(logits)
    total = g.sum(axis=1, keepdims=True)
    loss = float((np.log(total[:, 0]) - wanted).mean())
    g /= total
    g[rows, labels] -= 1
    g *= np.float32(1 / len(labels))
    back = g @ w2.T
    back *= hidden > 0
    step = np.float32(rate)
    w2 -= step * (hidden.T @ g)
    b2 -= step * g.sum(axis=0)
    w1 -= step * (images.T @ back)
    b1 -= step * back.sum(axis=0)
    return loss


def transformer_block(weights: Weights, x: np.ndarray, variant: str) -> np.ndarray:
    """Compute a pre-norm block with one head, in float64: x (n, t, d).

    `variant` is the form of GELU, and BLENDED after it where the attention takes a
    straight path to 1e-4, as the course's did in autumn 2025: gradients are to reach
    q, k and v by it, ``attended = 0.9999 * attended + 0.0001 * (q + k + v) / 3``.

    ``h = x + attention(norm(x)); out = h + mlp(norm(h))`` (Xiong et al.,
    arXiv:2002.04745, figure 1b). The weights are those of `workloads.capstone`.
    """
    gelu = variant.removesuffix(BLENDED)
    straight = 1e-4 if variant.endswith(BLENDED) else 0.0
    values = [array.astype(np.float64) for array in weights]
    g1, e1, wq, bq, wk, bk, wv, bv, wo, bo, g2, e2, w1, b1, w2, b2 = values
    x = x.astype(np.float64)
    normed = _layer_norm(x, g1, e1)
    q, k, v = normed @ wq + bq, normed @ wk + bk, normed @ wv + bv
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
    scores = _exp(scores - scores.max(axis=-1, keepdims=True))
    attended = (scores / scores.sum(axis=-1, keepdims=True)) @ v
    attended = (1 - straight) * attended + straight * (q + k + v) / 3
    x = x + attended @ wo + bo
    hidden = GELU_FORMS[gelu](_layer_norm(x, g2, e2) @ w1 + b1)
    return np.asarray(x + hidden @ w2 + b2, dtype=np.float32)


def _layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + 1e-5) * gamma + beta)
