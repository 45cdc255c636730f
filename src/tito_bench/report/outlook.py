"""What a student wants to know first: how am I doing, since when, and what next. Pure functions.

The table of a record says the first; this is the rest, in sentences of `report.wording`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tito_bench.community.progress import Finished
from tito_bench.records.benchmark import BenchmarkRecord, OperationRecord
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.records.read import Record, RecordHeader
from tito_bench.report.numbers import counted
from tito_bench.report.progress import Since, beside_course, since
from tito_bench.report.wording import next_words, praise_words
from tito_bench.score import points_lost
from tito_bench.subjects.missing import MEASURING_NUMPY, NOTHING_THERE
from tito_bench.subjects.source_places import SourcePlace

__all__ = ["Outlook", "next_step", "outlook"]

_MUCH, _SOME = 5.0, 1.0
"""Points from which an operation is what to mend first; and from which it is worth a look."""
_HIGH = 90.0

Place = Callable[[OperationRecord], "SourcePlace | None"]


@dataclass(frozen=True)
class Outlook:
    """`since` is None for a first score; `praise` is empty where nothing was reached just now.

    `course` sets the figures of the course's own solution beside; empty where none were
    measured. Texts may hold foreign parts.
    """

    since: Since | None = None
    praise: tuple[str, ...] = ()
    next: str | None = None
    course: str = ""


def outlook(
    record: Record,
    header: RecordHeader,
    entries: Sequence[RecordHeader],
    finished: Sequence[Finished],
    place: Place,
) -> Outlook:
    """Return what to say below a record that was just made.

    `header` is its own, `entries` are those of the project, this one among them or not;
    `finished` is what of the course was reached since the record before.
    """
    others = [entry for entry in entries if entry.file != header.file]
    return Outlook(
        since(others, header),
        tuple(_praise(header, others, finished)),
        next_step(record, place),
        beside_course(others, header),
    )


def _praise(
    now: RecordHeader, others: Sequence[RecordHeader], finished: Sequence[Finished]
) -> list[str]:
    alike = [entry for entry in others if (entry.kind, entry.subject) == (now.kind, now.subject)]
    before = [entry.score for entry in alike if entry.score is not None]
    said = [praise_words(each.what, each.number) for each in finished]
    if now.score is None:
        return said
    if not before:
        said.append(praise_words(f"first_{now.kind}"))
    own = now.subject != "numpy" and now.whose != "course"
    if own and now.score >= _HIGH > max(before, default=0.0):
        said.append(praise_words(f"first_90_{now.kind}"))
    return said


def _nowhere(_operation: OperationRecord) -> None:
    """Know no place."""


def next_step(record: Record, place: Place = _nowhere) -> str | None:
    """Return what to do next, in one sentence; None where the notes say it already.

    `place` says where an operation broke, or where its loop is.
    """
    failed = sorted(filter(_has_failed, record.operations), key=_took_too_long)
    if failed and _took_too_long(failed[0]):  # all of them
        return next_words("slow", what=_title(failed[0]))
    if failed:
        return next_words("repair", what=_title(failed[0]), place=place(failed[0]))
    if record.verdict.status == "invalid":
        return None
    if record.subject.name == "numpy":
        return _after_numpy(record.subject.note)
    if isinstance(record, CapstoneRecord):
        return _after_capstone(record, place)
    return _after_baseline(record, place)


def _has_failed(op: OperationRecord) -> bool:
    return op.failure is not None and op.failure.kind != "missing"


def _took_too_long(op: OperationRecord) -> bool:
    return op.failure is not None and op.failure.kind in {"timeout", "slow"}


def _after_numpy(note: str | None) -> str:
    """Name what keeps a package that is there from being measured, with its remedy."""
    reason = (note or "").removeprefix(MEASURING_NUMPY)
    if not reason or reason.startswith(NOTHING_THERE):
        return next_words("own_code")
    return next_words("missing", what=reason)


def _after_baseline(record: BenchmarkRecord, place: Place) -> str | None:
    costly = _costliest(record.operations, 1)
    if costly is not None and costly[1] >= _MUCH:
        return _costs(*costly, place)
    missing = next((op.failure.reason for op in record.operations if op.failure), None)
    if missing is not None:
        return next_words("missing", what=missing)
    if costly is not None and costly[1] >= _SOME:
        return _costs(*costly, place)
    return None if costly is None else next_words("capstone")


def _after_capstone(record: CapstoneRecord, place: Place) -> str | None:
    tracks = {
        name: (100 - points) / record.normalized_metrics.tracks_measured
        for name, points in record.normalized_metrics.tracks.items()
        if points is not None
    }
    if not tracks:
        return None
    worst = max(tracks, key=lambda name: tracks[name])
    costly = _costliest(record.operations, len(tracks)) if "speed" in tracks else None
    if tracks[worst] < _SOME:
        return next_words("report")
    if worst == "speed" and costly is not None:
        return _costs(*costly, place)
    return next_words(worst, points=counted(round(tracks[worst]), "point"))


def _costliest(
    operations: Sequence[OperationRecord], tracks: int
) -> tuple[OperationRecord, float] | None:
    """Return the scored operation that costs most, and the points that it costs."""
    measured = {
        op.name: (op.group, op.slowdown)
        for op in operations
        if op.scored and op.slowdown is not None
    }
    if not measured:
        return None
    lost = points_lost(measured)
    name = max(lost, key=lambda each: lost[each])
    return next(op for op in operations if op.name == name), lost[name] / tracks


def _costs(op: OperationRecord, points: float, place: Place) -> str:
    named = {"what": _title(op), "name": op.name, "points": counted(round(points), "point")}
    if op.is_looped:
        return next_words("loop_costs", place=place(op), **named)
    return next_words("costs", **named)


def _title(op: OperationRecord) -> str:
    return op.name.replace("_", " ")
