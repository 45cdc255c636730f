"""How the rounds of each operation fell about their median."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tito_bench.records.benchmark import OperationRecord, kept_slowdowns
from tito_bench.report.numbers import three_digits, times
from tito_bench.statistics import median_interval, quantile

__all__ = ["Strip", "strips_of", "widest_deviation"]

MOST_DOTS = 120
"""So many rounds are drawn; of more, as many quantiles, which show the same distribution."""

_MOST_SHOWN = 0.9
_LEAST_PERCENT = 1.0
_NONE_KNOWN = "too few rounds"


@dataclass(frozen=True)
class Strip:
    """One operation: each kept round as the deviation of its slowdown from the median, in percent.

    Attributes
    ----------
    deviations
        Ascending; quantiles of them where there are more than `MOST_DOTS`.
    interval
        The 95% interval of the median, as deviations in percent; None of too few rounds.
    slowdown_text, interval_text
        The median and its interval as slowdowns.
    """

    name: str
    deviations: tuple[float, ...]
    interval: tuple[float, float] | None
    slowdown_text: str
    interval_text: str
    rounds_kept: int
    rounds_dropped: int

    @property
    def cells(self) -> tuple[str, ...]:
        """Name, slowdown, interval and rounds, as text."""
        return self.name, self.slowdown_text, self.interval_text, self.rounds_text

    @property
    def rounds_text(self) -> str:
        """How many rounds count, and how many do not."""
        text = f"{self.rounds_kept} rounds"
        if self.rounds_dropped:
            text += f", {self.rounds_dropped} slower or interrupted ones left out"
        if self.rounds_kept > MOST_DOTS:
            text += f"; {MOST_DOTS} quantiles drawn"
        return text


def strips_of(operations: Iterable[OperationRecord]) -> tuple[Strip, ...]:
    """Return a strip for each operation that was measured."""
    return tuple(strip for op in operations if (strip := _strip(op)) is not None)


def widest_deviation(strips: Iterable[Strip]) -> float:
    """Return the half width, in percent, of a scale that shows nearly all rounds of all strips.

    What lies beyond belongs at its ends: a few interrupted rounds must not
    squeeze all others into one line.
    """
    found = sorted(abs(each) for strip in strips for each in strip.deviations)
    return max(_LEAST_PERCENT, quantile(found, _MOST_SHOWN)) if found else _LEAST_PERCENT


def _strip(op: OperationRecord) -> Strip | None:
    if op.slowdown is None:
        return None
    centre = op.slowdown
    slowdowns = kept_slowdowns(op)
    deviations = sorted(100 * (each / centre - 1) for each in slowdowns)
    if len(deviations) > MOST_DOTS:
        steps = range(MOST_DOTS)
        deviations = [quantile(deviations, step / (MOST_DOTS - 1)) for step in steps]
    # Computed anew: the first records hold the range where there are too few rounds for one.
    interval = median_interval(slowdowns)
    return Strip(
        op.name.replace("_", " "),
        tuple(deviations),
        None if interval is None else _deviations(interval, centre),
        times(centre),
        _NONE_KNOWN if interval is None else " to ".join(map(three_digits, interval)),
        op.rounds_kept,
        op.rounds_dropped,
    )


def _deviations(interval: tuple[float, float], centre: float) -> tuple[float, float]:
    low, high = interval
    return 100 * (low / centre - 1), 100 * (high / centre - 1)
