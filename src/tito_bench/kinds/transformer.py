"""A pre-norm transformer block with one head."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench import _native
from tito_bench.kinds.base import WEIGHTS_SEED, Kind
from tito_bench.kinds.mlp import Mlp
from tito_bench.kinds.sizes import Form
from tito_bench.subjects.attention_variant import BLEND_REMARK, attention_variant
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.models import StudentModel, fill, required
from tito_bench.subjects.parameters import put_parameters
from tito_bench.subjects.student_code import as_function, require_array, student_code
from tito_bench.subjects.transformer_parts import new_block, parts_of
from tito_bench.workloads.inputs import make_weights
from tito_bench.workloads.oracle import deep_error
from tito_bench.workloads.reference import BLENDED, GELU_FORMS, transformer_block

if TYPE_CHECKING:
    from tito_bench._native import Call, Kernels
    from tito_bench.subjects.operation import Arrays
    from tito_bench.subjects.package import Package
    from tito_bench.workloads.operation import Operation

__all__ = ["KINDS"]

_SEQUENCE = 32
_GAINS = (0, 10)
_LAYERNORM, _GELU, _SOFTMAX = 7, 8, 4  # per element; GELU with its tanh as one
_GELU_ERROR = 1e-3
"""The forms of GELU lie 1e-4 to 2e-2 apart; float32 errs by 1e-7."""


class Transformer(Kind):
    """x (b, t, d); norm; query, key, value and output projections; norm; the MLP's two layers."""

    name = "transformer"
    student_methods = (
        *("TransformerBlock.forward", "TransformerBlock.__call__"),
        *Mlp.student_methods,
    )
    # t positions of width d; norm, four projections, norm, the two layers of the MLP.
    form = Form(
        ("btd",),
        "btd",
        {"b": "sequence of the batch", "t": "position", "d": "number of the width"},
        # What the residual connection keeps comes on top of GELU's input and output.
        ("th", "th", "td"),
        weights=("d", "d", *("dd", "d") * 4, "d", "d", "dh", "h", "hd", "d"),
        between=(*("btd",) * 7, "btt", "bth"),
        product=("bt", "d", "h"),
        bound={"h": lambda of: 4 * of["d"]},
    )
    flops_formula = (
        "2 k n + n for each row of six linear layers, 4 t d + 4 t for each query, 7 d for each "
        "norm, 8 for each GELU, d for each sum"
    )

    def flops(self, operation: Operation) -> int:
        sequences, length, width = operation.inputs[0]
        hidden = operation.weights[12][1]
        rows = sequences * length
        linear = 4 * rows * width * (2 * width + 1)  # query, key, value and output
        linear += rows * hidden * (2 * width + 1) + rows * width * (2 * hidden + 1)
        attention = sequences * length * length * (4 * width + _SOFTMAX)
        others = rows * width * (2 * _LAYERNORM + 2) + rows * hidden * _GELU
        return linear + attention + others

    def weights(self, operation: Operation) -> Arrays:
        """Return random matrices and biases: no task on the digits needs them trained.

        The gains of both norms are near 1, as they are in training.
        """
        weights = list(make_weights(operation.weights, WEIGHTS_SEED))
        for gain in _GAINS:
            weights[gain] = 1 + np.float32(0.2) * weights[gain]
        return tuple(weights)

    def bind(self, kernels: Kernels, inputs: Arrays, weights: Arrays, out: np.ndarray) -> Call:
        """Return a chain of kernels, with the tanh form of GELU."""
        (x,) = inputs
        g1, e1, wq, bq, wk, bk, wv, bv, wo, bo, g2, e2, w1, b1, w2, b2 = weights
        rows = x.reshape(-1, x.shape[2])
        # Written once: a page that was never written reads falsely fast.
        normed, q, k, v, mixed, projected = (np.full_like(rows, np.nan) for _ in range(6))
        hidden = np.full((len(rows), w1.shape[1]), np.nan, dtype=np.float32)
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

    def tolerance(self, inputs: Arrays, weights: Arrays, expected: np.ndarray) -> float:
        _, length, width = inputs[0].shape
        hidden = weights[12].shape[1]
        sums = *(width,) * 3, length, *(width,) * 3, hidden
        return deep_error(sums, expected)

    def recompute(
        self, variant: str, inputs: Arrays, weights: Arrays, expected: np.ndarray
    ) -> None:
        """Compute another form of GELU than the kernel's, or the course's blended attention."""
        if variant not in {"", "tanh"}:
            expected[...] = transformer_block(weights, inputs[0], variant)

    def numpy(self, weights: Arrays) -> Callable[..., object]:
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

    def tinytorch(self, package: Package, weights: Arrays) -> StudentModel:
        g1, e1, wq, bq, wk, bk, wv, bv, wo, bo, g2, e2, w1, b1, w2, b2 = weights
        block_class, gelu, tensor = required(package, "TransformerBlock", "GELU", "Tensor")
        width, hidden = w1.shape
        with student_code(package.location):
            block = new_block(block_class, width, hidden)
            parts = parts_of(block, width, hidden)
            projections = [(wq, bq), (wk, bk), (wv, bv)]
            if len(parts.inputs) == 1:
                projections = [(np.hstack((wq, wk, wv)), np.hstack((bq, bk, bv)))]
            for layer, (w, b) in zip(parts.inputs, projections, strict=True):
                fill(layer, w, b, tensor)
            fill(parts.out, wo, bo, tensor)
            for layer, w, b in ((parts.mlp[0], w1, b1), (parts.mlp[1], w2, b2)):
                fill(layer, w, b, tensor)
            for norm, gain, shift in ((parts.norms[0], g1, e1), (parts.norms[1], g2, e2)):
                put_parameters(norm, {"gain": gain, "shift": shift})
            activation = gelu() if parts.activation is None else parts.activation
            variant = _gelu_form(as_function(activation), tensor)
            forward = as_function(block)
            variant = attention_variant(forward, weights, variant, tensor)
        if variant.endswith(BLENDED):
            package.remark(BLEND_REMARK)
        shape = (2, _SEQUENCE, width)
        return StudentModel.of_layers((block,), forward, "TransformerBlock(x)", shape, variant)


def _gelu_form(gelu: Callable[[Any], Any], tensor: Any) -> str:
    grid = np.linspace(-4, 4, 65, dtype=np.float32)
    found = require_array(gelu(tensor(grid)), "GELU(x)")
    errors = {
        form: float(np.abs(found - function(grid.astype(np.float64))).max())
        for form, function in GELU_FORMS.items()
    }
    nearest = min(errors, key=lambda form: errors[form])
    if not errors[nearest] < _GELU_ERROR:
        raise StudentCodeError(
            f"GELU is off by {errors[nearest]:.2g} from its {nearest} form, the nearest of three"
        )
    return nearest


KINDS = (Transformer(),)
