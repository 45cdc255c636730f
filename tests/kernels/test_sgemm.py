import itertools

import numpy as np
import pytest

SIZES = (0, 1, 7, 12, 67, 100, 511)
SHAPES = [s for s in itertools.product(SIZES, repeat=3) if s.count(511) < 3]
LAYERS = [
    (1, 784, 128),
    (2, 784, 128),
    (2, 1030, 511),
    (32, 128, 10),
    (100, 100, 1000),
    (64, 300, 96),
    (20, 700, 45),  # k is cut, and the last columns are multiplied after the others
    (200, 500, 21),  # they are multiplied beside them
]


def product(kernels, a, b):
    out = np.full((a.shape[0], b.shape[1]), np.nan, np.float32)
    kernels.sgemm(a, b, out)()
    return out


@pytest.mark.parametrize("m", SIZES)
def test_agrees_with_float64_on_odd_shapes(kernels, normal, assert_sum_of_products, m):
    for _, k, n in (shape for shape in SHAPES if shape[0] == m):
        a, b = normal(m, k), normal(k, n)
        assert_sum_of_products(product(kernels, a, b), a, b)


@pytest.mark.parametrize("shape", LAYERS, ids=str)
def test_agrees_with_float64_on_layer_shapes(kernels, normal, assert_sum_of_products, shape):
    m, k, n = shape
    a, b = normal(m, k), normal(k, n)
    assert_sum_of_products(product(kernels, a, b), a, b)


def test_every_number_of_rows_and_columns_up_to_70(kernels, normal, assert_sum_of_products):
    for size in range(1, 71):
        for m, n in ((size, 71 - size), (size, 33), (17, size)):
            a, b = normal(m, 9), normal(9, n)
            assert_sum_of_products(product(kernels, a, b), a, b)


def test_writes_its_output_and_nothing_beside_it(kernels, normal):
    for m, n in itertools.product((1, 5, 13, 15, 29), (1, 3, 15, 17, 31, 33, 65)):
        room = np.full(m * n + 64, 7.0, np.float32)
        out = room[32 : 32 + m * n].reshape(m, n)
        kernels.sgemm(normal(m, 6), normal(6, n), out)()
        assert (room[:32] == 7.0).all()
        assert (room[32 + m * n :] == 7.0).all()


def test_unaligned_data(kernels, normal, misaligned, assert_sum_of_products):
    a, b = misaligned(normal(29, 67)), misaligned(normal(67, 45))
    out = misaligned(np.zeros((29, 45), np.float32))
    kernels.sgemm(a, b, out)()
    assert_sum_of_products(out, a, b)


def test_runs_again_with_new_values(kernels, normal, assert_sum_of_products):
    a, b = normal(33, 300), normal(300, 40)
    out = np.empty((33, 40), np.float32)
    call = kernels.sgemm(a, b, out)
    call()
    b[...] = normal(300, 40)
    call()
    call()
    assert_sum_of_products(out, a, b)


def test_nan_and_inf_reach_exactly_their_row_or_column(kernels, normal):
    a, b = np.abs(normal(20, 300)) + 1, np.abs(normal(300, 37)) + 1
    a[3, 5] = np.nan
    a[4, 299] = np.inf
    b[7, 36] = np.nan
    out = product(kernels, a, b)
    nan = np.zeros(out.shape, bool)
    nan[3] = nan[:, 36] = True
    inf = np.zeros(out.shape, bool)
    inf[4] = True
    np.testing.assert_array_equal(np.isnan(out), nan)
    np.testing.assert_array_equal(np.isinf(out), inf & ~nan)


def test_denormals_are_kept(kernels):
    tiny = np.float32(1e-40)
    a, b = np.full((5, 3), tiny, np.float32), np.ones((3, 5), np.float32)
    np.testing.assert_allclose(product(kernels, a, b), 3 * float(tiny), rtol=1e-4)


def test_flops_and_bytes(kernels, normal):
    call = kernels.sgemm(normal(3, 4), normal(4, 5), np.empty((3, 5), np.float32))
    assert call.name == "sgemm"
    assert call.flops == 2 * 3 * 4 * 5
    assert call.bytes == 4 * (3 * 4 + 4 * 5 + 3 * 5)
