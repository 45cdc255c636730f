import numpy as np
import pytest

SIZES = (0, 1, 3, 7, 12, 15, 16, 17, 63, 64, 67, 100, 511, 4099)
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 3e38, 1.0], np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_add_and_mul_are_numpy_bit_for_bit(kernels, normal, size):
    a, b = normal(size), normal(size)
    out = np.full(size, np.nan, np.float32)
    kernels.add(a, b, out)()
    np.testing.assert_array_equal(out, a + b)
    kernels.mul(a, b, out)()
    np.testing.assert_array_equal(out, a * b)


@pytest.mark.parametrize("size", SIZES)
def test_triad_within_one_rounding_of_float64(kernels, normal, size):
    a, b = normal(size), normal(size)
    out = np.full(size, np.nan, np.float32)
    kernels.triad(a, b, 3.25, out)()
    expected = a.astype(np.float64) + 3.25 * b.astype(np.float64)
    bound = 2 * 2.0**-24 * (np.abs(a).astype(np.float64) + 3.25 * np.abs(b))
    assert (np.abs(out - expected) <= bound).all()


@pytest.mark.parametrize("operation", ["add", "mul"])
def test_special_values(kernels, operation):
    a, b = (np.ascontiguousarray(v) for v in np.meshgrid(SPECIAL, SPECIAL))
    out = np.empty_like(a)
    getattr(kernels, operation)(a, b, out)()
    with np.errstate(all="ignore"):
        expected = {"add": np.add, "mul": np.multiply}[operation](a, b)
    np.testing.assert_array_equal(out, expected)


def test_any_shape_and_no_dimensions(kernels, normal):
    a, b = normal(2, 3, 5), normal(2, 3, 5)
    out = np.empty_like(a)
    kernels.add(a, b, out)()
    np.testing.assert_array_equal(out, a + b)
    scalar = np.empty((), np.float32)
    kernels.mul(np.array(2.0, np.float32), np.array(4.0, np.float32), scalar)()
    assert scalar == 8.0


def test_output_may_be_an_input(kernels, normal):
    a, b = normal(67), normal(67)
    expected = a + b
    kernels.add(a, b, a)()
    np.testing.assert_array_equal(a, expected)


def test_unaligned_data_and_nothing_beside(kernels, normal, misaligned):
    room = misaligned(np.full(200, 7.0, np.float32))
    a, b, out = misaligned(normal(99)), misaligned(normal(99)), room[50:149]
    kernels.add(a, b, out)()
    np.testing.assert_array_equal(out, a + b)
    assert (room[:50] == 7.0).all()
    assert (room[149:] == 7.0).all()


def test_flops_and_bytes(kernels, normal):
    a = normal(10, 10)
    assert kernels.add(a, a, np.empty_like(a)).flops == 100
    assert kernels.triad(a, a, 2.0, np.empty_like(a)).flops == 200
    assert kernels.mul(a, a, np.empty_like(a)).bytes == 3 * 400
