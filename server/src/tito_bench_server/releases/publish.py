"""Making a release: find what is due, mark, count, suppress, publish."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
import sqlalchemy as sa

from tito_bench_server.releases.documents import RowFigures, cohort_document, map_document
from tito_bench_server.releases.kinds import KINDS, Kind
from tito_bench_server.releases.marking import (
    Changes,
    find_changes,
    mark_due,
    mark_members,
)
from tito_bench_server.releases.suppression import TOTAL, suppress
from tito_bench_server.settings import ReleaseSettings
from tito_bench_server.store.database import NEW_RELEASE, Database, Turn, touched
from tito_bench_server.store.tables import (
    ALL_COHORTS,
    cohort,
    day_of,
    document,
    institution,
    member,
    release,
)

__all__ = ["ReleaseReport", "changes_now", "make_release"]


@dataclass(frozen=True)
class ReleaseReport:
    """What a release did. `changes` holds rows that were not due, too."""

    changes: tuple[Changes, ...]
    marked: int
    courses: int

    @property
    def released(self) -> int:
        return sum(one.due for one in self.changes)


class _Cells(msgspec.Struct, frozen=True):
    """A released row as it is kept: exact counts, and which of them are shown.

    In the database only; what is hidden is needed to hide the next rows rightly.
    """

    counts: list[tuple[int | str, int]]
    visible: list[int | str]

    def figures(self) -> RowFigures:
        return dict(self.counts), frozenset(self.visible)


@dataclass(frozen=True)
class _State:
    number: int
    departures: int
    due: bool
    cells: _Cells | None
    released_day: int | None


_Place = tuple[int, str]  # cohort and kind


def changes_now(database: Database, settings: ReleaseSettings, today: date) -> list[Changes]:
    """Return what a release would look at now, without doing it."""
    settled = day_of(today - timedelta(days=settings.settling_days))
    return find_changes(database, settled, day_of(today), settings.least_changes)


def make_release(
    database: Database, turn: Turn, settings: ReleaseSettings, today: date
) -> ReleaseReport:
    """Release every table that is due, and leave the others as they are.

    Several may run one after the other: a row is released once a day. Raises
    `StoreUnavailable`; then nothing or a part of it was released, and the next
    run goes on.
    """
    changes = changes_now(database, settings, today)
    due = [one for one in changes if one.due]
    if not due:
        return ReleaseReport(tuple(changes), 0, 0)
    turn(lambda connection: mark_due(connection, due))
    settled = day_of(today - timedelta(days=settings.settling_days))
    marked = mark_members(database, turn, settled, {one.kind for one in due})
    courses = sorted({one.course_id for one in due})
    for course_id in courses:
        _publish(database, turn, course_id, day_of(today))
    return ReleaseReport(tuple(changes), marked, len(courses))


def _publish(database: Database, turn: Turn, course_id: int, today: int) -> None:
    with database.read() as connection:
        states = _states(connection, course_id)
        counts = {
            kind: _count(connection, course_id, KINDS[kind])
            for kind in {kind for (_, kind), state in states.items() if state.due}
        }
        cohorts = dict(
            connection.execute(
                sa.select(cohort.c.id, cohort.c.name).where(cohort.c.course_id == course_id)
            ).all()
        )
        institutions = dict(
            connection.execute(sa.select(institution.c.id, institution.c.name)).all()
        )
    fresh: dict[_Place, _State] = {}
    for kind in sorted(counts):
        fresh |= _released(kind, states, counts[kind], today)
    after = states | fresh
    rows = {place[0] for place in fresh} | {ALL_COHORTS}
    documents = [
        _document(after, row, name, cohorts, institutions)
        for row in sorted(rows)
        if row in cohorts or row == ALL_COHORTS
        for name in ("map", "cohort")
    ]

    def write(connection: sa.Connection) -> None:
        if _numbers(_states(connection, course_id)) != _numbers(states):
            return  # another process made this release meanwhile: it is published
        for (row, kind), state in fresh.items():
            before = states.get((row, kind))
            _keep(connection, course_id, row, kind, state, before)
        for row, name, number, body in documents:
            _keep_document(connection, course_id, row, name, number, body)

    turn(write)


def _states(connection: sa.Connection, course_id: int) -> dict[_Place, _State]:
    rows = connection.execute(sa.select(release).where(release.c.course_id == course_id))
    return {
        (row.cohort_id, row.kind): _State(
            row.number,
            row.departures,
            bool(row.due),
            None if row.cells is None else msgspec.json.decode(row.cells, type=_Cells),
            row.released_day,
        )
        for row in rows
    }


def _numbers(states: Mapping[_Place, _State]) -> dict[_Place, int]:
    return {place: state.number for place, state in states.items()}


def _count(
    connection: sa.Connection, course_id: int, kind: Kind
) -> dict[int, dict[int | str, int]]:
    """Count the marked members of one kind of table by row and cell."""
    row = kind.row.label("placed_in")
    found: dict[int, dict[int | str, int]] = {}
    for cohort_id, cell, count in connection.execute(
        sa.select(row, kind.shown, sa.func.count())
        .where(member.c.course_id == course_id, kind.shown.is_not(None))
        .group_by(row, kind.shown)
    ):
        found.setdefault(cohort_id, {})[cell] = count
    return found


def _released(
    kind: str,
    states: Mapping[_Place, _State],
    counted: Mapping[int, Mapping[int | str, int]],
    today: int,
) -> dict[_Place, _State]:
    """Return the new states of all due rows of one kind, and of the sum over all rows.

    A row that is not due stands in the sums as it was released, not as it is: else
    the sum would tell what its own row keeps back.
    """
    mine = {
        row: state for (row, name), state in states.items() if name == kind and row != ALL_COHORTS
    }
    counts: dict[int | str, Mapping[int | str, int]] = {}
    frozen: dict[int | str, frozenset[int | str]] = {}
    for row, state in mine.items():
        if state.due:
            counts[row] = counted.get(row, {})
        elif state.cells is not None:
            counts[row], frozen[row] = state.cells.figures()
    result = suppress(counts, KINDS[kind].smallest, frozen)
    fresh: dict[_Place, _State] = {}
    due: dict[int, int | str] = {row: row for row, state in mine.items() if state.due}
    for place, line in (due | {ALL_COHORTS: TOTAL}).items():
        before = states.get((place, kind))
        cells = _Cells(
            sorted(result.counts[line].items(), key=str), sorted(result.visible[line], key=str)
        )
        fresh[place, kind] = _State(
            number=1 if before is None else before.number + 1,
            departures=0 if before is None else before.departures,
            due=False,
            cells=cells,
            released_day=today,
        )
    return fresh


def _document(
    states: Mapping[_Place, _State],
    row: int,
    name: str,
    cohorts: Mapping[int, str],
    institutions: Mapping[int, str],
) -> tuple[int, str, int, bytes]:
    mine = {
        kind: state
        for (place, kind), state in states.items()
        if place == row and state.cells is not None
    }
    wanted = {"country"} if name == "map" else set(mine) - {"country"}
    used = {kind: mine[kind] for kind in wanted if kind in mine}
    number = sum(state.number for state in used.values())
    days = [state.released_day for state in used.values() if state.released_day is not None]
    released_on = date.fromordinal(max(days) + _EPOCH).isoformat() if days else None
    figures = {
        kind: state.cells.figures() for kind, state in used.items() if state.cells is not None
    }
    cohort_name = cohorts.get(row)
    found = (
        map_document(number, released_on, cohort_name, figures.get("country", ({}, frozenset())))
        if name == "map"
        else cohort_document(
            number,
            released_on,
            cohort_name,
            figures,
            institutions if row == ALL_COHORTS else {},
        )
    )
    return row, name, number, msgspec.json.encode(found)


_EPOCH = date(1970, 1, 1).toordinal()


def _keep(
    connection: sa.Connection,
    course_id: int,
    row: int,
    kind: str,
    state: _State,
    before: _State | None,
) -> None:
    """Write a row's new state. Departures since it was counted stay for the next time."""
    cells = msgspec.json.encode(state.cells).decode()
    if before is None:
        connection.execute(
            sa.insert(release).values(
                course_id=course_id,
                cohort_id=row,
                kind=kind,
                number=state.number,
                released_day=state.released_day,
                departures=0,
                due=False,
                cells=cells,
            )
        )
        return
    connection.execute(
        sa.update(release)
        .where(release.c.course_id == course_id, release.c.cohort_id == row, release.c.kind == kind)
        .values(
            number=state.number,
            released_day=state.released_day,
            departures=release.c.departures - before.departures,
            due=False,
            cells=cells,
        )
    )


def _keep_document(
    connection: sa.Connection, course_id: int, row: int, name: str, number: int, body: bytes
) -> None:
    place = {"course_id": course_id, "cohort_id": row, "name": name}
    etag = hashlib.sha256(body).hexdigest()[:32]
    connection.execute(sa.delete(document).filter_by(**place))
    connection.execute(sa.insert(document).values(**place, number=number, etag=etag, body=body))
    touched(connection)[NEW_RELEASE] = number
