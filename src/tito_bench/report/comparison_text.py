"""A comparison as people read it: in a terminal, from 40 columns upwards, and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len

from tito_bench.report.comparison_view import COLUMNS, ComparisonView
from tito_bench.report.history_view import COLUMNS as RECORD_COLUMNS
from tito_bench.report.history_view import HistoryRow
from tito_bench.report.numbers import interval_text, local_time
from tito_bench.report.table import cells, markdown_code, markdown_table
from tito_bench.report.wrapping import aligned, hung, wrapped

__all__ = ["HEADS", "comparison_cells", "comparison_lines", "comparison_markdown"]

HEADS = ("operation", "before", "after", "change", "95% interval", "verdict")
_RIGHT = frozenset({1, 2, 3})
_INDENT = "   "


def comparison_lines(
    view: ComparisonView, width: int, worse: Sequence[str] | None
) -> Iterator[str]:
    """Yield the lines for a terminal; `worse` are the regressions, None where nobody asked."""
    yield ""
    for side, record in (("before:", view.before), ("after:", view.after)):
        yield side
        yield from hung(_INDENT, _facts(record, local_time(record.created_at)), width)
    yield ""
    yield from _table(view, width)
    yield ""
    yield from wrapped(view.summary, width)
    for track in _tracks(view):
        yield from hung(_INDENT, track, width)
    for note in view.notes:
        yield from wrapped(note.text(), width)
    for line in _judgement(worse):
        yield from wrapped(line, width)


def comparison_markdown(view: ComparisonView, worse: Sequence[str] | None) -> str:
    """Return a comment for a pull request."""
    lines = [
        f"**{view.summary}**",
        "",
        f"- before: {_facts(view.before, _utc(view.before), markdown_code)}",
        f"- after: {_facts(view.after, _utc(view.after), markdown_code)}",
        *(f"- {track}" for track in _tracks(view)),
        *(f"- {note.text(markdown_code)}" for note in view.notes),
        *(f"- {line}" for line in _judgement(worse, markdown_code)),
    ]
    return "\n".join(lines) + "\n\n" + markdown_table(COLUMNS, view.rows)


def _facts(record: HistoryRow, when: str, mark: Callable[[str], str] = str) -> str:
    """Say in one line which record it is, and of when."""
    (row,) = cells(RECORD_COLUMNS, [record])
    named = dict(zip((column.key for column in RECORD_COLUMNS), row, strict=True))
    score = f"score {named['score']}" if named["score"] else "no score"
    if record.score_interval is not None:
        score += f" ({interval_text(record.score_interval)})"
    whose, target, file = (mark(named[key]) for key in ("subject", "kernel_target", "file"))
    facts = (
        f"{named['kind']} of {when}",
        whose,
        f"{target} kernels",
        score,
        named["verdict"],
        file,
    )
    return ", ".join(facts)


def _utc(record: HistoryRow) -> str:
    """Return its time for readers who may be anywhere."""
    return f"{record.created_at:%Y-%m-%d %H:%M} (UTC)"


def _table(view: ComparisonView, width: int) -> Iterator[str]:
    """Yield one line an operation where that fits, else two or three."""
    rows = _named(view)
    lines = aligned([HEADS, *map(_shown, rows)], _RIGHT)
    wide = max(map(cell_len, lines)) <= width
    if wide:
        yield lines[0]
    for row, line in zip(rows, lines[1:], strict=True):
        if wide:
            yield line
        else:
            yield from _narrow(row, width)
        if row["reason"]:
            yield from hung(_INDENT, row["reason"], width)


def comparison_cells(view: ComparisonView) -> list[tuple[str, ...]]:
    """Return the cells of the table, a row for each operation, under HEADS."""
    return [_shown(row) for row in _named(view)]


def _named(view: ComparisonView) -> list[dict[str, str]]:
    keys = [column.key for column in COLUMNS]
    return [dict(zip(keys, row, strict=True)) for row in cells(COLUMNS, view.rows)]


def _shown(row: dict[str, str]) -> tuple[str, ...]:
    word = row["change"] if row["scored"] == "yes" else f"{row['change']} (not scored)"
    return (
        row["operation"],
        _times(row["slowdown_before"]),
        _times(row["slowdown_after"]),
        row["factor"],
        f"{row['factor_low']} to {row['factor_high']}" if row["factor_low"] else "",
        word,
    )


def _narrow(row: dict[str, str], width: int) -> Iterator[str]:
    name, before, after, ratio, interval, word = _shown(row)
    yield from wrapped(f"{name}: {word}", width)
    if before or after:
        yield from hung(_INDENT, f"before {before or 'none'}, after {after or 'none'}", width)
    if ratio:
        yield from hung(_INDENT, f"{ratio} ({interval or 'no interval'})", width)


def _times(slowdown: str) -> str:
    return f"{slowdown}x" if slowdown else ""


def _tracks(view: ComparisonView) -> Iterator[str]:
    for track in view.tracks:
        ends = [
            "not measured" if score is None else f"{score:.1f}"
            for score in (track.before, track.after)
        ]
        yield f"{track.track} track: {ends[0]} before, {ends[1]} after"


def _judgement(worse: Sequence[str] | None, mark: Callable[[str], str] = str) -> Iterator[str]:
    if worse is None:
        return
    if not worse:
        yield "No regression."
    for line in worse:
        yield f"Regression: {mark(line)}"
