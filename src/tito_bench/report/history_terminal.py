"""A history as people read it in a terminal, from 40 columns upwards.

Plain text: there can be thousands of lines, and no colour carries a meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from rich.cells import cell_len

from tito_bench.records.read import Kind
from tito_bench.report.chart import Bar, most_bars, score_chart
from tito_bench.report.history_view import COLUMNS, HistoryRow, HistoryView, SkippedRow
from tito_bench.report.numbers import interval_text, local_time
from tito_bench.report.table import cells
from tito_bench.report.wrapping import aligned, hung, wrapped

__all__ = ["TITLES", "history_cells", "history_lines", "skipped_lines"]

TITLES = ("when", "kind", "score", "95% interval", "subject", "kernels", "verdict")
_SHARED = frozenset({"subject", "kernels", "verdict"})
_INDENT = "   "
_UNDER_TIME = " " * 18
_WIDEST_CHART = 100
_CAPTIONS: dict[Kind, str] = {
    "baseline": "Baseline score; every row of ten points is a doubling of speed:",
    "capstone": "Capstone score, the mean of its tracks:",
}


def history_lines(view: HistoryView, width: int, unicode: bool) -> Iterator[str]:
    """Yield a table of all records, then a chart for each kind."""
    kinds = [kind for kind in get_args(Kind) if view.of(kind)]
    yield ""
    if view.earlier:
        yield from wrapped(f"({view.earlier} earlier records not shown)", width)
    yield from _table(view, width, [title for title in TITLES if title != "kind" or kinds[1:]])
    for kind in kinds:
        yield ""
        yield from _chart(kind, view.of(kind), width, unicode)


def _table(view: HistoryView, width: int, titles: Sequence[str]) -> Iterator[str]:
    """One line a record where that fits, what all say being said once; else two or three."""
    rows = _shown_rows(view)
    lines = _aligned(rows, titles)
    if max(map(cell_len, lines)) > width:
        shared = [title for title in titles if title in _SHARED and _same(rows, title)]
        lines = _aligned(rows, [title for title in titles if title not in shared])
        if max(map(cell_len, lines)) > width:
            for row in rows:
                yield from _narrow(row, width)
            return
        said = ", ".join(f"{title} {rows[0].named[title]}" for title in shared)
        yield from wrapped(f"All: {said}", width)
    yield lines[0]
    for row, line in zip(rows, lines[1:], strict=True):
        if row.note and cell_len(line) + len(_INDENT) + cell_len(row.note) <= width:
            yield f"{line}{_INDENT}{row.note}"
            continue
        yield line
        if row.note:
            yield from hung(_UNDER_TIME, row.note, width)


def history_cells(view: HistoryView) -> list[tuple[str, ...]]:
    """Return the cells of the table under TITLES, and in the last what there is to note."""
    return [(*(row.named[title] for title in TITLES), row.note) for row in _shown_rows(view)]


def _shown_rows(view: HistoryView) -> list[_Shown]:
    return [
        _Shown(row, record)
        for row, record in zip(cells(COLUMNS, view.records), view.records, strict=True)
    ]


def _aligned(rows: Sequence[_Shown], titles: Sequence[str]) -> list[str]:
    table = [titles, *([row.named[title] for title in titles] for row in rows)]
    return aligned(table, {titles.index("score")})


def _same(rows: Sequence[_Shown], title: str) -> bool:
    return len({row.named[title] for row in rows}) == 1


def skipped_lines(skipped: Sequence[SkippedRow], width: int) -> Iterator[str]:
    """Yield the files that are not shown, and why."""
    if skipped:
        yield ""
        files = "1 file is" if len(skipped) == 1 else f"{len(skipped)} files are"
        yield from wrapped(f"{files} not shown:", width)
    for file in skipped:
        yield from hung(_INDENT, f"{file.file}: {file.reason}", width)


class _Shown:
    """The cells of a row as the terminal shows them, by title: both ends of the interval in one.

    `note` says what the score is made of if that changed, and why it is not comparable,
    if it is not.
    """

    def __init__(self, row: Sequence[str], record: HistoryRow) -> None:
        made = dict(zip((column.key for column in COLUMNS), row, strict=True))
        self.named = {
            "when": local_time(record.created_at),
            "kind": made["kind"],
            "score": made["score"] or "none",
            "95% interval": interval_text(record.score_interval) if record.score_interval else "",
            "subject": made["subject"],
            "kernels": made["kernel_target"],
            "verdict": made["verdict"],
        }
        differs = f"not comparable: {made['not_comparable']}" if made["not_comparable"] else ""
        self.note = "; ".join(filter(None, (record.part_change, differs)))


def _narrow(row: _Shown, width: int) -> Iterator[str]:
    when, kind, score, interval, *rest = row.named.values()
    yield from wrapped(f"{when} {kind} {score}", width)
    facts = [f"({interval})"] if interval else []
    yield from hung(_INDENT, " ".join([*facts, ", ".join(rest)]), width)
    if row.note:
        yield from hung(_INDENT, row.note, width)


def _chart(kind: Kind, rows: Sequence[HistoryRow], width: int, unicode: bool) -> Iterator[str]:
    bars = [Bar(row.score, row.comparable) for row in rows]
    first, last = (local_time(row.created_at)[:10] for row in (rows[0], rows[-1]))
    yield from wrapped(_CAPTIONS[kind], width)
    chart_width = min(width, _WIDEST_CHART)
    yield from score_chart(bars, chart_width, unicode, (first, last))
    if (merged := len(bars) / most_bars(chart_width)) > 1:
        yield from wrapped(f"Each column is the median of about {merged:.0f} records.", width)
    if not all(bar.comparable for bar in bars):
        faint = "░" if unicode else ":"
        yield from wrapped(f"{faint} not comparable with the newest record", width)
