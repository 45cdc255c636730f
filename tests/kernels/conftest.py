"""Every kernel test runs on every target this CPU supports."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tito_bench import _native

SIZES = (0, 1, 7, 12, 67, 100, 511)
UNIT_ROUNDOFF = 2.0**-24
"""Of float32: one rounding changes a value by at most this factor."""


@pytest.fixture(params=_native.supported_targets())
def kernels(request: pytest.FixtureRequest) -> _native.Kernels:
    return _native.Kernels(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded anew in every run. A failing test prints the seed; TITO_KERNEL_SEED repeats it."""
    given = os.environ.get("TITO_KERNEL_SEED")
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if given is None else int(given)
    print(f"again with TITO_KERNEL_SEED={seed}")
    return np.random.default_rng(seed)


@pytest.fixture
def normal(rng: np.random.Generator) -> Callable[..., np.ndarray]:
    """normal(*shape): float32 drawn from the normal distribution."""

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32)

    return draw


@pytest.fixture
def assert_sum_of_products() -> Callable[..., None]:
    """assert_sum_of_products(got, a, b[, bias]): got is a @ b + bias within the rounding bound.

    A sum of k products in any order is off by at most (k + 1) u |a| @ |b| (Higham, Accuracy and
    Stability of Numerical Algorithms, section 3.1), and one more for the bias.
    """

    def check(got: np.ndarray, a: np.ndarray, b: np.ndarray, bias: Any = 0.0) -> None:
        bias = np.asarray(bias, dtype=np.float64)
        a, b = a.astype(np.float64), b.astype(np.float64)
        bound = (a.shape[1] + 2) * UNIT_ROUNDOFF * (np.abs(a) @ np.abs(b) + np.abs(bias))
        error = np.abs(got - (a @ b + bias))
        worst = np.max(error - bound, initial=0.0)
        assert (error <= bound + np.finfo(np.float32).tiny).all(), f"off the bound by {worst}"

    return check


@pytest.fixture
def misaligned() -> Callable[[np.ndarray], np.ndarray]:
    """misaligned(array): the same values at 4 bytes past a 64-byte boundary."""

    def move(array: np.ndarray) -> np.ndarray:
        room = np.empty(array.size + 32, np.float32)
        start = (-room.ctypes.data // 4) % 16 + 1
        moved = room[start : start + array.size].reshape(array.shape)
        moved[...] = array
        assert moved.ctypes.data % 64 == 4
        return moved

    return move
