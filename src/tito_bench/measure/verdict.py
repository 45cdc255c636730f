"""Whether a result can be trusted: stable, unstable or invalid, with reasons as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tito_bench.measure.protocol import Loaded
from tito_bench.measure.summary import SuiteSummary

__all__ = ["Code", "Reason", "Status", "Verdict", "judge"]

Status = Literal["stable", "unstable", "invalid"]
Code = Literal[
    "failed_operation",
    "other_processes",
    "other_threads",
    "wide_interval",
    "noisy_operation",
    "blas_threads",
]

_WIDEST_SCORE_INTERVAL = 2.0  # points from end to end
_NOISIEST_MDAPE = 0.05


@dataclass(frozen=True)
class Reason:
    """One fact behind a verdict: `what` names the operation or library, `value` the figure."""

    code: Code
    what: str
    value: str


@dataclass(frozen=True)
class Verdict:
    """`invalid` when an operation failed, else `unstable` when there is any reason."""

    status: Status
    reasons: tuple[Reason, ...]


def judge(summary: SuiteSummary, subject: Loaded) -> Verdict:
    """Judge a run by its own figures."""
    failed = [
        Reason("failed_operation", op.operation.name, op.failure.reason)
        for op in summary.operations
        if op.failure is not None and op.failure.kind != "missing"
    ]
    failed.extend(
        Reason("other_threads", op.operation.name, f"{100 * op.other_threads:.0f}%")
        for op in summary.operations
        if op.worked_beside
    )
    if summary.processes_started:
        failed.append(Reason("other_processes", "the code", str(summary.processes_started)))
    doubts = []
    if summary.score_interval is not None:
        low, high = summary.score_interval
        if high - low > _WIDEST_SCORE_INTERVAL:
            doubts.append(Reason("wide_interval", "score", f"{low:.1f} to {high:.1f}"))
    doubts.extend(
        Reason("noisy_operation", op.operation.name, f"{100 * op.timing.mdape:.1f}%")
        for op in summary.operations
        if op.timing is not None and op.operation.scored and op.timing.mdape > _NOISIEST_MDAPE
    )
    threads = subject.runtime.blas_threads
    if threads != 1:
        shown = "unknown" if threads is None else str(threads)
        doubts.append(Reason("blas_threads", subject.runtime.blas or "BLAS", shown))
    if failed:
        return Verdict("invalid", (*failed, *doubts))
    return Verdict("unstable" if doubts else "stable", tuple(doubts))
