"""P3: when a table is released, and whom it counts.

A row (one cohort's table of one kind) is due when enough memberships of it
changed since its last release: joined and settled, left, or moved to another
cell, each member once. Enough is 20, and in a large row twice the square root
of its people: among few changes of many people, one newcomer's rise stands out
(server/benchmarks/watcher.py prints how well it can be guessed).

Then the cell in which each of its settled members stands is written into
`member.shown_*`, some thousand members at a time so that other writers hardly
wait. What is published afterwards is counted from these columns alone, so it
is exactly what was marked, whatever arrives meanwhile; and a release that was
cut short goes on where it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from tito_bench_server.releases.kinds import KINDS, Kind
from tito_bench_server.store import tables
from tito_bench_server.store.database import Database, Turn
from tito_bench_server.store.tables import member, release

__all__ = ["Changes", "enough", "find_changes", "mark_due", "mark_members"]

_CHUNK = 2000  # members; some 15 ms of the writer's time
_STRIDE = 64  # passes over the members on PostgreSQL: see `mark_members`


@dataclass(frozen=True)
class Changes:
    """How many memberships of a row changed since its last release."""

    course_id: int
    cohort_id: int
    kind: str
    changes: int
    released_day: int | None
    due: bool


def find_changes(database: Database, settled_day: int, today: int, least: int) -> list[Changes]:
    """Return every row in which something changed, the due ones marked.

    Members count from `settled_day` (of joining) backwards. A row is released at
    most once a day.
    """
    with database.read() as connection:
        states = {
            (row.course_id, row.cohort_id, row.kind): row
            for row in connection.execute(
                sa.select(release).where(release.c.cohort_id != tables.ALL_COHORTS)
            )
        }
        found: dict[tuple[int, int, str], int] = {
            place: state.departures
            for place, state in states.items()
            if state.departures or state.due
        }
        for kind in KINDS.values():
            row = kind.row.label("placed_in")
            changed = connection.execute(
                sa.select(member.c.course_id, row, sa.func.count())
                .where(member.c.joined_day <= settled_day, _differs(kind))
                .group_by(member.c.course_id, row)
            )
            for course_id, cohort_id, count in changed:
                place = (course_id, cohort_id, kind.name)
                found[place] = found.get(place, 0) + count
    changes = []
    for place, count in sorted(found.items()):
        state = states.get(place)
        released_day = None if state is None else state.released_day
        fresh = released_day is None or released_day < today
        people = 0 if state is None else _people(state.cells)
        due = (count >= enough(least, people) and fresh) or (state is not None and state.due)
        changes.append(Changes(*place, count, released_day, due))
    return changes


def enough(least: int, people: int) -> int:
    """Return how many changes release a row that counts so many people."""
    return max(least, 2 * math.isqrt(people))


def _people(cells: str | None) -> int:
    if cells is None:
        return 0
    counts: list[tuple[object, int]] = msgspec.json.decode(cells)["counts"]
    return sum(count for _cell, count in counts)


def mark_due(connection: sa.Connection, due: list[Changes]) -> None:
    """Write down which rows are being released, to go on with after a crash."""
    for one in due:
        place = (
            (release.c.course_id == one.course_id)
            & (release.c.cohort_id == one.cohort_id)
            & (release.c.kind == one.kind)
        )
        known = connection.execute(sa.update(release).where(place).values(due=True))
        if known.rowcount == 0:
            connection.execute(
                sa.insert(release).values(
                    course_id=one.course_id,
                    cohort_id=one.cohort_id,
                    kind=one.kind,
                    number=0,
                    departures=0,
                    due=True,
                )
            )


def mark_members(database: Database, turn: Turn, settled_day: int, kinds: set[str]) -> int:
    """Write down where the settled members of all due rows stand; return how many changed.

    PostgreSQL writes a changed row anew, and into the indexes once more if its page is full. So
    pages have some room from the beginning (migration 0005), by which these rows get longer, and
    one pass takes every 64th member, about one of each page: the room that a row leaves
    is that of the next one, in the next pass, and neither table nor indexes grow. SQLite
    changes rows in place, and writes each page once if members come in their order.
    """
    with database.read() as connection:
        last = connection.execute(sa.select(sa.func.max(member.c.id))).scalar() or 0
    stride = 1 if database.is_sqlite else min(_STRIDE, 1 + last // _CHUNK)
    low = sa.bindparam("low", type_=sa.BigInteger)
    high = sa.bindparam("high", type_=sa.BigInteger)
    chosen = (
        (member.c.id >= low) & (member.c.id < high)
        if stride == 1
        else member.c.id.in_(sa.select(sa.func.generate_series(low, high - 1, stride)))
    )
    statement = _marking([KINDS[name] for name in sorted(kinds)], settled_day, chosen)
    return sum(
        turn(_marking_chunk(statement, start + first, start + _CHUNK * stride))
        for start in range(0, last + 1, _CHUNK * stride)
        for first in range(stride)
    )


def _marking_chunk(statement: sa.Update, low: int, high: int) -> Callable[[sa.Connection], int]:
    chunk = {"low": low, "high": high}
    return lambda connection: connection.execute(statement, chunk).rowcount


def _marking(kinds: list[Kind], settled_day: int, chosen: sa.ColumnElement[bool]) -> sa.Update:
    """Return one statement for all kinds: PostgreSQL writes a row anew at each update."""
    moves = {kind.shown.name: (_differs(kind) & _is_due(kind), kind) for kind in kinds}
    return (
        sa.update(member)
        .where(
            chosen,
            member.c.joined_day <= settled_day,
            sa.or_(*(moved for moved, _ in moves.values())),
        )
        .values(
            {
                name: sa.case((moved, kind.cell), else_=kind.shown)
                for name, (moved, kind) in moves.items()
            }
        )
    )


def _is_due(kind: Kind) -> sa.ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .where(
            release.c.course_id == member.c.course_id,
            release.c.cohort_id == kind.row,
            release.c.kind == kind.name,
            release.c.due,
        )
        .correlate(member)
        .exists()
    )


def _differs(kind: Kind) -> sa.ColumnElement[bool]:
    return kind.shown.is_distinct_from(kind.cell)
