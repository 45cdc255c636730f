"""From the rounds of a run to slowdowns, groups and one score. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tito_bench import score as scoring
from tito_bench.measure.results import HARMLESS, Failure, OperationResult
from tito_bench.measure.sampling import Stops, fastest_rounds, waits
from tito_bench.score import Work
from tito_bench.statistics import mdape, median, median_interval
from tito_bench.workloads.operation import Operation

__all__ = [
    "Figures",
    "GroupSummary",
    "OperationSummary",
    "SuiteSummary",
    "Timing",
    "round_figures",
    "round_slowdowns",
    "score_interval",
    "summarise",
]

_PREEMPTED = 1.05
"""A sample that took 5% more wall time than CPU time shared its core with something else."""
_FEWEST_KEPT = 3
_IDLE_THREADS = 0.05
"""Other threads of the worker may take this share of the measuring thread's CPU time."""


@dataclass(frozen=True)
class Figures:
    """What the kept rounds of one operation say. Times are medians, in ns.

    `reference_ns` is what a Python program must pay: the kernel and the array
    calls that it cannot avoid. `slowdown` is the median of the ratios of the
    single rounds, not the ratio of the medians; fewer than six have no interval.
    """

    subject_ns: float
    native_ns: float
    dispatch_ns: float
    reference_ns: float
    slowdown: float
    slowdown_interval: tuple[float, float] | None
    mdape: float


@dataclass(frozen=True)
class Timing(Figures):
    """The figures of one operation, and of which rounds they are.

    `waits` says that the subject waits in its calls, so that its times are those
    of the wall clock.
    """

    waits: bool
    kept: tuple[bool, ...]
    preempted: tuple[bool, ...]


@dataclass(frozen=True)
class OperationSummary:
    """One operation: its timing, or its failure."""

    result: OperationResult
    timing: Timing | None

    @property
    def operation(self) -> Operation:
        """What was measured."""
        return self.result.operation

    @property
    def failure(self) -> Failure | None:
        """Why it has no timing."""
        return self.result.failure

    @property
    def other_threads(self) -> float:
        """CPU time of other threads of the worker, as a share of the measuring thread's."""
        own_ns = sum(paired.own_cpu_ns for paired in self.result.rounds)
        others_ns = sum(paired.others_cpu_ns for paired in self.result.rounds)
        return others_ns / own_ns if own_ns else 0.0

    @property
    def worked_beside(self) -> bool:
        """Whether other threads worked beside the measured calls."""
        return self.other_threads > _IDLE_THREADS


@dataclass(frozen=True)
class GroupSummary:
    """One group of the score: geometric means of its scored operations.

    All numbers are None where one of them was not measured; `reason` says why.
    """

    name: str
    subject_ns: float | None
    reference_ns: float | None
    slowdown: float | None
    reason: str | None

    @property
    def subject_ms(self) -> float | None:
        """The subject's time in ms."""
        return None if self.subject_ns is None else self.subject_ns / 1e6


@dataclass(frozen=True)
class SuiteSummary:
    """A whole run. `score` is None where nothing, or nothing honest, can be scored."""

    operations: tuple[OperationSummary, ...]
    groups: tuple[GroupSummary, ...]
    processes_started: int
    composite: float | None
    score: float | None
    score_interval: tuple[float, float] | None

    @property
    def half_interval(self) -> float | None:
        """Half the width of the score's interval, in points."""
        if self.score_interval is None:
            return None
        return (self.score_interval[1] - self.score_interval[0]) / 2


def summarise(results: Sequence[OperationResult], processes_started: int = 0) -> SuiteSummary:
    """Summarise a run.

    A group whose code is not exported yet is left out of the score. A wrong
    result, an exception, a crash or a hang leaves no score at all: otherwise
    breaking the slowest operation would raise it. Nor does work in other
    threads or processes, for what it did was not measured.
    """
    # Of all operations together: what a single slow subject is beside may be too short to have
    # been stopped even once.
    stops = Stops.of(
        paired.whole_native or paired.native for result in results for paired in result.rounds
    )
    operations = tuple(_summarise_operation(result, stops) for result in results)
    names = dict.fromkeys(op.operation.group for op in operations if op.operation.scored)
    groups = tuple(_summarise_group(name, operations) for name in names)
    slowdowns = [group.slowdown for group in groups if group.slowdown is not None]
    dishonest = processes_started > 0 or any(
        op.worked_beside or (op.failure is not None and op.failure.kind not in HARMLESS)
        for op in operations
    )
    if not slowdowns or dishonest:
        return SuiteSummary(operations, groups, processes_started, None, None, None)
    composite = scoring.composite_slowdown(slowdowns)
    counted = {group.name for group in groups if group.slowdown is not None}
    intervals = [
        (op.operation.group, op.timing.slowdown_interval)
        for op in operations
        if op.operation.group in counted and op.operation.scored and op.timing is not None
    ]
    return SuiteSummary(
        operations,
        groups,
        processes_started,
        composite,
        scoring.score(composite),
        score_interval(composite, intervals),
    )


def _summarise_operation(result: OperationResult, stops: Stops) -> OperationSummary:
    if result.failure is not None or not result.rounds:
        return OperationSummary(result, None)
    return OperationSummary(result, _time(result, stops))


def _time(result: OperationResult, stops: Stops) -> Timing:
    operation, rounds = result.operation, result.rounds
    waiting = waits([paired.whole_subject or paired.subject for paired in rounds], stops)
    preempted = tuple(
        max(paired.subject.preemption, paired.native.preemption) > _PREEMPTED for paired in rounds
    )
    kept = _kept(preempted, [paired.subject.call_ns for paired in rounds], waits=waiting)
    used = [paired for paired, keep in zip(rounds, kept, strict=True) if keep]
    figures = round_figures(
        [paired.subject.elapsed_ns if waiting else paired.subject.call_ns for paired in used],
        [paired.native.call_ns for paired in used],
        [paired.dispatch.call_ns for paired in used],
        dispatch_calls=operation.dispatch_calls,
        work=result.work,
    )
    return Timing(**vars(figures), waits=waiting, kept=kept, preempted=preempted)


def round_figures(
    subject_ns: Sequence[float],
    native_ns: Sequence[float],
    dispatch_ns: Sequence[float],
    *,
    dispatch_calls: int,
    work: Work | None,
) -> Figures:
    """Return the figures of an operation from the times of one call in each kept round.

    This is the arithmetic of a run, and of the check of a record that is read.
    """
    ratios = round_slowdowns(
        subject_ns, native_ns, dispatch_ns, dispatch_calls=dispatch_calls, work=work
    )
    typical_native_ns, typical_dispatch_ns = median(native_ns), median(dispatch_ns)
    return Figures(
        subject_ns=median(subject_ns),
        native_ns=typical_native_ns,
        dispatch_ns=typical_dispatch_ns,
        reference_ns=typical_native_ns + dispatch_calls * typical_dispatch_ns,
        slowdown=median(ratios),
        slowdown_interval=median_interval(ratios),
        mdape=mdape(ratios),
    )


def round_slowdowns(
    subject_ns: Sequence[float],
    native_ns: Sequence[float],
    dispatch_ns: Sequence[float],
    *,
    dispatch_calls: int,
    work: Work | None,
) -> list[float]:
    """Return the slowdown of each round, from the times of one call; `work` as it was metered."""
    return [
        scoring.slowdown(
            subject, native, dispatch_calls=dispatch_calls, dispatch_ns=dispatch, work=work
        )
        for subject, native, dispatch in zip(subject_ns, native_ns, dispatch_ns, strict=True)
    ]


def _kept(
    preempted: Sequence[bool], subject_ns: Sequence[float], *, waits: bool
) -> tuple[bool, ...]:
    """Tell which rounds count: the fastest of those not preempted, or of all where too few would
    be left.

    A subject that waits looks preempted in every round and is not: of it all count.
    """
    if waits:
        return (True,) * len(preempted)
    calm = [number for number, disturbed in enumerate(preempted) if not disturbed]
    if len(calm) < _FEWEST_KEPT:
        calm = list(range(len(preempted)))
    kept = {calm[place] for place in fastest_rounds([subject_ns[number] for number in calm])}
    return tuple(number in kept for number in range(len(preempted)))


def _summarise_group(name: str, operations: Sequence[OperationSummary]) -> GroupSummary:
    members = [op for op in operations if op.operation.group == name and op.operation.scored]
    timings = [op.timing for op in members if op.timing is not None]
    if len(timings) < len(members):
        reasons = dict.fromkeys(op.failure.reason for op in members if op.failure is not None)
        return GroupSummary(name, None, None, None, "; ".join(reasons))
    return GroupSummary(
        name,
        scoring.geometric_mean(timing.subject_ns for timing in timings),
        scoring.geometric_mean(timing.reference_ns for timing in timings),
        scoring.geometric_mean(timing.slowdown for timing in timings),
        None,
    )


def score_interval(
    composite: float, intervals: Sequence[tuple[str, tuple[float, float] | None]]
) -> tuple[float, float] | None:
    """Return the 95% interval of the score of a composite slowdown; None where one has none.

    `intervals` are those of the slowdowns of the scored operations, each with its group.
    The operations are measured independently, so that the half-widths of their logarithms
    add in quadrature, each with its weight in the composite.
    """
    weights = scoring.operation_weights([group for group, _ in intervals])
    parts = []
    for weight, (_, interval) in zip(weights, intervals, strict=True):
        if interval is None:
            return None
        low, high = interval
        parts.append(weight * math.log(high / low) / 2)
    spread = math.hypot(*parts)
    return (
        scoring.score(composite * math.exp(spread)),
        scoring.score(composite * math.exp(-spread)),
    )
