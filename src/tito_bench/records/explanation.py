"""What `benchmark explain` found, as it is shown and written as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from tito_bench import __version__
from tito_bench.explain.causes import NEAR_NATIVE, Cause, find_causes, unexplained_share
from tito_bench.machine.environment import Machine
from tito_bench.measure.evidence import Evidence
from tito_bench.measure.messages import Loaded, ReferenceName
from tito_bench.measure.results import Failure
from tito_bench.measure.summary import OperationSummary, SuiteSummary, Timing
from tito_bench.measure.task_figures import OptimisationFigures
from tito_bench.records.benchmark import (
    FailureRecord,
    SubjectRecord,
    SystemInfo,
    subject_record,
    system_info,
)
from tito_bench.score import points_lost
from tito_bench.workloads.operation import Operation

__all__ = [
    "Explanation",
    "OperationExplanation",
    "OptimisationExplanation",
    "Split",
    "build_explanation",
]


class Split(msgspec.Struct, frozen=True):
    """The time of one call, in ns: `native_ns + dispatch_ns + remaining_ns` is `subject_ns`.

    `dispatch_ns` is that of all array calls that cannot be avoided. `plain_ns` is what the
    same takes with NumPy alone, and `remaining_ns` below 0 that the code beats the reference.
    """

    subject_ns: float
    native_ns: float
    dispatch_ns: float
    remaining_ns: float
    plain_ns: float | None
    slowdown: float
    slowdown_interval: tuple[float, float] | None


class OperationExplanation(msgspec.Struct, frozen=True):
    """One operation, and why it takes as long as it does.

    Attributes
    ----------
    failure
        Why there are no times; there may be evidence even so.
    unseen
        Why there is no evidence.
    points_lost
        Of the score, by this operation; None where it is not scored.
    near_native
        Whether there is nothing to explain.
    unexplained_share
        How much of what remains no cause accounts for, from 0 to 1.
    native_reference, kernel_to_blas
        As in a record: what the native side was, and how near the choice.
    interpreter_share
        Of its time, that in loops of Python, from 0 to 1: they are held against the interpreter.
    """

    name: str
    group: str
    scored: bool
    dispatch_calls: int
    failure: FailureRecord | None
    split: Split | None
    points_lost: float | None
    near_native: bool
    causes: tuple[Cause, ...]
    unexplained_share: float | None
    evidence: Evidence | None
    unseen: FailureRecord | None
    native_reference: ReferenceName = "kernel"
    kernel_to_blas: float | None = None
    interpreter_share: float = 0.0


class OptimisationExplanation(msgspec.Struct, frozen=True):
    """One optimisation of modules 17 and 18: what it gives, or why that is not known."""

    name: str
    figures: OptimisationFigures | None
    failure: FailureRecord | None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One run of `benchmark explain`; the operations that cost most of the score come first."""

    schema: Literal[1] = 1
    kind: Literal["explanation"] = "explanation"
    tito_bench_version: str
    subject: SubjectRecord
    system_info: SystemInfo
    operations: list[OperationExplanation]
    optimisations: list[OptimisationExplanation]


def build_explanation(
    summary: SuiteSummary,
    seen: Mapping[str, Evidence | Failure],
    optimisations: Mapping[str, OptimisationFigures | Failure],
    subject: Loaded,
    machine: Machine,
    *,
    suite: Sequence[Operation],
) -> Explanation:
    """Put all that was found together; `suite` has all operations that share the score."""
    lost = points_lost(_scored(summary, suite))
    operations = [
        _explain(op, seen.get(op.operation.name), lost.get(op.operation.name), subject)
        for op in summary.operations
    ]
    return Explanation(
        tito_bench_version=__version__,
        subject=subject_record(subject),
        system_info=system_info(subject, machine, ()),
        operations=sorted(operations, key=_worst_first),
        optimisations=[
            OptimisationExplanation(
                name,
                found if isinstance(found, OptimisationFigures) else None,
                _failure(found if isinstance(found, Failure) else None),
            )
            for name, found in optimisations.items()
        ],
    )


def _scored(
    summary: SuiteSummary, suite: Sequence[Operation]
) -> dict[str, tuple[str, float | None]]:
    """Return group and slowdown of what has a part in the score; what failed has none, and what
    was not asked for has one of which the slowdown is not known."""
    timings = {op.operation.name: op.timing for op in summary.operations}
    return {
        op.name: (op.group, None if (timing := timings.get(op.name)) is None else timing.slowdown)
        for op in suite
        if op.scored and not (op.name in timings and timings[op.name] is None)
    }


def _explain(
    op: OperationSummary, seen: Evidence | Failure | None, lost: float | None, subject: Loaded
) -> OperationExplanation:
    timing = op.timing
    evidence = seen if isinstance(seen, Evidence) else None
    work = op.result.work
    interpreter_share = 0.0 if work is None else work.interpreter_share
    blas = subject.runtime.blas or "NumPy"
    causes = find_causes(evidence, timing, blas, interpreter_share) if evidence is not None else ()
    near = timing is not None and timing.slowdown <= NEAR_NATIVE
    unexplained = None
    if timing is not None and evidence is not None and not near:
        unexplained = unexplained_share(causes, timing)
    return OperationExplanation(
        name=op.operation.name,
        group=op.operation.group,
        scored=op.operation.scored,
        dispatch_calls=op.operation.dispatch_calls,
        failure=_failure(op.failure),
        split=_split(timing, evidence) if timing is not None else None,
        points_lost=lost,
        near_native=near,
        causes=causes,
        unexplained_share=unexplained,
        evidence=evidence,
        unseen=_failure(seen if isinstance(seen, Failure) else None),
        native_reference=subject.references.name_of(op.operation.name),
        kernel_to_blas=subject.references.ratios.get(op.operation.name),
        interpreter_share=interpreter_share,
    )


def _failure(failure: Failure | None) -> FailureRecord | None:
    return None if failure is None else FailureRecord(failure.kind, failure.reason)


def _split(timing: Timing, evidence: Evidence | None) -> Split:
    plain_ns = None
    if evidence is not None and evidence.times is not None and evidence.times.plain_ns is not None:
        # As a share of the subject's time in the same turns.
        plain_ns = timing.subject_ns * evidence.times.plain_ns / evidence.times.subject_ns
    return Split(
        subject_ns=timing.subject_ns,
        native_ns=timing.native_ns,
        dispatch_ns=timing.reference_ns - timing.native_ns,
        remaining_ns=timing.subject_ns - timing.reference_ns,
        plain_ns=plain_ns,
        slowdown=timing.slowdown,
        slowdown_interval=timing.slowdown_interval,
    )


def _worst_first(operation: OperationExplanation) -> tuple[bool, float]:
    """Order those without a time first, then by what they cost of the score."""
    if operation.split is None:
        return False, 0.0
    weight = operation.points_lost
    return True, -(weight if weight is not None else -1.0 / operation.split.slowdown)
