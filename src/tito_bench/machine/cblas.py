"""The C interface of the BLAS that NumPy multiplies matrices with.

Its products can be called from C, without Python between: so this machine's own BLAS
can be the native reference (docs/design/reference.md). Nothing is linked; the symbols
are looked up at run time in what NumPy has loaded already.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

__all__ = ["Cblas", "cblas_in", "find_cblas"]

# Each name, and whether its integers have 64 bits. Several in one library are one function
# behind several doors. "$" and "NEWLAPACK" are Apple's (Accelerate, from macOS 13.3).
_SYMBOLS = (
    ("scipy_cblas_sgemm64_", True),
    ("cblas_sgemm64_", True),
    ("cblas_sgemm_64", True),
    ("cblas_sgemm$NEWLAPACK$ILP64", True),
    ("scipy_cblas_sgemm", False),
    ("cblas_sgemm$NEWLAPACK", False),
    ("cblas_sgemm", False),
)
_ACCELERATE = "/System/Library/Frameworks/Accelerate.framework/Accelerate"
_SINGLE_THREADED = 1  # BLAS_THREADING_SINGLE_THREADED of Accelerate's thread_api.h


@dataclass(frozen=True)
class Cblas:
    """A `cblas_sgemm` in this process: its address, and whether its integers have 64 bits."""

    address: int
    ilp64: bool
    symbol: str


def find_cblas() -> Cblas | None:
    """Return the `cblas_sgemm` that this NumPy's products go through, or None.

    Imports NumPy. Call it before any code that could load another BLAS.
    """
    return next(filter(None, map(cblas_in, _libraries())), None)


def cblas_in(library: ctypes.CDLL) -> Cblas | None:
    """Return the `cblas_sgemm` of a library or of what it was linked with, or None."""
    for symbol, ilp64 in _SYMBOLS:
        function = getattr(library, symbol, None)
        if function is not None:
            address = ctypes.cast(function, ctypes.c_void_p).value or 0
            return Cblas(address, ilp64, symbol)
    return None


def _libraries() -> Iterator[ctypes.CDLL]:
    """Where it may be, the surest place first.

    A symbol of NumPy's own extension is looked up in the libraries it was linked with as
    well, but for Windows, where each library is asked by itself.
    """
    import numpy  # noqa: F401 - it loads the libraries
    import threadpoolctl

    if sys.platform != "win32":
        spec = find_spec("numpy._core._multiarray_umath") or find_spec(
            "numpy.core._multiarray_umath"
        )
        if spec is not None and spec.origin is not None:
            yield ctypes.CDLL(spec.origin)
    for pool in threadpoolctl.threadpool_info():
        if pool["user_api"] == "blas":
            yield ctypes.CDLL(pool["filepath"])
    if sys.platform == "darwin":
        accelerate = ctypes.CDLL(_ACCELERATE)
        set_threading = getattr(accelerate, "BLASSetThreading", None)  # from macOS 15
        if set_threading is not None:
            set_threading(_SINGLE_THREADED)
        yield accelerate
