"""The parameters of an operation: shipped ones where it names a trained model, else seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tito_bench.workloads.inputs import make_weights
from tito_bench.workloads.operation import Operation

__all__ = ["WEIGHTS_SEED", "weights_of"]

WEIGHTS_SEED = 20
"""Weights are the same in every run: only inputs vary."""

_SHIPPED = Path(__file__).parents[1] / "data" / "capstone_weights.npz"


def weights_of(operation: Operation) -> tuple[np.ndarray, ...]:
    """float32 C-contiguous arrays of the shapes `operation.weights`, the same in every run.

    The transformer is not trained: no task on the digits needs it.
    """
    if operation.kind == "transformer":
        return _transformer_weights(operation)
    if operation.trained is None:
        return make_weights(operation.weights, WEIGHTS_SEED)
    with np.load(_SHIPPED, allow_pickle=False) as stored:
        return tuple(
            np.ascontiguousarray(stored[f"{operation.trained}.{index}"], dtype=np.float32)
            for index in range(len(operation.weights))
        )


def _transformer_weights(operation: Operation) -> tuple[np.ndarray, ...]:
    """Random matrices and biases; the gains of both norms are near 1, as they are in training."""
    weights = list(make_weights(operation.weights, WEIGHTS_SEED))
    for gain in (0, 10):
        weights[gain] = 1 + np.float32(0.2) * weights[gain]
    return tuple(weights)
