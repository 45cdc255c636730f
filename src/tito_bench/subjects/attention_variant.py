"""Which of two right results a transformer block computes: plain attention, or the course's blend.

In autumn 2025 the course's own attention mixed a straight path into its result,
so that gradients reach queries, keys and values without a derivative of softmax.
A student who wrote what the course asked for has written no wrong attention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.subjects.student_code import require_array
from tito_bench.workloads.reference import BLENDED, transformer_block

if TYPE_CHECKING:
    from collections.abc import Callable

    from tito_bench.subjects.operation import Arrays

__all__ = ["BLEND_REMARK", "attention_variant"]

BLEND_REMARK = (
    "TransformerBlock mixes 1e-4 of (Q + K + V) / 3 into its attention, as the course did in "
    "autumn 2025: its results are held to that"
)
_TOKENS = 4
_NEARER = 0.1
"""The blend changes a result by 1e-3, float32 errs by 1e-5: what is right is far nearer."""


def attention_variant(
    forward: Callable[[Any], Any], weights: Arrays, gelu: str, tensor: Callable[[Any], Any]
) -> str:
    """Return `gelu`, with BLENDED after it where the block's answer is that of the blend.

    `forward` has the `weights` of `workloads.reference.transformer_block`, and computes
    the form `gelu`. An answer that is neither is left to be found wrong where it is measured.
    """
    random = np.random.default_rng(len(weights))
    x = random.standard_normal((1, _TOKENS, weights[2].shape[0])).astype(np.float32)
    found = require_array(forward(tensor(x.copy())), "TransformerBlock(x)")
    if found.shape != x.shape:
        return gelu
    plain, blended = (
        float(np.abs(found - transformer_block(weights, x, variant)).max())
        for variant in (gelu, gelu + BLENDED)
    )
    return gelu + BLENDED if blended < _NEARER * plain else gelu
