"""The score and its parts on the scale from a thousand times slower to native speed."""

from __future__ import annotations

from dataclasses import dataclass

from tito_bench.report.html.charts.scale import Scale, Tick
from tito_bench.report.sections.record_report import Mark, RecordReport

__all__ = ["ScoreRow", "ScoreScale", "score_scale"]

_SCALE = Scale(0, 100)
_ROW_PX = 40
_TOP_PX, _BOTTOM_PX = 4, 40


@dataclass(frozen=True)
class ScoreRow:
    """One dot on a line of its own."""

    title: str
    text: str
    at: float
    down: int
    main: bool


@dataclass(frozen=True)
class ScoreScale:
    """`points` mark the axis in points, `multiples` in times slower; they may be empty."""

    rows: tuple[ScoreRow, ...]
    points: tuple[Tick, ...]
    multiples: tuple[Tick, ...]
    height: int
    axis: int


_POINTS = tuple(Tick(points, str(points)) for points in range(0, 101, 20))
_MULTIPLES = (
    *(Tick(points, f"{2 ** ((100 - points) // 10)}x") for points in range(0, 100, 20)),
    Tick(100, "native"),
)


def score_scale(report: RecordReport) -> ScoreScale | None:
    """Return the chart, or None without anything on it. Multiples belong to speed alone."""
    marks = list(report.own.marks)
    if report.own.score is not None:
        whole = "Score" if report.kind == "baseline" else "Overall"
        marks.insert(0, Mark(whole, report.own.score, f"{report.own.score:.0f}"))
    if not marks:
        return None
    rows = tuple(
        ScoreRow(
            mark.title,
            mark.text,
            _SCALE.across(mark.points),
            _TOP_PX + _ROW_PX * index + _ROW_PX - 12,
            index == 0 and report.own.score is not None,
        )
        for index, mark in enumerate(marks)
    )
    axis = _TOP_PX + _ROW_PX * len(rows)
    multiples = _MULTIPLES if report.kind == "baseline" else ()
    return ScoreScale(
        rows,
        _POINTS,
        multiples,
        axis + (_BOTTOM_PX if multiples else _BOTTOM_PX // 2),
        axis,
    )
