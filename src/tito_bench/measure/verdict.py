"""Whether a result can be trusted: stable, unstable or invalid, with reasons as data."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import UNSET

from tito_bench.machine.environment import Runtime
from tito_bench.measure.results import HARMLESS, PairedRound
from tito_bench.measure.summary import OperationSummary, SuiteSummary
from tito_bench.note import Note
from tito_bench.score import POINTS_PER_DOUBLING
from tito_bench.statistics import median

__all__ = [
    "UNMEASURED_WORK",
    "Code",
    "Status",
    "Verdict",
    "doubts_of",
    "judge",
    "reason",
    "status_of",
]

Status = Literal["stable", "unstable", "invalid"]
Code = Literal[
    "failed_operation",
    "other_processes",
    "other_threads",
    "wide_interval",
    "noisy_operation",
    "preempted",
    "drift",
    "blas_threads",
    "slower_than_calibrated",
    "false_result",
    "forced_kernel_target",
    "dearer_dispatch",
    "edited_installation",
]

UNMEASURED_WORK = frozenset({"other_processes", "other_threads"})
"""Codes of work that was not measured, which leaves no score."""
_INVALIDATING = UNMEASURED_WORK | {"failed_operation", "false_result"}
_WIDEST_HALF_INTERVAL = 1.0
"""Points. Runs go on until 0.5 is reached; twice that says that they could not."""
_NOISIEST_MDAPE = 0.1
"""With 45 rounds even this leaves the median known to about 4%."""
_MOST_PREEMPTED = 0.5
_LARGEST_DRIFT = 1.0
"""Points between the first and the last third of the rounds."""
_FEWEST_FOR_DRIFT = 9
_DEARER_DISPATCH = 1.3
"""Other programs on the same core move it by a tenth; what is below costs less than a point."""
_DOUBTFUL = frozenset({"forced_kernel_target", "edited_installation"})
"""Codes of warnings about the machine that say that a score is not what it seems."""


class Verdict(msgspec.Struct, frozen=True):
    """`invalid` where something makes a score dishonest, else `unstable` for any doubt."""

    status: Status
    reasons: tuple[Note, ...]


def judge(summary: SuiteSummary, runtime: Runtime, further: Sequence[Note] = ()) -> Verdict:
    """Judge a run by its own figures; `further` doubts come from elsewhere."""
    reasons = (
        *_failures(summary),
        *_unmeasured_work(summary),
        *_uncertainty(summary),
        *_disturbance(summary),
        *_threads(runtime),
        *_dispatch(summary),
        *further,
    )
    return Verdict(status_of([note.code for note in reasons]), reasons)


def status_of(codes: Collection[str]) -> Status:
    """Return what reasons with these codes come to."""
    if not _INVALIDATING.isdisjoint(codes):
        return "invalid"
    return "unstable" if codes else "stable"


def doubts_of(environment: Sequence[Note]) -> tuple[Note, ...]:
    """Return what of the findings about the machine is a reason to doubt the score."""
    return tuple(
        Note(note.code, UNSET, note.what, note.value)
        for note in environment
        if note.code in _DOUBTFUL and note.severity == "warning"
    )


def reason(code: Code, what: str, value: str) -> Note:
    """Return a reason of a verdict: `what` names the operation or library, `value` the figure."""
    return Note(code, UNSET, what, value)


def _failures(summary: SuiteSummary) -> Iterator[Note]:
    for op in summary.operations:
        if op.failure is not None and op.failure.kind not in HARMLESS:
            yield reason("failed_operation", op.operation.name, op.failure.reason)


def _unmeasured_work(summary: SuiteSummary) -> Iterator[Note]:
    for op in summary.operations:
        if op.worked_beside:
            yield reason("other_threads", op.operation.name, f"{100 * op.other_threads:.0f}%")
    if summary.processes_started:
        yield reason("other_processes", "the code", str(summary.processes_started))


def _uncertainty(summary: SuiteSummary) -> Iterator[Note]:
    if summary.score_interval is not None:
        low, high = summary.score_interval
        if high - low > 2 * _WIDEST_HALF_INTERVAL:
            yield reason("wide_interval", "score", f"{low:.1f} to {high:.1f}")
    for op in _scored(summary):
        if op.timing is not None and op.timing.mdape > _NOISIEST_MDAPE:
            yield reason("noisy_operation", op.operation.name, f"{100 * op.timing.mdape:.0f}%")


def _disturbance(summary: SuiteSummary) -> Iterator[Note]:
    timings = [op.timing for op in _scored(summary) if op.timing is not None]
    preempted = [disturbed for timing in timings for disturbed in timing.preempted]
    if preempted and sum(preempted) / len(preempted) > _MOST_PREEMPTED:
        share = sum(preempted) / len(preempted)
        yield reason("preempted", "rounds", f"{100 * share:.0f}%")
    points = _drift(summary)
    if points is not None and abs(points) > _LARGEST_DRIFT:
        yield reason("drift", "score", f"{points:+.1f}")


def _drift(summary: SuiteSummary) -> float | None:
    """Return how many points the score of the last third of rounds lies above the first's."""
    logs = []
    for op in _scored(summary):
        rounds = op.result.rounds
        if op.timing is None or len(rounds) < _FEWEST_FOR_DRIFT:
            continue
        third = len(rounds) // 3
        logs.append(math.log2(_ratio(rounds[:third]) / _ratio(rounds[-third:])))
    return POINTS_PER_DOUBLING * sum(logs) / len(logs) if logs else None


def _ratio(rounds: Sequence[PairedRound]) -> float:
    return median([paired.subject.call_ns / paired.native.call_ns for paired in rounds])


def _threads(runtime: Runtime) -> Iterator[Note]:
    threads = runtime.blas_threads
    if threads != 1:
        shown = "unknown" if threads is None else str(threads)
        yield reason("blas_threads", runtime.blas or "BLAS", shown)


def _dispatch(summary: SuiteSummary) -> Iterator[Note]:
    for op in _scored(summary):
        change = median([paired.dispatch_change for paired in op.result.rounds] or [1.0])
        if change > _DEARER_DISPATCH:
            yield reason("dearer_dispatch", op.operation.name, f"{change:.1f}")


def _scored(summary: SuiteSummary) -> Iterator[OperationSummary]:
    return (op for op in summary.operations if op.operation.scored)
