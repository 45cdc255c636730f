"""The view model of a baseline record: the rows that every report shows.

Computed from the record alone, so that no two reports can differ in a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tito_bench.machine.reference import reference_ms
from tito_bench.records.benchmark import BenchmarkRecord, OperationRecord
from tito_bench.score import geometric_mean
from tito_bench.workloads.baseline import GROUP_TITLES

__all__ = ["BaselineView", "Row", "baseline_view", "milliseconds"]


@dataclass(frozen=True)
class Row:
    """One line of a report. The numbers are None where `reason` says why.

    `elsewhere_ms` is what the same slowdown would take on the reference
    machine; None where its card does not have the operations.
    """

    title: str
    subject_ms: float | None
    reference_ms: float | None
    slowdown: float | None
    reason: str | None
    scored: bool
    elsewhere_ms: float | None = None


@dataclass(frozen=True)
class BaselineView:
    """What a report of a baseline shows. `groups_scored` of `groups_total` make the score."""

    rows: tuple[Row, ...]
    score: float | None
    groups_scored: int
    groups_total: int

    @property
    def complete(self) -> bool:
        """Whether every group was measured."""
        return self.groups_scored == self.groups_total


def baseline_view(record: BenchmarkRecord) -> BaselineView:
    """The rows of a record: one a group, then one for each operation that is only shown."""
    groups = [_group_row(record, name) for name in record.normalized_metrics.slowdowns]
    extra = [_operation_row(op) for op in record.operations if not op.scored]
    return BaselineView(
        rows=(*groups, *extra),
        score=record.normalized_metrics.score,
        groups_scored=sum(row.slowdown is not None for row in groups),
        groups_total=len(groups),
    )


def milliseconds(value: float) -> str:
    """A time for people: about three significant digits, never in powers of ten."""
    for limit, digits in ((0.01, 5), (0.1, 4), (10.0, 3), (100.0, 2)):
        if value < limit:
            return f"{value:.{digits}f}ms"
    return f"{value:.0f}ms"


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
    )


def _elsewhere_ms(members: Sequence[OperationRecord]) -> float | None:
    times = [reference_ms(op.name, op.version, _measured(op.slowdown)) for op in members]
    known = [time for time in times if time is not None]
    return geometric_mean(known) if len(known) == len(members) else None


def _operation_row(op: OperationRecord) -> Row:
    title = op.name.replace("_", " ")
    if op.slowdown is None:
        return Row(title, None, None, None, _reason(op), False)
    subject_ns, reference_ns = _measured(op.subject_ns), _measured(op.reference_ns)
    return Row(title, subject_ns / 1e6, reference_ns / 1e6, op.slowdown, None, False)


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
