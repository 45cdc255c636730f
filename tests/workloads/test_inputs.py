"""Inputs: new each time, never denormal, the same for the same seed."""

import numpy as np
import pytest

from tito_bench.workloads.inputs import InputPool, make_weights


def filled(pool: InputPool, seed: int) -> list[np.ndarray]:
    arrays = [np.zeros((30, 40), np.float32), np.zeros((1200,), np.float32)]
    pool.fill(arrays, seed)
    return arrays


def test_the_same_seed_gives_the_same_content_and_another_another() -> None:
    pool = InputPool(1200, seed=1)
    first, second = filled(pool, 7)
    again, _ = filled(pool, 7)
    other, _ = filled(pool, 8)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first.reshape(-1), second)


def test_another_pool_seed_gives_other_content() -> None:
    assert not np.array_equal(filled(InputPool(1200, 1), 7)[0], filled(InputPool(1200, 2), 7)[0])


def test_values_fill_the_range_and_none_is_denormal() -> None:
    values = np.zeros(200_000, np.float32)
    InputPool(values.size, seed=3).fill([values], seed=4)
    assert values.min() >= -1.0
    assert values.max() < 1.0
    assert values.std() == pytest.approx(1 / np.sqrt(3), rel=0.01)
    assert np.abs(values).min() >= 1e-6


def test_weights_keep_activations_at_their_size() -> None:
    matrix, bias = make_weights(((784, 128), (128,)), seed=20)
    assert matrix.dtype == bias.dtype == np.float32
    assert matrix.flags.c_contiguous
    assert matrix.std() == pytest.approx(np.sqrt(2 / 784), rel=0.01)
    assert np.abs(bias).max() <= 0.5


def test_weights_are_the_same_for_the_same_seed() -> None:
    once, again = make_weights(((20, 5),), 20), make_weights(((20, 5),), 20)
    np.testing.assert_array_equal(once[0], again[0])
    assert not np.array_equal(once[0], make_weights(((20, 5),), 21)[0])
