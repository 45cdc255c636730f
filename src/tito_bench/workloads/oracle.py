"""Whether a subject's result is right.

The expected values come from the native kernel on the same inputs; the
kernels themselves are held to a float64 oracle by tests/kernels. How far two
right float32 results may lie apart follows from the length of the sums: with
rounding errors that behave randomly an inner product of length k errs by at
most lambda * sqrt(k) * u * sum|a||b| (Higham and Mary, "A new approach to
probabilistic rounding error analysis", SIAM J. Sci. Comput. 41(5), 2019).
That admits float32 in any order of summation, and float64, but no half precision.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = [
    "EPSILON",
    "deep_error",
    "disagreement",
    "inner_product_error",
    "mean_size",
    "no_array",
    "same_values",
]

# Bound as they were before any student code could replace them in NumPy.
_absolute, _maximum, _subtract, _add = np.absolute, np.maximum, np.subtract, np.add
_equal, _logical_and, _ndarray = np.equal, np.logical_and, np.ndarray
EPSILON = float(np.finfo(np.float32).eps)
_LAMBDA = 4.0


def disagreement(result: object, expected: np.ndarray, allowed: float) -> str | None:
    """Return why `result` is wrong, or None where it is right.

    Parameters
    ----------
    result
        What the subject returned: right only as a numpy.ndarray of the
        expected shape with real numbers in it.
    expected
        The native result, float32.
    allowed
        The tolerance, absolute.
    """
    if type(result) is not _ndarray:
        return no_array(type(result).__name__)
    if result.shape != expected.shape:
        return f"the result has shape {result.shape}, expected {expected.shape}"
    if result.dtype.kind not in "fiu":
        return f"the result has dtype {result.dtype}, expected real numbers"
    worst = float(_maximum.reduce(_absolute(_subtract(result, expected)), axis=None, initial=0.0))
    if worst <= allowed:
        return None
    return f"the result is off by {worst:.3g}, rounding explains {allowed:.3g}"


def no_array(name: str) -> str:
    """Return why a result of the type of that name is wrong."""
    return f"the result is a {name}, not a numpy.ndarray"


def same_values(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """Return whether two arrays of one shape are equal, element by element."""
    return bool(_logical_and.reduce(_equal(mine, theirs), axis=None))


def deep_error(sums: tuple[int, ...], expected: np.ndarray) -> float:
    """Return the largest error that rounding explains in the result of several layers.

    Each layer errs by about lambda * sqrt(k) * u of the size of its values, and passes on
    what came in; norms and activations keep that size.
    """
    size = max(1.0, float(_maximum.reduce(_absolute(expected), axis=None, initial=0.0)))
    return _LAMBDA * EPSILON * size * sum(math.sqrt(length) for length in sums)


def inner_product_error(length: int, mean_a: float, mean_b: float) -> float:
    return _LAMBDA * math.sqrt(length) * EPSILON * length * mean_a * mean_b


def mean_size(array: np.ndarray) -> float:
    return float(_add.reduce(_absolute(array), axis=None, dtype=np.float64)) / array.size
