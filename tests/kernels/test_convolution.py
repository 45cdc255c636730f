import itertools

import numpy as np
import pytest

UNIT_ROUNDOFF = 2.0**-24


def convolve(x, w, stride, padding):
    """Cross-correlation in float64, straight from the definition."""
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwyx,fcyx->nfhw", windows[:, :, ::stride, ::stride], w.astype(np.float64))


SHAPES = [
    # images, channels, height, width, filters, kernel, stride, padding
    (1, 1, 1, 1, 1, 1, 1, 0),
    (2, 3, 8, 9, 4, 3, 1, 1),
    (1, 2, 7, 12, 5, 3, 2, 0),
    (3, 1, 12, 7, 6, 5, 1, 2),
    (1, 3, 5, 5, 16, 5, 1, 0),
    (2, 4, 11, 10, 7, 2, 2, 1),
    (1, 1, 3, 3, 2, 3, 1, 5),
    (1, 2, 3, 40, 3, 1, 3, 2),
    (0, 2, 5, 5, 3, 3, 1, 0),
    (1, 0, 5, 5, 3, 3, 1, 0),
    (1, 8, 67, 100, 12, 3, 1, 1),
    (1, 600, 9, 30, 2, 3, 1, 1),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("with_bias", [False, True])
def test_conv2d(kernels, normal, shape, with_bias):
    images, channels, height, width, filters, kernel, stride, padding = shape
    x, w = normal(images, channels, height, width), normal(filters, channels, kernel, kernel)
    b = normal(filters) if with_bias else None
    expected = convolve(x, w, stride, padding)
    magnitude = convolve(np.abs(x), np.abs(w), stride, padding)
    if with_bias:
        expected += b[:, None, None]
        magnitude += np.abs(b)[:, None, None]
    out = np.full(expected.shape, np.nan, np.float32)
    call = kernels.conv2d(x, w, b, out, stride=stride, padding=padding)
    call()
    call()
    bound = (channels * kernel * kernel + 3) * UNIT_ROUNDOFF * magnitude
    assert (np.abs(out - expected) <= bound).all()


def test_conv2d_with_a_kernel_that_is_no_square(kernels, normal):
    x, w = normal(2, 3, 9, 8), normal(4, 3, 1, 5)
    out = np.empty((2, 4, 11, 6), np.float32)
    kernels.conv2d(x, w, None, out, padding=1)()
    np.testing.assert_allclose(out, convolve(x, w, 1, 1), atol=1e-4)


def test_conv2d_refuses(kernels, normal):
    x, w, b, out = normal(1, 2, 5, 5), normal(3, 2, 3, 3), normal(3), normal(1, 3, 3, 3)
    kernels.conv2d(x, w, b, out)()
    for message, arguments in {
        r"stride: needs an integer >= 1, got 0": (x, w, b, out, 0),
        r"padding: needs an integer >= 0, got -1": (x, w, b, out, 1, -1),
        r"out: needs shape \(1, 3, 5, 5\)": (x, w, b, out, 1, 1),
        r"w: needs shape \(3, 2, 3, 3\) \(x has 2 channels\)": (x, normal(3, 1, 3, 3), b, out),
        r"b: needs shape \(3,\)": (x, w, normal(4), out),
        r"x: height 5 with padding 0 is smaller than the kernel, 7": (
            x,
            normal(3, 2, 7, 7),
            b,
            out,
        ),
        r"x: needs 4 dimensions": (x[0], w, b, out),
        r"padding .* is too large": (x, w, b, out, 1, 2**62),
    }.items():
        with pytest.raises(ValueError, match=message):
            kernels.conv2d(*arguments)


@pytest.mark.parametrize(
    ("kernel", "stride", "size"),
    [(1, 1, 5), (2, 2, 8), (2, 2, 9), (3, 2, 11), (3, 1, 7), (2, 3, 12), (7, 7, 7)],
)
def test_maxpool2d(kernels, normal, kernel, stride, size):
    x = normal(2, 3, size, size + 4)
    x[0, 1, size // 2, 3] = np.nan
    x[1, 2, 0, 0] = -np.inf
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))
    expected = windows[:, :, ::stride, ::stride].max(axis=(4, 5))
    out = np.empty_like(expected)
    kernels.maxpool2d(x, out, kernel, stride)()
    np.testing.assert_array_equal(out, expected)
    if kernel == stride:
        kernels.maxpool2d(x, out, kernel)()
        np.testing.assert_array_equal(out, expected)


def test_maxpool2d_refuses(kernels, normal):
    with pytest.raises(ValueError, match="kernel: needs an integer >= 1, got 0"):
        kernels.maxpool2d(normal(1, 1, 4, 4), normal(1, 1, 2, 2), 0)
    with pytest.raises(ValueError, match="smaller than the kernel"):
        kernels.maxpool2d(normal(1, 1, 1, 4), normal(1, 1, 2, 2))
    with pytest.raises(ValueError, match="out: needs shape"):
        kernels.maxpool2d(normal(1, 1, 4, 4), normal(1, 1, 3, 3))


@pytest.mark.parametrize("m", [0, 1, 5, 6, 13])
def test_linear_int8_is_exact_before_the_scale(kernels, normal, rng, m):
    for k, n in itertools.product((0, 1, 2, 67, 1030), (0, 1, 15, 16, 37)):
        x = rng.integers(-128, 128, (m, k)).astype(np.int8)
        w = rng.integers(-128, 128, (k, n)).astype(np.int8)
        b, scale = normal(n), np.float32(2.0**-9)
        out = np.full((m, n), np.nan, np.float32)
        kernels.linear_int8(x, w, b, float(scale), out)()
        sums = (x.astype(np.int64) @ w.astype(np.int64)).astype(np.float32)
        exact = sums.astype(np.float64) * float(scale) + b
        assert (np.abs(out - exact) <= 2 * UNIT_ROUNDOFF * np.abs(exact) + 1e-9).all()


def test_linear_int8_of_extremes(kernels):
    x, w = np.full((2, 4096), -128, np.int8), np.full((4096, 3), -128, np.int8)
    out = np.empty((2, 3), np.float32)
    kernels.linear_int8(x, w, np.zeros(3, np.float32), 1.0, out)()
    assert (out == 4096 * 128 * 128).all()


def test_linear_int8_refuses_floats(kernels, normal):
    out = np.empty((2, 2), np.float32)
    with pytest.raises(TypeError, match="x: needs dtype int8"):
        kernels.linear_int8(normal(2, 2), np.zeros((2, 2), np.int8), normal(2), 1.0, out)
