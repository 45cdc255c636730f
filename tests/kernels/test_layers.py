import itertools

import numpy as np
import pytest

UNIT_ROUNDOFF = 2.0**-24


def mlp_oracle(x, w1, b1, w2, b2):
    """The result in float64, and a bound on the float32 error (Higham, section 3.1, twice)."""
    x, w1, b1, w2, b2 = (v.astype(np.float64) for v in (x, w1, b1, w2, b2))
    hidden = np.maximum(x @ w1 + b1, 0.0)
    hidden_bound = (x.shape[1] + 2) * UNIT_ROUNDOFF * (np.abs(x) @ np.abs(w1) + np.abs(b1))
    out = hidden @ w2 + b2
    magnitude = (hidden + hidden_bound) @ np.abs(w2) + np.abs(b2)
    bound = hidden_bound @ np.abs(w2) + (w2.shape[0] + 2) * UNIT_ROUNDOFF * magnitude
    return out, bound


@pytest.mark.parametrize("m", [0, 1, 2, 7, 67])
def test_mlp_agrees_with_float64(kernels, normal, m):
    for k, hidden, n in itertools.product((0, 1, 12, 300), (0, 1, 7, 128), (0, 1, 10, 67)):
        args = normal(m, k), normal(k, hidden), normal(hidden), normal(hidden, n), normal(n)
        out = np.full((m, n), np.nan, np.float32)
        kernels.mlp(*args, out)()
        expected, bound = mlp_oracle(*args)
        assert (np.abs(out - expected) <= bound).all()


def test_relu_keeps_nan(kernels, normal):
    x, w1, b1 = normal(3, 5), normal(5, 20), normal(20)
    w2, b2 = np.ones((20, 2), np.float32), np.zeros(2, np.float32)
    x[1, 2] = np.nan
    out = np.empty((3, 2), np.float32)
    kernels.mlp(x, w1, b1, w2, b2, out)()
    np.testing.assert_array_equal(np.isnan(out), [[False] * 2, [True] * 2, [False] * 2])


@pytest.mark.parametrize("k", [0, 1, 12, 300, 511])
def test_linear_agrees_with_float64(kernels, normal, assert_sum_of_products, k):
    for m, n in itertools.product((0, 1, 7, 67), (0, 1, 12, 100)):
        x, w, b = normal(m, k), normal(k, n), normal(n)
        out = np.full((m, n), np.nan, np.float32)
        kernels.linear(x, w, b, out)()
        assert_sum_of_products(out, x, w, b)


@pytest.mark.parametrize(
    "shape", [(1, 20, 1025), (3, 5, 1040), (20, 300, 1100), (2, 7, 2100), (33, 70, 3090)], ids=str
)
def test_the_bias_goes_on_beyond_the_columns_of_one_slice(
    kernels, normal, assert_sum_of_products, shape
):
    m, k, n = shape
    x, w, b = normal(m, k), normal(k, n), 100 * normal(n)
    out = np.full((m, n), np.nan, np.float32)
    kernels.linear(x, w, b, out)()
    assert_sum_of_products(out, x, w, b)
    kernels.mlp(normal(m, k), normal(k, 9), normal(9), np.zeros((9, n), np.float32), b, out)()
    np.testing.assert_array_equal(out, np.broadcast_to(b, (m, n)))
