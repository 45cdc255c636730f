"""The view model of a record: the rows and lines that every report shows.

Computed from the record alone, so that no two reports can differ in a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tito_bench.measure.verdict import Verdict
from tito_bench.records.benchmark import (
    BenchmarkRecord,
    OperationRecord,
    SubjectRecord,
    SystemInfo,
    known_interval,
)
from tito_bench.report.numbers import duration, interval_text
from tito_bench.report.reference_machine import reference_ms, reference_name
from tito_bench.report.whose_code import SOLUTION_OUTCOME, is_course, whose_lines
from tito_bench.report.wording import HOW_LOOPS_COUNT, explain_all
from tito_bench.score import geometric_mean
from tito_bench.workloads.baseline import GROUP_TITLES

__all__ = [
    "BaselineView",
    "Origin",
    "Outcome",
    "Referred",
    "Row",
    "baseline_view",
    "notes_of",
    "origin_of",
    "reference_text",
]


@dataclass(frozen=True)
class Row:
    """One line of a report. The numbers are None where `reason` says why.

    `elsewhere_ms` is what the same slowdown would take on the reference
    machine; None where its card does not have the operations. `looped` says
    that most of the time of one of them goes into loops of Python, whose
    slowdown is not the quotient of the two times.
    """

    title: str
    subject_ms: float | None
    reference_ms: float | None
    slowdown: float | None
    reason: str | None
    scored: bool
    elsewhere_ms: float | None = None
    looped: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a run comes to, in one sentence.

    `tick` is false where it went well and is nobody's achievement: of the course's own code.
    """

    good: bool
    text: str
    tick: bool = True


@dataclass(frozen=True)
class Origin:
    """Whose code was measured, in which files, and on what; foreign text.

    `whose` says whether it is the student's or the course's, and what is not exported yet.
    `brief` says all of it in two lines, the code's and the machine's.
    """

    subject: str
    files: tuple[str, ...]
    whose: tuple[str, ...]
    cpu: str
    libraries: str
    brief: tuple[str, str]


@dataclass(frozen=True)
class BaselineView:
    """What a report of a baseline shows. `groups_scored` of `groups_total` make the score.

    `elsewhere` puts the slowdowns into times on the reference machine; `loops`
    says which of them count loops of Python.
    """

    rows: tuple[Row, ...]
    score: float | None
    groups_scored: int
    groups_total: int
    interval: str | None
    outcome: Outcome
    elsewhere: str | None
    loops: str | None

    @property
    def complete(self) -> bool:
        """Whether every group was measured."""
        return self.groups_scored == self.groups_total

    @property
    def score_text(self) -> str:
        """The score, and of how many parts if not of all."""
        if self.score is None:
            return "none"
        part = "" if self.complete else f" ({self.groups_scored} of {self.groups_total} parts)"
        return f"{self.score:.0f}/100{part}"


def baseline_view(record: BenchmarkRecord) -> BaselineView:
    """Return the rows of a record: one a group, then one for each operation only shown."""
    groups = [_group_row(record, name) for name in record.normalized_metrics.slowdowns]
    extra = [_operation_row(op) for op in record.operations if not op.scored]
    scored = sum(row.slowdown is not None for row in groups)
    metrics = record.normalized_metrics
    interval = known_interval(metrics.score_interval, record.operations)
    return BaselineView(
        rows=(*groups, *extra),
        score=metrics.score,
        groups_scored=scored,
        groups_total=len(groups),
        interval=None if interval is None else interval_text(interval),
        outcome=_outcome(record, scored == len(groups)),
        elsewhere=_elsewhere(groups),
        loops=_loops([*groups, *extra]),
    )


def origin_of(subject: SubjectRecord, system: SystemInfo) -> Origin:
    """Return whose code it was, and on what it ran, each as one line."""
    runtime = system.runtime
    files = [
        f"{', '.join(name for name, path in subject.files.items() if path == file)} from {file}"
        for file in dict.fromkeys(subject.files.values())
    ]
    blas = f"{runtime.blas or 'unknown BLAS'} {runtime.blas_architecture or ''}".strip()
    threads = "unknown" if runtime.blas_threads is None else str(runtime.blas_threads)
    name = f"{subject.name} {subject.version or ''}".strip()
    machine = (
        f"{system.machine.cpu_model}, {runtime.kernel_target} kernels, NumPy {runtime.numpy} with "
        f"{runtime.blas or 'unknown BLAS'} (more: --verbose)"
    )
    return Origin(
        name,
        tuple(files),
        tuple(whose_lines(subject.origin)),
        f"{system.machine.cpu_model}; kernels: {runtime.kernel_target}",
        f"NumPy {runtime.numpy}, {blas}, BLAS threads: {threads}",
        (f"Code: {name}{_by_folder(subject.files.values())}", f"Machine: {machine}"),
    )


def _by_folder(files: Iterable[str]) -> str:
    """Return e.g. ": tensor.py and layers.py in tinytorch/core"."""
    folders: dict[str, dict[str, None]] = {}
    for file in files:
        folder, _, name = file.rpartition("/")
        folders.setdefault(folder, {})[name] = None
    said = [
        ", ".join(names) + (f" in {folder}" if folder else "") for folder, names in folders.items()
    ]
    return f": {'; '.join(said)}" if said else ""


class Referred(Protocol):
    """An operation of any record, and what its native side was."""

    @property
    def name(self) -> str: ...
    @property
    def native_reference(self) -> str: ...
    @property
    def kernel_to_blas(self) -> float | None: ...


def reference_text(system: SystemInfo, operations: Sequence[Referred]) -> str | None:
    """Return what the native side of the operations was, or None where nothing was chosen."""
    by_blas = [op.name.replace("_", " ") for op in operations if op.native_reference == "blas"]
    if by_blas:
        return f"Native reference: NumPy's BLAS for {', '.join(by_blas)}; kernels for the rest"
    if system.blas_problem is not None:
        return f"Native reference: kernels; NumPy's BLAS {_BLAS_PROBLEMS[system.blas_problem]}"
    if any(op.kernel_to_blas is not None for op in operations):
        return "Native reference: kernels, faster here than NumPy's BLAS"
    return None


_BLAS_PROBLEMS = {
    "missing": "has no C interface",
    "wrong": "gave wrong results",
    "threads": "works in several threads",
}


def notes_of(subject: SubjectRecord, system: SystemInfo, verdict: Verdict) -> tuple[str, ...]:
    """Say what there is to doubt in a result, and what to do about it; foreign text within."""
    told = {reason.code for reason in verdict.reasons}
    warnings = [
        finding
        for finding in system.environment
        if finding.severity != "info" and finding.code not in told
    ]
    own = (subject.note,) if subject.note else ()
    return (*own, *explain_all([*verdict.reasons, *warnings]))


_FAILED = frozenset({"failed_operation", "false_result"})
"""Reasons of a verdict that say that an operation failed."""


def _outcome(record: BenchmarkRecord, complete: bool) -> Outcome:
    if record.verdict.status == "invalid":
        failed = any(reason.code in _FAILED for reason in record.verdict.reasons)
        why = "an operation failed" if failed else "some of the work was not timed"
        return Outcome(False, f"Setup is not verified: {why}.")
    if record.normalized_metrics.score is None:
        return Outcome(False, "Nothing could be measured.")
    if is_course(record.subject.origin):
        return Outcome(True, SOLUTION_OUTCOME, tick=False)
    if not complete:
        return Outcome(True, "Works so far: the rest comes with later modules.")
    if record.subject.name == "numpy" and record.subject.note is not None:
        # The student's package could not be measured.
        text = "Setup verified and working! This was plain NumPy, not your own code."
        return Outcome(True, text)
    return Outcome(True, "Setup verified and working!")


def _elsewhere(rows: Sequence[Row]) -> str | None:
    """Return raw times, but all on one machine: the only ones that people can compare."""
    known = [
        f"{row.title} {duration(row.elsewhere_ms)}" for row in rows if row.elsewhere_ms is not None
    ]
    return (
        f"On the reference machine ({reference_name()}) about: {', '.join(known)}"
        if known
        else None
    )


def _group_row(record: BenchmarkRecord, name: str) -> Row:
    members = [op for op in record.operations if op.group == name and op.scored]
    title = GROUP_TITLES.get(name, name)
    slowdown = record.normalized_metrics.slowdowns[name]
    if slowdown is None:
        reasons = dict.fromkeys(_reason(op) for op in members if op.failure is not None)
        return Row(title, None, None, None, "; ".join(reasons), True)
    return Row(
        title,
        geometric_mean(_measured(op.subject_ns) for op in members) / 1e6,
        geometric_mean(_measured(op.reference_ns) for op in members) / 1e6,
        slowdown,
        None,
        True,
        _elsewhere_ms(members),
        any(op.is_looped for op in members),
    )


def _elsewhere_ms(members: Sequence[OperationRecord]) -> float | None:
    times = [reference_ms(op) for op in members]
    known = [time for time in times if time is not None]
    return geometric_mean(known) if len(known) == len(members) else None


def _operation_row(op: OperationRecord) -> Row:
    title = op.name.replace("_", " ")
    if op.slowdown is None:
        return Row(title, None, None, None, _reason(op), False)
    subject_ns, reference_ns = _measured(op.subject_ns), _measured(op.reference_ns)
    times = subject_ns / 1e6, reference_ns / 1e6
    return Row(title, *times, op.slowdown, None, False, looped=op.is_looped)


def _loops(rows: Sequence[Row]) -> str | None:
    looped = ", ".join(row.title for row in rows if row.looped)
    return f"Loops of Python: {looped}. {HOW_LOOPS_COUNT}" if looped else None


def _measured(value: float | None) -> float:
    if value is None:
        raise ValueError("a record with a slowdown has all its times")
    return value


def _reason(op: OperationRecord) -> str:
    if op.failure is None:
        return "no rounds"
    if op.failure.kind == "missing":
        return op.failure.reason
    return f"{op.name}: {op.failure.kind}: {op.failure.reason}"
