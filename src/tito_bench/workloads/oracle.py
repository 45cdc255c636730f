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

from tito_bench.workloads.operation import Operation

__all__ = ["disagreement", "same_values", "tolerance"]

# Bound as they were before any student code could replace them in NumPy.
_absolute, _maximum, _subtract, _add = np.absolute, np.maximum, np.subtract, np.add
_equal, _logical_and, _ndarray = np.equal, np.logical_and, np.ndarray
_EPSILON = float(np.finfo(np.float32).eps)
_LAMBDA = 4.0


# Lengths of the sums that an element of the result passes through, one after the other.
_SUMS = {"cnn": (9, 72, 400), "transformer": (64, 64, 64, 32, 64, 64, 64, 256)}


def tolerance(
    operation: Operation,
    inputs: tuple[np.ndarray, ...],
    weights: tuple[np.ndarray, ...],
    expected: np.ndarray | None = None,
) -> float:
    """The largest absolute difference that rounding explains, for any element.

    Deep models need the `expected` result, whose size the error is relative to.
    """
    if operation.kind in _SUMS and expected is not None:
        return _deep_error(_SUMS[operation.kind], expected)
    if operation.kind == "matmul":
        return _inner_product_error(inputs[0].shape[1], _mean(inputs[0]), _mean(inputs[1]))
    if operation.kind == "mlp":
        w1, _, w2, _ = weights
        hidden_size = int(w2.shape[0])
        hidden_error = _inner_product_error(w1.shape[0], _mean(inputs[0]), _mean(w1))
        # Hidden values are sums of w1.shape[0] terms of random sign.
        hidden_mean = math.sqrt(w1.shape[0]) * _mean(inputs[0]) * _mean(w1) + 0.5
        carried: float = hidden_error * hidden_size * _mean(w2)
        return carried + _inner_product_error(hidden_size, hidden_mean, _mean(w2))
    # One rounding on each side; operands are below 1, so results are below 2.
    return 2 * _EPSILON


def disagreement(result: object, expected: np.ndarray, allowed: float) -> str | None:
    """Why `result` is wrong, or None where it is right.

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
        return f"the result is a {type(result).__name__}, not a numpy.ndarray"
    if result.shape != expected.shape:
        return f"the result has shape {result.shape}, expected {expected.shape}"
    if result.dtype.kind not in "fiu":
        return f"the result has dtype {result.dtype}, expected real numbers"
    worst = float(_maximum.reduce(_absolute(_subtract(result, expected)), axis=None, initial=0.0))
    if worst <= allowed:
        return None
    return f"the result is off by {worst:.3g}, rounding explains {allowed:.3g}"


def same_values(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether two arrays of one shape are equal, element by element."""
    return bool(_logical_and.reduce(_equal(mine, theirs), axis=None))


def _deep_error(sums: tuple[int, ...], expected: np.ndarray) -> float:
    """Each layer errs by about lambda * sqrt(k) * u of the size of its values, and passes on
    what came in; norms and activations keep that size."""
    size = max(1.0, float(_maximum.reduce(_absolute(expected), axis=None, initial=0.0)))
    return _LAMBDA * _EPSILON * size * sum(math.sqrt(length) for length in sums)


def _inner_product_error(length: int, mean_a: float, mean_b: float) -> float:
    return _LAMBDA * math.sqrt(length) * _EPSILON * length * mean_a * mean_b


def _mean(array: np.ndarray) -> float:
    return float(_add.reduce(_absolute(array), axis=None, dtype=np.float64)) / array.size
