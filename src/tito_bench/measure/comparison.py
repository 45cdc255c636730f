"""Whether one measurement is faster than another: ratios with intervals. Pure arithmetic.

Each slowdown is a median with a distribution-free interval from the order
statistics of its rounds; a logarithm keeps both, because it keeps the order.
The interval of the difference of two such medians, taken independently, is
recovered from their two intervals (MOVER: Zou and Donner, "Construction of
confidence limits about effect measures: a general approach", Statistics in
Medicine 27(10), 2008, equation 3):

    d     = log after - log before
    lower = d - sqrt((log after - log after.low)^2 + (log before.high - log before)^2)
    upper = d + sqrt((log after.high - log after)^2 + (log before - log before.low)^2)

It need not be symmetric, and equals the quadrature of `measure.summary` where
both are. Exchanging the two sides exchanges and negates the limits exactly.

Of two to five rounds no order statistics give 95%. There the logarithm of the
slowdown is taken as normally distributed, and the interval of its median is

    log slowdown +- t * (log high - log low)

low and high being the ends of the whole range (Dean and Dixon, "Simplified
statistics for small numbers of observations", Analytical Chemistry 23(4),
1951). They tabulate t for the mean; `_RANGES` has it for the median. One round
has no interval, nor have a few that are all the same, and they are never separated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tito_bench.score import operation_weights
from tito_bench.statistics import FEWEST_FOR_INTERVAL

__all__ = ["Change", "Estimate", "Ratio", "combine", "compare", "estimate"]

Change = Literal["faster", "slower", "not separated"]

_RANGES = {2: 6.353, 3: 1.342, 4: 0.738, 5: 0.560}
"""By the number of values from a normal distribution: |median - mean of the distribution| is at
most so many times their range with a probability of 95% (for 3 to 5 by simulation)."""

_BOUNDLESS = 50.0
"""An interval whose logarithm reaches further (1e21 times) says nothing."""


@dataclass(frozen=True)
class Estimate:
    """A slowdown and from how many rounds: the ends are those of its 95% interval, of fewer
    than six rounds those of their whole range."""

    value: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True)
class Ratio:
    """After over before: 2.0 means that it takes twice as long now.

    `low` and `high` are its 95% interval; None where rounds are too few to have one.
    `change` is the one word for it: only an interval that leaves out 1
    separates the two.
    """

    value: float
    low: float | None
    high: float | None
    change: Change


@dataclass(frozen=True)
class _LogRatio:
    """log(after / before), and how far its interval reaches to each side, which may be inf."""

    centre: float
    below: float
    above: float


def estimate(
    value: float | None, interval: tuple[float, float] | None, rounds: int
) -> Estimate | None:
    """An estimate of what a record says; None where that is no positive number within its
    interval, as it is in every record that was measured."""
    if value is None or interval is None:
        return None
    low, high = interval
    if not 0 < low <= value <= high < math.inf:
        return None
    return Estimate(value, low, high, rounds)


def compare(before: Estimate, after: Estimate) -> Ratio:
    """The ratio of two slowdowns."""
    return _ratio(_log_ratio(before, after))


def combine(groups: Sequence[Sequence[tuple[Estimate, Estimate]]]) -> Ratio:
    """The geometric mean of the groups, each that of its (before, after) pairs.

    Operations are measured independently, so that their intervals add in
    quadrature, each with its weight. Raises ValueError without any pair.
    """
    if not groups or not all(groups):
        raise ValueError("a ratio of nothing")
    pairs = [(str(number), pair) for number, group in enumerate(groups) for pair in group]
    weights = operation_weights([group for group, _ in pairs])
    parts = [
        (weight, _log_ratio(before, after))
        for weight, (_, (before, after)) in zip(weights, pairs, strict=True)
    ]
    return _ratio(
        _LogRatio(
            math.fsum(weight * part.centre for weight, part in parts),
            math.hypot(*(weight * part.below for weight, part in parts)),
            math.hypot(*(weight * part.above for weight, part in parts)),
        )
    )


def _log_ratio(before: Estimate, after: Estimate) -> _LogRatio:
    was_below, was_above = _reach(before)
    now_below, now_above = _reach(after)
    return _LogRatio(
        math.log(after.value) - math.log(before.value),
        math.hypot(now_below, was_above),
        math.hypot(now_above, was_below),
    )


def _reach(one: Estimate) -> tuple[float, float]:
    """How far the 95% interval of the logarithm reaches below and above it."""
    low, value, high = map(math.log, (one.low, one.value, one.high))
    if one.rounds >= FEWEST_FOR_INTERVAL:
        return value - low, high - value
    if one.rounds not in _RANGES or low == high:
        return math.inf, math.inf
    reach = _RANGES[one.rounds] * (high - low)
    return reach, reach


def _ratio(log: _LogRatio) -> Ratio:
    value = math.exp(log.centre)
    if max(log.below, log.above) > _BOUNDLESS:
        return Ratio(value, None, None, "not separated")
    low, high = log.centre - log.below, log.centre + log.above
    change: Change = "slower" if low > 0 else "faster" if high < 0 else "not separated"
    return Ratio(value, math.exp(low), math.exp(high), change)
