"""The optimisations of modules 17 and 18 that are held to the student's plain code."""

from __future__ import annotations

__all__ = ["OPTIMISATIONS"]

OPTIMISATIONS: dict[str, frozenset[str]] = {
    "vectorized_matmul": frozenset({"matmul", "mlp"}),
    "tiled_matmul": frozenset({"matmul", "mlp"}),
    "im2col_conv2d": frozenset({"cnn"}),
    "fused_gelu": frozenset({"transformer"}),
    "KVCache": frozenset({"transformer"}),
}
"""By the name of what the student wrote: the kinds of operation that it is for."""
