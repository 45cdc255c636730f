"""The benchmark record: what one run measured, as it is kept in `.tito/benchmarks/`.

Immutable once written. It holds no host name, no user name, no path of the
home folder. Times are in ns unless the name says ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import compress
from typing import Annotated, Literal

import msgspec

from tito_bench import __version__
from tito_bench.foreign_json import without_bom
from tito_bench.machine.environment import Machine, Runtime
from tito_bench.measure.messages import (
    BlasProblem,
    FailureKind,
    Loaded,
    ReferenceName,
    References,
    counted_ns,
)
from tito_bench.measure.results import PairedRound
from tito_bench.measure.summary import (
    Figures,
    OperationSummary,
    SuiteSummary,
    round_figures,
    round_slowdowns,
)
from tito_bench.measure.verdict import Verdict
from tito_bench.note import Note
from tito_bench.records.schema import record_bytes
from tito_bench.score import Work
from tito_bench.statistics import FEWEST_FOR_INTERVAL
from tito_bench.subjects.code_origin import CodeOrigin
from tito_bench.workloads.definition import definition_hash

__all__ = [
    "MOSTLY_LOOPS",
    "BenchmarkRecord",
    "FailureRecord",
    "NormalizedMetrics",
    "OperationRecord",
    "RawMetrics",
    "Samples",
    "SubjectRecord",
    "SystemInfo",
    "build_record",
    "decode_record",
    "encode_record",
    "kept_figures",
    "kept_slowdowns",
    "known_interval",
    "operation_record",
    "subject_record",
    "system_info",
]


MOSTLY_LOOPS = 0.5
"""From this share of the time on an operation is said to be one of loops."""

_LARGEST = 2**63 - 1  # ns: 292 years
Count = Annotated[int, msgspec.Meta(ge=1, le=_LARGEST)]
Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]


class SubjectRecord(msgspec.Struct, frozen=True):
    """Whose code was measured; paths are relative to the project.

    `origin` is null of NumPy, and was not there before.
    """

    name: str
    version: str | None
    file: str | None
    files: dict[str, str]
    fingerprint: str | None
    note: str | None
    origin: CodeOrigin | None = None


class SystemInfo(msgspec.Struct, frozen=True):
    """On what it was measured, and under which circumstances.

    `blas_problem` says why NumPy's BLAS could not be a native reference.
    """

    machine: Machine
    runtime: Runtime
    environment: list[Note]
    blas_problem: BlasProblem | None = None


class FailureRecord(msgspec.Struct, frozen=True):
    """Why an operation has no numbers."""

    kind: FailureKind
    reason: str


class Samples(msgspec.Struct, frozen=True):
    """The raw readings, one column each, one row a round; times of the whole sample.

    All figures of an operation follow from them. Of kernel and array call the CPU time
    is that which counts: of all threads, where several worked.
    """

    kept: list[bool]
    subject_loops: list[Count]
    subject_wall_ns: list[Nanoseconds]
    subject_cpu_ns: list[Nanoseconds]
    subject_process_cpu_ns: list[Nanoseconds]
    subject_waits: list[int]
    native_loops: list[Count]
    native_wall_ns: list[Nanoseconds]
    native_cpu_ns: list[Nanoseconds]
    dispatch_loops: list[Count]
    dispatch_cpu_ns: list[Nanoseconds]


class OperationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. The numbers are null where `failure` says why.

    `reference_ns` is `native_ns + dispatch_calls * dispatch_ns`. Loops of Python
    count otherwise (score.py): `work` says how large their share is. A subject
    that `waits` in its calls is timed by the wall clock. `definition`
    is the hash of what was measured. The first records had neither.
    `native_reference` says what the native side was, "kernel" or "blas": the faster one.
    `kernel_to_blas` is how many times as long as NumPy's BLAS the kernel takes, null where
    there was nothing to choose.
    """

    name: str
    group: str
    version: int
    definition: str | None = None
    scored: bool
    dispatch_calls: int
    failure: FailureRecord | None
    subject_ns: float | None
    native_ns: float | None
    dispatch_ns: float | None
    reference_ns: float | None
    slowdown: float | None
    slowdown_interval: tuple[float, float] | None
    mdape: float | None
    rounds_kept: int
    rounds_dropped: int
    samples: Samples
    work: Work | None = None
    waits: bool = False
    native_reference: ReferenceName = "kernel"
    kernel_to_blas: float | None = None

    @property
    def is_looped(self) -> bool:
        """Whether most of its time goes into loops of Python, held against the interpreter."""
        return self.work is not None and self.work.interpreter_share > MOSTLY_LOOPS


class RawMetrics(msgspec.Struct, frozen=True):
    """Geometric means of the subject's times, in ms, by group; not comparable across machines."""

    tensor_ops_ms: float | None
    matmul_ms: float | None
    forward_pass_ms: float | None


class NormalizedMetrics(msgspec.Struct, frozen=True):
    """Slowdowns by group, their composite, and the score: comparable across machines."""

    slowdowns: dict[str, float | None]
    composite: float | None
    score: float | None
    score_interval: tuple[float, float] | None


class BenchmarkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One run of `benchmark baseline`."""

    schema: Literal[1] = 1
    kind: Literal["baseline"]
    created_at: str
    tito_bench_version: str
    subject: SubjectRecord
    system_info: SystemInfo
    operations: list[OperationRecord]
    raw_metrics: RawMetrics
    normalized_metrics: NormalizedMetrics
    verdict: Verdict


def build_record(
    summary: SuiteSummary,
    subject: Loaded,
    machine: Machine,
    environment: Sequence[Note],
    verdict: Verdict,
    now: datetime,
) -> BenchmarkRecord:
    """Put a run's summary into its record; `now` is an aware UTC time."""
    groups = {group.name: group for group in summary.groups}
    return BenchmarkRecord(
        kind="baseline",
        created_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        tito_bench_version=__version__,
        subject=subject_record(subject),
        system_info=system_info(subject, machine, environment),
        operations=[operation_record(op, subject.references) for op in summary.operations],
        raw_metrics=RawMetrics(
            tensor_ops_ms=groups["tensor_ops"].subject_ms,
            matmul_ms=groups["matmul"].subject_ms,
            forward_pass_ms=groups["forward_pass"].subject_ms,
        ),
        normalized_metrics=NormalizedMetrics(
            {name: group.slowdown for name, group in groups.items()},
            summary.composite,
            summary.score,
            summary.score_interval,
        ),
        verdict=verdict,
    )


def known_interval(
    interval: tuple[float, float] | None, operations: Sequence[OperationRecord]
) -> tuple[float, float] | None:
    """Return the interval of a score, or None where it is none.

    The first records have it always: of fewer than six rounds of an operation they hold the
    whole range, which does not reach 95% (`statistics.median_interval`).
    """
    scored = [op for op in operations if op.scored and op.slowdown is not None]
    if any(op.rounds_kept < FEWEST_FOR_INTERVAL for op in scored):
        return None
    return interval


def kept_slowdowns(op: OperationRecord) -> list[float]:
    """Return the slowdown of each kept round. Raises ZeroDivisionError where one took no time."""
    return round_slowdowns(*_kept_times(op), dispatch_calls=op.dispatch_calls, work=op.work)


def kept_figures(op: OperationRecord) -> Figures:
    """Return what the kept rounds say, by the arithmetic of the run; raises as the above."""
    return round_figures(*_kept_times(op), dispatch_calls=op.dispatch_calls, work=op.work)


def _kept_times(op: OperationRecord) -> tuple[list[float], list[float], list[float]]:
    """Return what a call of the subject, native side and array call took in each kept round."""
    taken = op.samples
    spent = map(counted_ns, taken.subject_cpu_ns, taken.subject_process_cpu_ns)
    subject_ns = _per_call(spent, taken.subject_loops)
    if op.waits:
        elapsed_ns = _per_call(taken.subject_wall_ns, taken.subject_loops)
        subject_ns = list(map(max, subject_ns, elapsed_ns))
    sides = (
        subject_ns,
        _per_call(taken.native_cpu_ns, taken.native_loops),
        _per_call(taken.dispatch_cpu_ns, taken.dispatch_loops),
    )
    subject, native, dispatch = (list(compress(side, taken.kept)) for side in sides)
    return subject, native, dispatch


def _per_call(spent_ns: Iterable[int], loops: Sequence[int]) -> list[float]:
    return [ns / count for ns, count in zip(spent_ns, loops, strict=True)]


def subject_record(subject: Loaded) -> SubjectRecord:
    """Return whose code it was, from what the worker loaded."""
    return SubjectRecord(
        subject.name,
        subject.version,
        subject.file,
        subject.files,
        subject.fingerprint,
        subject.note,
        subject.origin,
    )


def system_info(subject: Loaded, machine: Machine, environment: Sequence[Note]) -> SystemInfo:
    """Return machine, interpreter and circumstances."""
    return SystemInfo(machine, subject.runtime, list(environment), subject.references.problem)


def encode_record(record: BenchmarkRecord) -> bytes:
    """Return the bytes of the file: indented UTF-8 JSON, the same for the same record."""
    return record_bytes(record)


def decode_record(data: bytes) -> BenchmarkRecord:
    """Return the record in `data`. Raises msgspec.DecodeError on anything else."""
    return msgspec.json.decode(without_bom(data), type=BenchmarkRecord)


def operation_record(op: OperationSummary, references: References) -> OperationRecord:
    """Return one operation with its raw samples."""
    timing, failure = op.timing, op.failure
    kept = list(timing.kept) if timing else [False] * len(op.result.rounds)
    return OperationRecord(
        name=op.operation.name,
        group=op.operation.group,
        version=op.operation.version,
        definition=definition_hash(op.operation),
        scored=op.operation.scored,
        dispatch_calls=op.operation.dispatch_calls,
        failure=FailureRecord(failure.kind, failure.reason) if failure else None,
        subject_ns=timing.subject_ns if timing else None,
        native_ns=timing.native_ns if timing else None,
        dispatch_ns=timing.dispatch_ns if timing else None,
        reference_ns=timing.reference_ns if timing else None,
        slowdown=timing.slowdown if timing else None,
        slowdown_interval=timing.slowdown_interval if timing else None,
        mdape=timing.mdape if timing else None,
        rounds_kept=sum(kept),
        rounds_dropped=len(kept) - sum(kept),
        samples=_samples(kept, op.result.rounds),
        work=op.result.work,
        waits=timing is not None and timing.waits,
        native_reference=references.name_of(op.operation.name),
        kernel_to_blas=references.ratios.get(op.operation.name),
    )


def _samples(kept: list[bool], rounds: tuple[PairedRound, ...]) -> Samples:
    return Samples(
        kept=kept,
        subject_loops=[paired.subject.loops for paired in rounds],
        subject_wall_ns=[paired.subject.wall_ns for paired in rounds],
        subject_cpu_ns=[paired.subject.cpu_ns for paired in rounds],
        subject_process_cpu_ns=[paired.subject.process_cpu_ns for paired in rounds],
        subject_waits=[paired.subject.waits for paired in rounds],
        native_loops=[paired.native.loops for paired in rounds],
        native_wall_ns=[paired.native.wall_ns for paired in rounds],
        native_cpu_ns=[paired.native.counted_ns for paired in rounds],
        dispatch_loops=[paired.dispatch.loops for paired in rounds],
        dispatch_cpu_ns=[paired.dispatch.counted_ns for paired in rounds],
    )
