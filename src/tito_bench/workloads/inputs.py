"""Inputs that are new in every round, at the price of a copy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["InputPool", "make_weights"]

# Bound as they were before any student code could replace them in NumPy.
_copyto, _default_rng = np.copyto, np.random.default_rng
_SLACK = 65_536  # how far the window can slide: so many different contents
_LANES = 16  # a slide by whole cache lines keeps the copy fast


class InputPool:
    """A long row of random numbers; every input is a window somewhere in it.

    Values are float32 in [-1, 1) and never denormal, which would make kernels
    up to 200 times slower. Drawing them afresh for every round would take
    longer than what is measured.
    """

    __slots__ = ("_values",)

    def __init__(self, largest: int, seed: int) -> None:
        """Draw `largest` + 65,536 numbers from `seed`."""
        draw = np.random.default_rng(seed)
        values = draw.random(largest + _SLACK, dtype=np.float32)
        values *= 2
        values -= 1
        values[np.absolute(values) < 1e-6] = 0.5
        # Over memory that no array may write to.
        self._values = np.frombuffer(values.tobytes(), dtype=np.float32)

    @property
    def values(self) -> np.ndarray:
        """The row itself."""
        return self._values

    def fill(self, arrays: Sequence[np.ndarray], seed: int) -> None:
        """Give each C-contiguous array new content, in place."""
        draw = _default_rng(seed)
        for array in arrays:
            start = int(draw.integers(_SLACK // _LANES)) * _LANES
            _copyto(array.reshape(-1), self._values[start : start + array.size])


def make_weights(shapes: Sequence[tuple[int, ...]], seed: int) -> tuple[np.ndarray, ...]:
    """Make parameters with He scaling: activations keep their size from layer to layer.

    Matrices are (in, out), uniform with standard deviation sqrt(2 / in) (He et
    al., "Delving deep into rectifiers", ICCV 2015); vectors are biases in [-0.5, 0.5).
    """
    draw = np.random.default_rng(seed)
    weights = []
    for shape in shapes:
        scale = math.sqrt(6.0 / shape[0]) if len(shape) > 1 else 0.5
        values = draw.uniform(-scale, scale, size=shape).astype(np.float32)
        weights.append(np.ascontiguousarray(values))
    return tuple(weights)
