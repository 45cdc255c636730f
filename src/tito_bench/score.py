"""The score: the one place that defines it. docs/score.md says the same in prose.

    slowdown  = subject_ns / (native_ns + dispatch_calls * dispatch_ns)
    group     = geometric mean of the slowdowns of its scored operations
    composite = geometric mean of the groups, each taken as at least 1
    score     = 100 * clip(1 - log2(composite) / 10, 0, 1)

Every doubling of speed is worth 10 points; 100 is native speed; 1024 times
slower is 0. The geometric mean is the only mean of normalised numbers whose
ranking does not depend on the machine they are normalised to (Fleming and
Wallace, "How not to lie with statistics", CACM 29(3), 1986).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["POINTS_PER_DOUBLING", "composite_slowdown", "geometric_mean", "score", "slowdown"]

POINTS_PER_DOUBLING = 10.0


def slowdown(
    subject_ns: float, native_ns: float, *, dispatch_calls: int, dispatch_ns: float
) -> float:
    """How many times longer the subject takes than a Python program must.

    Parameters
    ----------
    subject_ns, native_ns
        Time of one call of the subject and of the native kernel, in ns.
    dispatch_calls
        Array calls that a Python program cannot avoid for this operation.
    dispatch_ns
        Measured cost of the smallest array call on this interpreter, in ns.

    Returns
    -------
    float
        Above 0; below 1 where the subject beats the reference. Never clipped.
    """
    return subject_ns / (native_ns + dispatch_calls * dispatch_ns)


def geometric_mean(values: Iterable[float]) -> float:
    """The geometric mean of positive numbers. Raises ValueError on none at all."""
    logs = [math.log(value) for value in values]
    if not logs:
        raise ValueError("geometric mean of nothing")
    return math.exp(math.fsum(logs) / len(logs))


def composite_slowdown(groups: Iterable[float]) -> float:
    """One slowdown for all groups; a group faster than native counts as native."""
    return geometric_mean(max(1.0, group) for group in groups)


def score(composite: float) -> float:
    """The score of a composite slowdown: 0 to 100, not rounded."""
    points = 100.0 - POINTS_PER_DOUBLING * math.log2(composite)
    return min(100.0, max(0.0, points))
