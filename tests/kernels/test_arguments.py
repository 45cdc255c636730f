"""A wrong argument is named, with what was given and what is needed; never a crash."""

import re

import numpy as np
import pytest

F = np.float32


def zeros(*shape):
    return np.zeros(shape, F)


A, B, OUT = zeros(3, 4), zeros(4, 5), zeros(3, 5)
READ_ONLY = zeros(3, 5)
READ_ONLY.flags.writeable = False
ODD_BYTES = np.zeros(3 * 4 * 4 + 1, np.uint8)[1:].view(F).reshape(3, 4)


@pytest.mark.parametrize(
    ("a", "b", "out", "error", "message"),
    [
        ([[1.0]], B, OUT, TypeError, "a: needs a float32 array, got list"),
        (None, B, OUT, TypeError, "a: needs a float32 array, got NoneType"),
        (A.astype("f8"), B, OUT, TypeError, "a: needs dtype float32 .* got .*'d'"),
        (A, B.astype(">f4" if np.little_endian else "<f4"), OUT, TypeError, "b: needs dtype"),
        (A, B, OUT.astype("i4"), TypeError, "out: needs dtype float32"),
        (A[0], B, OUT, ValueError, r"a: needs 2 dimensions .* got shape \(4,\)"),
        (A, zeros(3, 5), OUT, ValueError, r"b: needs shape \(4, 5\) .* got \(3, 5\)"),
        (A, B, zeros(5, 3), ValueError, r"out: needs shape \(3, 5\) .* got \(5, 3\)"),
        (A, B, READ_ONLY, ValueError, "out: is read-only"),
        (zeros(4, 3).T, B, OUT, ValueError, "a: needs a C-contiguous array"),
        (A, zeros(4, 10)[:, ::2], OUT, ValueError, "b: needs a C-contiguous array"),
        (A, B, zeros(5, 3).T, ValueError, "out: needs a C-contiguous array"),
        (ODD_BYTES, B, OUT, ValueError, "a: .*align"),
        (A, B, "text", TypeError, "out: needs a float32 array, got str"),
    ],
)
def test_sgemm_names_the_wrong_argument(kernels, a, b, out, error, message):
    with pytest.raises(error) as caught:
        kernels.sgemm(a, b, out)
    assert re.search(message, str(caught.value)), str(caught.value)


def test_overlap(kernels):
    room = zeros(100)
    a, out = room[:16].reshape(4, 4), room[15:31].reshape(4, 4)
    with pytest.raises(ValueError, match="out: overlaps a"):
        kernels.sgemm(a, zeros(4, 4), out)
    with pytest.raises(ValueError, match="out: overlaps b"):
        kernels.sgemm(zeros(4, 4), out, out)
    with pytest.raises(ValueError, match="out: overlaps a"):
        kernels.add(room[:16], room[32:48], room[1:17])
    kernels.sgemm(a, room[16:32].reshape(4, 4), room[32:48].reshape(4, 4))()


def test_empty_arrays_never_overlap(kernels):
    empty = zeros(0, 4)
    kernels.sgemm(empty, zeros(4, 4), empty)()


def test_size_products_that_overflow_are_refused(kernels):
    x, w1, b1 = zeros(2**56, 0), zeros(0, 512), zeros(512)
    w2, b2, out = zeros(512, 0), zeros(0), zeros(2**56, 0)
    with pytest.raises(ValueError, match=r"hidden activations: size .* is too large"):
        kernels.mlp(x, w1, b1, w2, b2, out)


def test_elementwise_shapes_must_be_equal(kernels):
    with pytest.raises(ValueError, match=r"b: needs shape \(3, 4\) \(the shape of a\)"):
        kernels.add(A, zeros(4, 3), zeros(3, 4))
    with pytest.raises(ValueError, match="out: needs shape"):
        kernels.mul(A, A, zeros(12))


def test_mlp_names_the_wrong_argument(kernels):
    x, w1, b1, w2, b2, out = zeros(2, 3), zeros(3, 4), zeros(4), zeros(4, 5), zeros(5), zeros(2, 5)
    kernels.mlp(x, w1, b1, w2, b2, out)()
    good = {"x": x, "w1": w1, "b1": b1, "w2": w2, "b2": b2, "out": out}
    for name in good:
        with pytest.raises(ValueError, match=rf"^{name}: needs"):
            kernels.mlp(**{**good, name: zeros(9, 9, 9)})


def test_negative_iterations(kernels):
    with pytest.raises(ValueError, match="iterations: needs a number >= 0"):
        kernels.fma_peak(-1)


def test_arrays_stay_alive_and_cannot_be_resized(kernels):
    a, b, out = zeros(3, 4), zeros(4, 5), zeros(3, 5)
    call = kernels.sgemm(a, b, out)
    with pytest.raises(ValueError, match="cannot resize"):
        a.resize((100, 100))
    del a, b
    call()
    assert (out == 0).all()
