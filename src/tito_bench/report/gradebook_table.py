"""The columns of a gradebook."""

from __future__ import annotations

from tito_bench.community.gradebook import GradebookRow
from tito_bench.report.table import Column

__all__ = ["gradebook_columns"]

_COLUMNS: tuple[Column[GradebookRow], ...] = (
    Column("file", "file", lambda row: row.file, foreign=True),
    Column("name", "name", lambda row: row.name, foreign=True),
    Column("modules", "modules", lambda row: _number(row.modules), right=True),
    Column("milestones", "milestones", lambda row: _number(row.milestones), right=True),
    Column("baseline_best", "best baseline", lambda row: _points(row.baseline_best), right=True),
    Column(
        "baseline_latest", "latest baseline", lambda row: _points(row.baseline_latest), right=True
    ),
    Column("capstone_best", "best capstone", lambda row: _points(row.capstone_best), right=True),
    Column(
        "capstone_latest", "latest capstone", lambda row: _points(row.capstone_latest), right=True
    ),
    Column("subject", "subject", lambda row: row.subject, foreign=True),
    Column("verdict", "verdict", lambda row: row.verdict, foreign=True),
    Column("measured_at", "measured at (UTC)", lambda row: row.measured_at, foreign=True),
)
_PROBLEM: Column[GradebookRow] = Column("problem", "problem", lambda row: row.problem, foreign=True)


def gradebook_columns(at_least: float | None) -> tuple[Column[GradebookRow], ...]:
    """Return the columns; with `at_least`, one that says who reaches it."""
    if at_least is None:
        return (*_COLUMNS, _PROBLEM)
    reached: Column[GradebookRow] = Column(
        f"at_least_{at_least:g}", f"at least {at_least:g}", lambda row: _yes(row.at_least)
    )
    return (*_COLUMNS, reached, _PROBLEM)


def _number(found: int | None) -> str:
    return "" if found is None else str(found)


def _points(found: float | None) -> str:
    return "" if found is None else f"{found:.1f}"


def _yes(found: bool | None) -> str:
    return "" if found is None else "yes" if found else "no"
