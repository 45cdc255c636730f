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
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tito_bench.measure.statistics import FEWEST_FOR_INTERVAL

__all__ = ["Change", "Estimate", "Ratio", "combine", "compare", "estimate"]

Change = Literal["faster", "slower", "not separated"]


@dataclass(frozen=True)
class Estimate:
    """A slowdown with its 95% interval, and from how many rounds."""

    value: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True)
class Ratio:
    """After over before: 2.0 means that it takes twice as long now.

    `low` and `high` are its 95% interval. `change` is the one word for it:
    only an interval that leaves out 1 separates the two.
    """

    value: float
    low: float
    high: float
    change: Change


@dataclass(frozen=True)
class _LogRatio:
    """log(after / before), and how far its interval reaches to each side."""

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
    enough = min(before.rounds, after.rounds) >= FEWEST_FOR_INTERVAL
    return _ratio(_log_ratio(before, after), enough)


def combine(groups: Sequence[Sequence[tuple[Estimate, Estimate]]]) -> Ratio:
    """The geometric mean of the groups, each that of its (before, after) pairs.

    Operations are measured independently, so that their intervals add in
    quadrature, each with its weight. Raises ValueError without any pair.
    """
    if not groups or not all(groups):
        raise ValueError("a ratio of nothing")
    parts = [
        (1 / (len(groups) * len(group)), _log_ratio(before, after))
        for group in groups
        for before, after in group
    ]
    enough = all(
        min(before.rounds, after.rounds) >= FEWEST_FOR_INTERVAL
        for group in groups
        for before, after in group
    )
    return _ratio(
        _LogRatio(
            math.fsum(weight * part.centre for weight, part in parts),
            math.hypot(*(weight * part.below for weight, part in parts)),
            math.hypot(*(weight * part.above for weight, part in parts)),
        ),
        enough,
    )


def _log_ratio(before: Estimate, after: Estimate) -> _LogRatio:
    was, was_low, was_high = map(math.log, (before.value, before.low, before.high))
    now, now_low, now_high = map(math.log, (after.value, after.low, after.high))
    return _LogRatio(
        now - was,
        math.hypot(now - now_low, was_high - was),
        math.hypot(now_high - now, was - was_low),
    )


def _ratio(log: _LogRatio, enough: bool) -> Ratio:
    low, high = log.centre - log.below, log.centre + log.above
    change: Change = "not separated"
    if enough and low > 0:
        change = "slower"
    elif enough and high < 0:
        change = "faster"
    return Ratio(math.exp(log.centre), math.exp(low), math.exp(high), change)
