"""A record shown whole: everything that a page or a picture of it holds, as data.

Rows and lines come from the view models of the terminal reports, so that no
form can differ from another in a number. All text may be foreign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tito_bench import score as scoring
from tito_bench.machine.fingerprint import fingerprint_of
from tito_bench.records.benchmark import BenchmarkRecord, known_interval
from tito_bench.records.calibration import Calibration
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.report.capstone_view import (
    CapstoneView,
    LearningCurve,
    capstone_view,
    learning_curve,
)
from tito_bench.report.history_view import HistoryView
from tito_bench.report.numbers import duration, interval_text, times
from tito_bench.report.sections.limit_words import no_roofline_words
from tito_bench.report.sections.roofline_section import RooflineView, roofline_view
from tito_bench.report.sections.rounds import Strip, strips_of
from tito_bench.report.view import (
    BaselineView,
    Origin,
    Outcome,
    Row,
    baseline_view,
    notes_of,
    origin_of,
)
from tito_bench.subjects.code_origin import Whose

__all__ = ["Lines", "Mark", "RecordReport", "TableView", "day_text", "record_report"]


@dataclass(frozen=True)
class Mark:
    """A place on the scale of scores: 0 to 100."""

    title: str
    points: float
    text: str


@dataclass(frozen=True)
class TableView:
    """A table of text; the first cell of a row names it, and a cell may be empty."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Lines:
    """Lines of text under a heading."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class OwnPart:
    """What baselines and capstones show each in their own way.

    Attributes
    ----------
    score, score_text, interval
        0 to 100 or None, and for people; the interval is that of `interval_of`.
    marks
        What the score is made of: groups of a baseline, tracks of a capstone.
    elsewhere
        The times on the reference machine.
    loops
        Which rows count loops of Python, and how.
    """

    score: float | None
    score_text: str
    interval: str | None
    interval_of: str
    outcome: Outcome
    marks: tuple[Mark, ...]
    tables: tuple[TableView, ...]
    more: tuple[Lines, ...] = ()
    curve: LearningCurve | None = None
    elsewhere: str | None = None
    loops: str | None = None


@dataclass(frozen=True)
class RecordReport:
    """One record, whole.

    Attributes
    ----------
    subject
        Its name in the record.
    whose
        Whose code it is, None where the record does not say.
    stable
        Whether the verdict is that.
    measured_at
        UTC.
    who
        Whose code it was, as the head of a column.
    roofline, no_roofline
        One of both: the roofline, or why there is none and what would draw it.
    history
        All records of the same kind in the project, and the files that are none.
    """

    kind: str
    subject: str
    whose: Whose | None
    who: str
    stable: bool
    measured_at: datetime
    made_by: str
    own: OwnPart
    strips: tuple[Strip, ...]
    roofline: RooflineView | None
    no_roofline: str | None
    history: HistoryView
    origin: Origin
    notes: tuple[str, ...]


def record_report(
    record: BenchmarkRecord | CapstoneRecord, card: Calibration | None, history: HistoryView
) -> RecordReport:
    """Return all that a report shows of a record.

    Parameters
    ----------
    record
        Read by `records.read`.
    card
        The project's card, of whichever machine, or None.
    history
        The project's records of this kind.
    """
    drawn, missing = _roofline(record, card)
    own = _baseline(record) if isinstance(record, BenchmarkRecord) else _capstone(record)
    return RecordReport(
        kind=record.kind,
        subject=record.subject.name,
        whose=None if record.subject.origin is None else record.subject.origin.whose,
        who=_who(record),
        stable=record.verdict.status == "stable",
        measured_at=datetime.fromisoformat(record.created_at).astimezone(UTC),
        made_by=f"tito-bench {record.tito_bench_version}",
        own=own,
        strips=strips_of(record.operations),
        roofline=drawn,
        no_roofline=missing,
        history=history,
        origin=origin_of(record.subject, record.system_info),
        notes=notes_of(record.subject, record.system_info, record.verdict),
    )


def day_text(moment: datetime) -> str:
    """Return a day for people: `22 November 2026`. Not `%-d`, which Windows does not know."""
    return f"{moment.day} {moment:%B} {moment.year}"


def _who(record: BenchmarkRecord | CapstoneRecord) -> str:
    return "yours" if record.subject.name == "tinytorch" else "NumPy"


def _baseline(record: BenchmarkRecord) -> OwnPart:
    view = baseline_view(record)
    return OwnPart(
        view.score,
        view.score_text,
        view.interval,
        "score",
        view.outcome,
        _groups(view),
        (_baseline_table(view, _who(record)),),
        elsewhere=view.elsewhere,
        loops=view.loops,
    )


def _capstone(record: CapstoneRecord) -> OwnPart:
    view = capstone_view(record)
    interval = known_interval(record.normalized_metrics.score_interval, record.operations)
    return OwnPart(
        view.overall,
        "none" if view.overall is None else f"{view.overall:.0f}/100{view.part_text}",
        None if interval is None else interval_text(interval),
        "speed track",
        view.outcome,
        _tracks(view),
        _capstone_tables(view),
        _capstone_lines(view),
        learning_curve(record),
    )


def _roofline(
    record: BenchmarkRecord | CapstoneRecord, card: Calibration | None
) -> tuple[RooflineView | None, str | None]:
    if card is None:
        return None, no_roofline_words("no_card")
    system = record.system_info
    mine = fingerprint_of(system.machine, system.runtime)
    if card.fingerprint != mine:
        return None, no_roofline_words("other_card", ", ".join(mine.differences(card.fingerprint)))
    drawn = roofline_view(record.operations, record.subject.name, card)
    return drawn, None if drawn else no_roofline_words("nothing")


def _groups(view: BaselineView) -> tuple[Mark, ...]:
    """Mark where each group would score alone; one faster than native is at 100."""
    return tuple(
        Mark(row.title, scoring.score(max(1.0, row.slowdown)), times(row.slowdown))
        for row in view.rows
        if row.scored and row.slowdown is not None
    )


def _tracks(view: CapstoneView) -> tuple[Mark, ...]:
    return tuple(
        Mark(track.title, track.points, f"{track.points:.0f}")
        for track in view.tracks
        if track.points is not None
    )


def _baseline_table(view: BaselineView, who: str) -> TableView:
    heads = ("", who, "native", "slowdown", "")
    whose = "Your code" if who == "yours" else who
    return TableView(f"{whose} beside the native kernels", heads, tuple(map(_cells, view.rows)))


def _cells(row: Row) -> tuple[str, ...]:
    if row.subject_ms is None or row.reference_ms is None or row.slowdown is None:
        return row.title, "", "", "", f"not measured ({row.reason})"
    figures = (duration(row.subject_ms), duration(row.reference_ms), times(row.slowdown))
    return row.title, *figures, "" if row.scored else "not scored"


def _capstone_tables(view: CapstoneView) -> tuple[TableView, ...]:
    return tuple(
        TableView(f"{track.title}: {track.points_text}", tuple(track.heads), _texts(track.rows))
        for track in view.tracks
    )


def _texts(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, rows))


def _capstone_lines(view: CapstoneView) -> tuple[Lines, ...]:
    found = []
    if view.own is not None:
        last = () if view.own.comparison is None else (view.own.comparison,)
        found.append(Lines(view.own.title, (*view.own.lines, *last)))
    if view.course:
        found.append(Lines("Your own measuring tools", view.course))
    if view.not_measured or view.modules:
        found.append(Lines("Not measured", (*view.not_measured, *view.modules)))
    return tuple(found)
