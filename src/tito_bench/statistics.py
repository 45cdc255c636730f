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
    "student_t",
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


def median_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the distribution-free 95% interval of the median from order statistics.

    The ranks are those of the sign test: the number of values below the true
    median is Binomial(n, 1/2), here by its normal approximation (Conover,
    Practical Nonparametric Statistics, 3rd ed., section 3.2). None with fewer
    than six values, of which not even the whole range reaches 95%.
    """
    ordered = sorted(values)
    count = len(ordered)
    if count < FEWEST_FOR_INTERVAL:
        return None
    z = NormalDist().inv_cdf(0.975)
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


def student_t(freedom: float) -> float:
    """Return how far 95% of Student's t distribution reach to each side of 0.

    By its expansion about the normal quantile (Abramowitz and Stegun, Handbook of
    Mathematical Functions, 26.7.5), with `freedom` degrees, which need not be whole: within
    1% from 2 degrees on, and within 0.1% from 4. Raises ValueError below 2.
    """
    if freedom < 2:
        raise ValueError("too few degrees of freedom")
    x = NormalDist().inv_cdf(0.975)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + math.fsum(term / freedom**power for power, term in enumerate(terms, 1))
