"""Projects that were measured again, as CSV and as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tito_bench.community.recheck import ClassRecheck, Rechecked
from tito_bench.report.table import Column, cells
from tito_bench.report.wrapping import aligned, hung, wrapped

__all__ = ["RECHECKED", "recheck_lines"]

RECHECKED: tuple[Column[Rechecked], ...] = (
    Column("folder", "folder", lambda row: row.folder, foreign=True),
    Column("score", "score", lambda row: _points(row.score), right=True),
    Column("lowest", "lowest", lambda row: _points(row.lowest), right=True),
    Column("highest", "highest", lambda row: _points(row.highest), right=True),
    Column("verdict", "verdict", lambda row: row.verdict),
    Column("causes", "causes", lambda row: " ".join(row.causes)),
    Column("problem", "problem", lambda row: row.problem, foreign=True),
)
_INDENT = "   "


def recheck_lines(found: Sequence[Rechecked], summary: ClassRecheck, width: int) -> Iterator[str]:
    """Yield a line for each project, then what the class found hard, at most `width` wide."""
    shown = RECHECKED[:5]
    table = [[column.title for column in shown], *cells(shown, found)]
    yield ""
    for line, row in zip(aligned(table, {1, 2, 3}), (None, *found), strict=True):
        yield line
        if row is not None and row.problem:
            yield from hung(_INDENT, row.problem, width)
    if summary.median_score is not None:
        yield ""
        yield from wrapped(f"Median score: {summary.median_score}", width)
    if summary.hardest:
        yield ""
        yield from wrapped("What the class found hard: times as long as native code", width)
        for one in summary.hardest:
            name = one.name.replace("_", " ")
            yield from hung(_INDENT, f"{name}: {one.slowdown:g}x ({one.people} projects)", width)
    if summary.causes:
        yield ""
        yield from wrapped("Where the time goes, by how many projects", width)
        for code, count in summary.causes.items():
            yield from hung(_INDENT, f"{code.replace('_', ' ')}: {count}", width)


def _points(points: float | None) -> str:
    return "" if points is None else f"{points:.1f}"
