"""P1: the fixed tables. There are no others, and nobody can filter.

Each puts every member into one cell; the cell is computed by the database, and
kept in `member.shown_*` when the table is released.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from tito_bench_server.store.tables import NO_COHORT, member

__all__ = [
    "CAPSTONE_STEP",
    "KINDS",
    "MILESTONES_TOP",
    "MODULE_BINS",
    "NOT_GIVEN",
    "NO_SCORE",
    "SMALLEST_GROUP",
    "SMALLEST_INSTITUTION",
    "Kind",
    "floored",
]

SMALLEST_GROUP: Final = 5
SMALLEST_INSTITUTION: Final = 10
_FLOOR: Final = 5
NOT_GIVEN: Final = ""
NO_SCORE: Final = -1
CAPSTONE_STEP: Final = 5
MILESTONES_TOP: Final = 6
MODULE_BINS: Final = ((0, 0), (1, 5), (6, 10), (11, 15), (16, 20))


@dataclass(frozen=True)
class Kind:
    """One table. `cell` and `row` are SQL: where a member counts now, and in which row."""

    name: str
    cell: sa.ColumnElement[Any]
    shown: sa.Column[Any]
    row: sa.ColumnElement[int]
    smallest: int


def _kind(name: str, cell: sa.ColumnElement[Any]) -> Kind:
    return Kind(name, cell, member.c[f"shown_{name}"], member.c.cohort_id, SMALLEST_GROUP)


KINDS: Final = {
    kind.name: kind
    for kind in (
        _kind("country", sa.func.coalesce(member.c.country, NOT_GIVEN)),
        _kind(
            "modules",
            sa.case(
                *((member.c.modules <= high, place) for place, (_, high) in enumerate(MODULE_BINS)),
                else_=len(MODULE_BINS) - 1,
            ),
        ),
        _kind(
            "milestones",
            sa.case(
                (member.c.milestones > MILESTONES_TOP, MILESTONES_TOP), else_=member.c.milestones
            ),
        ),
        _kind("course_type", member.c.course_type),
        _kind(
            "capstone",
            sa.case(
                (member.c.capstone.is_(None), NO_SCORE),
                *(
                    (member.c.capstone < step * CAPSTONE_STEP, step - 1)
                    for step in range(1, 100 // CAPSTONE_STEP)
                ),
                else_=100 // CAPSTONE_STEP - 1,
            ),
        ),
        Kind(
            "institution",
            sa.func.coalesce(member.c.institution_id, 0),
            member.c.shown_institution,
            sa.literal(NO_COHORT, sa.Integer),
            SMALLEST_INSTITUTION,
        ),
    )
}


def floored(count: int) -> int:
    """Return the count as it is shown: at least so many, in steps of five."""
    return count - count % _FLOOR
