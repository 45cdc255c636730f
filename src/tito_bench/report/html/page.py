"""Renders a whole report as one page: no script, no request, nothing that a record says obeyed."""

from __future__ import annotations

import base64
import hashlib
import re

from markupsafe import Markup

from tito_bench.report.history_view import COLUMNS, HistoryRow
from tito_bench.report.html.charts.lines import (
    MOST_RECORDS,
    accuracy_chart,
    history_chart,
    loss_chart,
)
from tito_bench.report.html.charts.roofline_chart import roofline_chart
from tito_bench.report.html.charts.round_strips import round_strips
from tito_bench.report.html.charts.scale import edge
from tito_bench.report.html.charts.score_scale import score_scale
from tito_bench.report.sections.record_report import RecordReport, day_text
from tito_bench.report.sections.roofline_section import BYTES_FORMULA
from tito_bench.report.table import cells
from tito_bench.report.templating import template, template_text

__all__ = ["render_page"]

_MOST_ROWS = 12
_MOST_SKIPPED = 20
_BRIEF = 24
_NUMBER = re.compile(r"[+-]?[\d.,]+ ?(?:ms|x|%|s|B|KiB|MiB)?")
_HISTORY_COLUMNS = [column for column in COLUMNS if column.key not in {"kind", "file"}]


def render_page(report: RecordReport) -> str:
    """Return the page, as text to be written in UTF-8."""
    style = template_text("style.css") + template_text("charts.css")
    drawn = report.history.records[-MOST_RECORDS:]
    newest = tuple(reversed(drawn[-_MOST_ROWS:]))
    columns = [column for column in _HISTORY_COLUMNS if any(map(column.cell, newest))]
    return template("page.html.jinja", edge=edge, column=_column).render(
        report=report,
        title=f"tito-bench {report.kind}, {day_text(report.measured_at)}",
        day=day_text(report.measured_at),
        moment=f"{day_text(report.measured_at)}, {report.measured_at:%H:%M} UTC",
        style=Markup(style),  # noqa: S704 - a file of this package
        style_hash=_hash(style),
        partial=report.own.score_text != f"{report.own.score or 0:.0f}/100",
        who=report.who,
        scale=score_scale(report),
        rounds=round_strips(report.strips),
        round_rows=[strip.cells for strip in report.strips],
        roofline=None if report.roofline is None else roofline_chart(report.roofline),
        points=_points(report),
        bytes_formula=BYTES_FORMULA,
        accuracy=None if report.own.curve is None else accuracy_chart(report.own.curve),
        loss=None if report.own.curve is None else loss_chart(report.own.curve),
        curve_text="" if report.own.curve is None else _spoken(report.own.curve.cells),
        history=history_chart(drawn) if len(drawn) > 1 else None,
        history_text=_history_text(drawn),
        hollow=any(not row.comparable for row in drawn),
        earlier=len(report.history.records) - len(drawn) + report.history.earlier,
        history_heads=[column.title for column in columns],
        history_rows=cells(columns, newest),
        most_skipped=_MOST_SKIPPED,
    )  # fmt: skip


def _hash(style: str) -> Markup:
    """Return the source expression by which the page allows its own style and no other."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest())
    return Markup(digest.decode())  # noqa: S704 - letters, digits, + / =


def _column(rows: tuple[tuple[str, ...], ...], index: int) -> str:
    """Tell what a column holds: numbers (set flush right), words not to be broken, or any text."""
    texts = [row[index] for row in rows if row[index]]
    if all(map(_NUMBER.fullmatch, texts)):
        return "number"
    return "brief" if max(map(len, texts)) <= _BRIEF else ""


def _points(report: RecordReport) -> list[tuple[str, ...]]:
    if report.roofline is None:
        return []
    return [
        (
            f"{point.number} {point.name}",
            *point.cells,
            point.kernel_limited,
            point.subject_limited,
        )
        for point in report.roofline.points
    ]


def _spoken(rows: tuple[tuple[str, ...], ...]) -> str:
    """Describe the curve for those who hear it."""
    first, last = rows[0], rows[-1]
    return (
        f"From epoch {first[0]} with loss {first[1]} and accuracy {first[2]} to epoch {last[0]}"
        f" with loss {last[1]} and accuracy {last[2]}"
    )


def _history_text(rows: tuple[HistoryRow, ...]) -> str:
    scores = [row.score for row in rows if row.score is not None]
    if not scores:
        return "No record has a score"
    return (
        f"{len(rows)} records; scores from {min(scores):.0f} to {max(scores):.0f},"
        f" the newest {scores[-1]:.0f}"
    )
