"""The roofline of a record: every kernel and every operation of the subject as a point."""

from __future__ import annotations

from dataclasses import dataclass

from tito_bench.kinds import kind_of
from tito_bench.kinds.base import BYTES_FORMULA, OperationWork
from tito_bench.records.benchmark import OperationRecord
from tito_bench.records.calibration import Calibration
from tito_bench.report.limits import Spent, kernel_limit, subject_limit
from tito_bench.report.numbers import three_digits
from tito_bench.report.roofline import Roofline, roofline_of
from tito_bench.report.sections.limit_words import kernel_limit_words, subject_limit_words
from tito_bench.workloads.definition import definition_hash
from tito_bench.workloads.suites import operation_named

__all__ = ["BYTES_FORMULA", "Point", "RooflineView", "roofline_view", "size_text"]


@dataclass(frozen=True)
class Point:
    """One operation. Speeds are in GFLOP/s; `intensity` is in FLOP per byte, by definition."""

    number: int
    name: str
    intensity: float
    subject_gflops: float
    native_gflops: float
    roof_gflops: float
    kernel_limited: str
    subject_limited: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Intensity and the three speeds, as text."""
        speeds = (self.subject_gflops, self.native_gflops, self.roof_gflops)
        return three_digits(self.intensity), *map(three_digits, speeds)


@dataclass(frozen=True)
class RooflineView:
    """Roofs and points; `formulas` say how FLOP were counted, `left_out` what has no point."""

    roofline: Roofline
    points: tuple[Point, ...]
    formulas: tuple[str, ...]
    left_out: tuple[str, ...]


def roofline_view(
    operations: list[OperationRecord], subject: str, card: Calibration
) -> RooflineView | None:
    """Return the points of a record under the roofs of its machine.

    Parameters
    ----------
    operations, subject
        Those of the record.
    card
        The card of the machine that the record was made on.

    Returns
    -------
    RooflineView
        None where the card has no peak or bandwidth, or nothing was measured.
    """
    roofline = roofline_of(card)
    if roofline is None:
        return None
    points: list[Point] = []
    formulas: dict[str, None] = {}
    left_out: list[str] = []
    for op in operations:
        if op.slowdown is None:
            continue
        footprint = _footprint(op)
        if footprint is None:
            left_out.append(_title(op))
            continue
        points.append(_point(len(points) + 1, op, footprint, subject, roofline))
        formulas[f"{_kind(op)}: {footprint.formula}"] = None
    if not points:
        return None
    return RooflineView(roofline, tuple(points), tuple(formulas), tuple(left_out))


def size_text(kib: int) -> str:
    """Return a working set for people."""
    return f"{kib} KiB" if kib < 1024 else f"{kib // 1024} MiB"


def _point(
    number: int, op: OperationRecord, footprint: OperationWork, subject: str, roofline: Roofline
) -> Point:
    if op.subject_ns is None or op.native_ns is None or op.dispatch_ns is None:
        raise ValueError("a record with a slowdown has all its times")
    roof = roofline.roof(footprint.flops, footprint.bytes)
    looped = 0.0 if op.work is None else op.work.interpreter_share
    spent = Spent(op.subject_ns, op.native_ns, op.dispatch_calls, op.dispatch_ns, looped)
    native_gflops = footprint.flops / op.native_ns
    limit = kernel_limit(native_gflops, roof)
    own = subject == "tinytorch"
    return Point(
        number,
        _title(op),
        footprint.intensity,
        footprint.flops / op.subject_ns,
        native_gflops,
        roof.gflops,
        kernel_limit_words(
            limit,
            native_gflops / roof.gflops,
            roofline.gb_s(footprint.bytes),
            footprint.mostly_reads,
        ),
        subject_limit_words(subject_limit(spent, limit), spent, "Your code" if own else "NumPy"),
    )


def _footprint(op: OperationRecord) -> OperationWork | None:
    """Return the work of an operation, if its definition is still the one that was measured."""
    try:
        operation = operation_named(op.name)
    except KeyError:
        return None
    if operation.version != op.version:
        return None
    if op.definition is not None and op.definition != definition_hash(operation):
        return None
    return kind_of(operation).work(operation)


def _kind(op: OperationRecord) -> str:
    return operation_named(op.name).kind


def _title(op: OperationRecord) -> str:
    return op.name.replace("_", " ")
