"""How the rounds of each operation fell about their median."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tito_bench.measure.messages import Reading
from tito_bench.measure.results import PairedRound
from tito_bench.measure.summary import kept_slowdowns
from tito_bench.records.benchmark import OperationRecord, Samples
from tito_bench.report.numbers import three_digits, times
from tito_bench.statistics import quantile

__all__ = ["Strip", "strips_of", "widest_deviation"]

MOST_DOTS = 120
"""So many rounds are drawn; of more, as many quantiles, which show the same distribution."""

_MOST_SHOWN = 0.9
_LEAST_PERCENT = 1.0


@dataclass(frozen=True)
class Strip:
    """One operation: each kept round as the deviation of its slowdown from the median, in percent.

    Attributes
    ----------
    deviations
        Ascending; quantiles of them where there are more than `MOST_DOTS`.
    interval
        The 95% interval of the median, as deviations in percent.
    slowdown_text, interval_text
        The median and its interval as slowdowns.
    """

    name: str
    deviations: tuple[float, ...]
    interval: tuple[float, float]
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
            text += f", {self.rounds_dropped} interrupted and left out"
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
    if op.slowdown is None or op.slowdown_interval is None:
        return None
    centre = op.slowdown
    rounds, kept = _rounds(op.samples), op.samples.kept
    ratios = kept_slowdowns(rounds, kept, op.dispatch_calls, op.work, waits=op.waits)
    deviations = sorted(100 * (ratio / centre - 1) for ratio in ratios)
    if len(deviations) > MOST_DOTS:
        steps = range(MOST_DOTS)
        deviations = [quantile(deviations, step / (MOST_DOTS - 1)) for step in steps]
    low, high = op.slowdown_interval
    return Strip(
        op.name.replace("_", " "),
        tuple(deviations),
        (100 * (low / centre - 1), 100 * (high / centre - 1)),
        times(centre),
        f"{three_digits(low)} to {three_digits(high)}",
        op.rounds_kept,
        op.rounds_dropped,
    )


def _rounds(samples: Samples) -> list[PairedRound]:
    """Return the rounds in a record; it has no times of other threads of the worker."""
    columns = zip(
        samples.subject_loops,
        samples.subject_wall_ns,
        samples.subject_cpu_ns,
        samples.subject_process_cpu_ns,
        samples.subject_waits,
        samples.native_loops,
        samples.native_wall_ns,
        samples.native_cpu_ns,
        samples.dispatch_loops,
        samples.dispatch_cpu_ns,
        strict=True,
    )
    return [
        PairedRound(
            Reading(*subject),
            Reading(loops, wall_ns, cpu_ns, cpu_ns, -1),
            Reading(calls, calls_ns, calls_ns, calls_ns, -1),
            0,
            0,
        )
        for *subject, loops, wall_ns, cpu_ns, calls, calls_ns in columns
    ]
