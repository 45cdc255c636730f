"""Robust statistics of per-round values. Pure functions on plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, median

__all__ = [
    "FEWEST_FOR_INTERVAL",
    "coefficient_of_variation",
    "mdape",
    "median",
    "median_interval",
    "quantile",
]

FEWEST_FOR_INTERVAL = 6
"""Of fewer values not even the whole range holds the median with 95%: 2 * 0.5^5 is 6%."""


def mdape(values: Sequence[float]) -> float:
    """Return the median absolute percentage error about the median, a fraction (0.01 is 1%)."""
    centre = median(values)
    return median(abs(value - centre) for value in values) / centre


def coefficient_of_variation(values: Sequence[float]) -> float:
    """Return the sample standard deviation over the mean, a fraction; 0 for a single value."""
    if len(values) < 2:
        return 0.0
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance) / mean


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Return a distribution-free confidence interval of the median from order statistics.

    The ranks are those of the sign test: the number of values below the true
    median is Binomial(n, 1/2), here by its normal approximation (Conover,
    Practical Nonparametric Statistics, 3rd ed., section 3.2). With fewer than
    six values no such interval reaches 95%, so the whole range is given.
    """
    ordered = sorted(values)
    count = len(ordered)
    if count < FEWEST_FOR_INTERVAL:
        return ordered[0], ordered[-1]
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    half_width = z * math.sqrt(count) / 2  # in ranks: Binomial(n, 1/2) deviates by sqrt(n) / 2
    lower = max(0, math.floor(count / 2 - half_width))
    upper = min(count - 1, math.ceil(count / 2 + half_width) - 1)
    return ordered[lower], ordered[upper]


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the ascending values lie, linear between neighbours.

    Definition 7 of Hyndman and Fan, "Sample quantiles in statistical
    packages", The American Statistician 50(4), 1996. Raises ValueError on none.
    """
    if not ordered:
        raise ValueError("a quantile of nothing")
    position = share * (len(ordered) - 1)
    below = min(int(position), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])
