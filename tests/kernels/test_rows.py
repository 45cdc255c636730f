"""softmax, layernorm, cross-entropy, embedding, relu, gelu."""

import itertools
import math

import numpy as np
import pytest

UNIT_ROUNDOFF = 2.0**-24
ROWS = (0, 1, 5)
SIZES = (1, 3, 7, 12, 16, 67, 100, 511)


def softmax_oracle(x):
    x = x.astype(np.float64)
    shifted = np.exp(x - x.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def softmax_bound(x):
    """Rounding of x - max moves the exponent by u |x - max|; exp, sum and quotient add to it."""
    distance = x.max(axis=1, keepdims=True).astype(np.float64) - x
    return UNIT_ROUNDOFF * softmax_oracle(x) * (2 * distance + distance.max() + x.shape[1] + 10)


@pytest.mark.parametrize(("m", "n"), list(itertools.product(ROWS, SIZES)))
def test_softmax(kernels, normal, m, n):
    x = 5 * normal(m, n)
    out = np.full((m, n), np.nan, np.float32)
    kernels.softmax(x, out)()
    if m:
        assert (np.abs(out - softmax_oracle(x)) <= softmax_bound(x)).all()
    kernels.softmax(x, x)()
    np.testing.assert_array_equal(out, x)


def test_softmax_of_large_tiny_and_special_values(kernels):
    x = np.zeros((6, 20), np.float32)
    x[0] = 3e38
    x[1, 3] = -np.inf
    x[2, 4] = np.nan
    x[3, 5] = np.inf
    x[4] = 1e-40
    x[5, 0] = 95.0
    out = np.empty_like(x)
    kernels.softmax(x, out)()
    np.testing.assert_allclose(out[[0, 4]], 0.05, rtol=1e-6)
    assert out[1, 3] == 0.0
    np.testing.assert_allclose(out[1, 4:], 1 / 19, rtol=1e-6)
    assert np.isnan(out[2]).all()
    assert np.isnan(out[3]).any()
    # exp(-95) is denormal in float32: gradual underflow, not zero
    np.testing.assert_allclose(out[5, 1:], math.exp(-95), atol=2e-45)


@pytest.mark.parametrize("n", SIZES)
def test_layernorm(kernels, normal, n):
    x, gamma, beta = normal(5, n) + 2, normal(n), normal(n)
    out = np.empty_like(x)
    kernels.layernorm(x, gamma, beta, out, 1e-5)()
    exact = x.astype(np.float64)
    mean, variance = exact.mean(axis=1, keepdims=True), exact.var(axis=1, keepdims=True)
    deviation = np.sqrt(variance + 1e-5)
    expected = (exact - mean) / deviation * gamma + beta
    # the mean of n numbers is off by (n + 2) u of their magnitude, and so is what is left of it
    spread = np.abs(exact).mean(axis=1, keepdims=True) / deviation
    bound = (n + 16) * UNIT_ROUNDOFF * (np.abs(gamma) * (spread + 1) * 4 + np.abs(expected))
    assert (np.abs(out - expected) <= bound).all()


def test_cross_entropy(kernels, normal, rng):
    for m, n in itertools.product((1, 7, 32), SIZES):
        logits, labels = 3 * normal(m, n), rng.integers(0, n, m)
        out = np.empty(1, np.float32)
        kernels.cross_entropy(logits, labels, out)()
        picked = softmax_oracle(logits)[np.arange(m), labels]
        bound = UNIT_ROUNDOFF * (n + 20) * (1 + np.abs(logits).max())
        assert abs(out[0] - -np.log(picked).mean()) <= bound


def test_cross_entropy_of_nothing_and_of_wrong_labels_is_nan(kernels, normal):
    out = np.zeros(1, np.float32)
    kernels.cross_entropy(normal(0, 5), np.zeros(0, np.int64), out)()
    assert np.isnan(out[0])
    for label in (-1, 5, 2**62, -(2**63)):
        out[0] = 0.0
        kernels.cross_entropy(normal(2, 5), np.array([1, label]), out)()
        assert np.isnan(out[0])


def test_embedding(kernels, normal, rng):
    table = normal(11, 7)
    for shape in ((0,), (1,), (3, 4)):
        indices = rng.integers(0, 11, shape)
        out = np.empty((*shape, 7), np.float32)
        kernels.embedding(indices, table, out)()
        np.testing.assert_array_equal(out, table[indices])


def test_embedding_outside_the_table_is_nan(kernels, normal):
    table, out = normal(3, 2), np.zeros((4, 2), np.float32)
    kernels.embedding(np.array([0, -1, 3, 2**60]), table, out)()
    np.testing.assert_array_equal(out[0], table[0])
    assert np.isnan(out[1:]).all()


@pytest.mark.parametrize("size", [0, *SIZES, 4099])
def test_relu_and_gelu(kernels, normal, size):
    x = 4 * normal(size)
    out = np.full(size, np.nan, np.float32)
    kernels.relu(x, out)()
    np.testing.assert_array_equal(out, np.maximum(x, 0))
    kernels.gelu(x, out)()
    exact = x.astype(np.float64)
    inner = math.sqrt(2 / math.pi) * (exact + 0.044715 * exact**3)
    expected = exact / (1 + np.exp(-2 * inner))
    # five roundings of the exponent 2 * inner; below 1e-36 its exponential overflows
    bound = UNIT_ROUNDOFF * np.abs(expected) * (10 + 12 * np.abs(inner)) + 1e-36
    assert (np.abs(out - expected) <= bound).all()


def test_relu_and_gelu_of_special_values(kernels):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1e-40, -1e-40, 3e38, -3e38], np.float32)
    out = np.empty_like(x)
    kernels.relu(x, out)()
    np.testing.assert_array_equal(out, np.maximum(x, 0))
    kernels.gelu(x[[0, 1, 3, 4, 6]].copy(), out[:5])()
    np.testing.assert_array_equal(np.isnan(out[:5]), [True, False, False, False, False])
    assert out[1] == np.inf
    assert out[2] == 0.0
    np.testing.assert_allclose(out[3], 0.5e-40, rtol=1e-4)
    assert out[4] == np.float32(3e38)
