"""Products that somebody else's BLAS computes, inside our operations."""

import ctypes
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tito_bench import _native
from tito_bench.machine.cblas import Cblas, cblas_in, find_cblas

SIZE = st.integers(1, 70)


def by_blas(cblas: Cblas, target: str | None = None) -> _native.Kernels:
    return _native.Kernels(target, cblas_sgemm=cblas.address, ilp64=cblas.ilp64)


def numpys() -> Cblas:
    found = find_cblas()
    if found is None:
        pytest.skip("this NumPy has no BLAS with a C interface")
    return found


def result(call_of: Callable[..., _native.Call], *arrays: np.ndarray, shape: tuple[int, ...]):
    out = np.full(shape, np.nan, np.float32)
    call_of(*arrays, out)()
    return out


@given(m=SIZE, k=SIZE, n=SIZE, seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_every_operation_agrees_with_the_target_itself(m, k, n, seed):
    draw = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return draw.standard_normal(shape, dtype=np.float32)

    own, blas = _native.Kernels(), by_blas(numpys())
    x, w, b, w2, b2 = normal(m, k), normal(k, n), normal(n), normal(n, 5), normal(5)
    images, filters = normal(2, 3, 9, k + 2), normal(n, 3, 3, 3)
    q, key, v = normal(m, k), normal(n, k), normal(n, 4)
    for name, arrays, shape in (
        ("sgemm", (x, w), (m, n)),
        ("linear", (x, w, b), (m, n)),
        ("mlp", (x, w, b, w2, b2), (m, 5)),
        ("conv2d", (images, filters, b), (2, n, 7, k)),
        ("conv2d", (images, filters, None), (2, n, 7, k)),
        ("attention", (q, key, v), (m, 4)),
    ):
        expected = result(getattr(own, name), *arrays, shape=shape)
        got = result(getattr(blas, name), *arrays, shape=shape)
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=2e-3, err_msg=name)


def test_what_has_no_product_is_the_targets_own(normal):
    own, blas = _native.Kernels(), by_blas(numpys())
    x = normal(40, 30)
    assert (result(own.add, x, x, shape=x.shape) == result(blas.add, x, x, shape=x.shape)).all()


def test_products_of_nothing_never_reach_it(normal, made_blas):
    """The interface has no stride of 0."""
    made, bias = cblas_in(ctypes.CDLL(made_blas("-O1"))), normal(4)
    assert made is not None
    got = result(by_blas(made).linear, normal(3, 0), normal(0, 4), bias, shape=(3, 4))
    assert (got == bias).all()


def test_relu_keeps_nan(normal):
    x, w1, b1 = normal(4, 6), normal(6, 8), normal(8)
    w2, b2 = np.abs(normal(8, 3)), normal(3)
    x[2] = np.nan
    out = result(by_blas(numpys()).mlp, x, w1, b1, w2, b2, shape=(4, 3))
    assert np.isnan(out[2]).all()
    assert np.isfinite(out[[0, 1, 3]]).all()


@pytest.mark.parametrize("target", _native.supported_targets())
def test_the_made_one_is_called(made_blas, normal, target):
    """Whatever it gives is the result: twice the product here."""
    doubling = cblas_in(ctypes.CDLL(made_blas("-DRESULT=2.0f")))
    a, b = normal(5, 6), normal(6, 7)
    assert doubling is not None
    assert (doubling.symbol, doubling.ilp64) == ("cblas_sgemm", False)
    got = result(by_blas(doubling, target).sgemm, a, b, shape=(5, 7))
    np.testing.assert_allclose(got, 2 * (a @ b), rtol=1e-4, atol=1e-4)


@pytest.mark.skipif("avx2" not in _native.supported_targets(), reason="registers of AVX")
def test_upper_halves_in_use_are_cleared_for_what_is_timed(made_blas, normal):
    """Code without AVX takes up to four times as long beside them."""
    library = ctypes.CDLL(made_blas("-DUPPER_HALVES"))
    found = ctypes.c_int.in_dll(library, "found_in_use")
    made = cblas_in(library)
    assert made is not None
    call = by_blas(made, "portable").sgemm(normal(2, 2), normal(2, 2), normal(2, 2))
    for _ in range(3):
        library.use_upper_halves()
        _native.time_calls([call], 4)
    assert found.value == 0


def test_a_library_without_the_interface_has_none(made_blas):
    assert cblas_in(ctypes.CDLL(made_blas("-Dcblas_sgemm=something_else"))) is None


@pytest.mark.skipif(sys.platform == "win32", reason="cc and its options")
def test_numpys_own_is_found_where_it_says_it_has_one():
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    assert (find_cblas() is not None) == bool(blas.get("found"))
