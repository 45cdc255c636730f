"""P7: what is forgotten by itself, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import sqlalchemy as sa

from tito_bench_server.members.decide import SHOWN
from tito_bench_server.peers.departing import erase_peers, lapse
from tito_bench_server.store.bodies import forget_bodies
from tito_bench_server.store.database import Turn
from tito_bench_server.store.tables import (
    NO_COHORT,
    day_of,
    joining,
    link,
    member,
    message,
    release,
    session,
    submission,
    tombstone,
)

__all__ = [
    "BODY_DAYS",
    "MEMBER_DAYS",
    "MESSAGE_DAYS",
    "TOMBSTONE_DAYS",
    "Pruned",
    "prune",
]

MEMBER_DAYS = 400
"""After the last sign of life."""
BODY_DAYS = 90
"""At most: they are forgotten by weeks, see bodies.py."""
MESSAGE_DAYS = 30
TOMBSTONE_DAYS = 30
_SCORE_DAYS = 400
_DAY_S = 86_400
_ROWS = 5000  # a piece; some 50 ms of the writer's time
_MEMBERS = 200


@dataclass
class Pruned:
    """How many rows, and weeks of bodies, were forgotten, by what they were."""

    members: int = 0
    weeks: int = 0  # of bodies
    submissions: int = 0
    messages: int = 0
    tombstones: int = 0
    sessions: int = 0

    @property
    def total(self) -> int:
        return sum(vars(self).values())


def prune(turn: Turn, today: date) -> Pruned:
    """Forget what is older than its time, some thousand rows at a time so that other writers
    hardly wait. A member who lapses counts as one who left."""
    now = day_of(today)
    lapsed = member.c.seen_day < now - MEMBER_DAYS
    found = Pruned(members=_in_pieces(turn, lambda c: _forget_members(c, lapsed, now), _MEMBERS))
    turn(lambda connection: lapse(connection, now))
    turn(lambda connection: connection.execute(sa.delete(joining).where(joining.c.day < now)))
    midnight_s = now * _DAY_S
    for kind, statement, is_old in (
        ("submissions", sa.delete(submission), submission.c.received_day < now - _SCORE_DAYS),
        ("messages", sa.delete(message), message.c.day < now - MESSAGE_DAYS),
        ("tombstones", sa.delete(tombstone), tombstone.c.day < now - TOMBSTONE_DAYS),
        ("sessions", sa.delete(session), session.c.until_s < midnight_s),
        ("sessions", sa.delete(link), link.c.until_s < midnight_s),
    ):
        (key,) = statement.table.primary_key
        piece = statement.where(key.in_(sa.select(key).where(is_old).limit(_ROWS)))
        count = _in_pieces(turn, partial(_rows_of, piece), _ROWS)
        setattr(found, kind, getattr(found, kind) + count)
    found.weeks = forget_bodies(turn, now - BODY_DAYS)  # last: it may have to wait for a backup
    return found


def _rows_of(statement: sa.Delete, connection: sa.Connection) -> int:
    return connection.execute(statement).rowcount


def _in_pieces(turn: Turn, forget: Callable[[sa.Connection], int], most: int) -> int:
    """Repeat until less is found than a piece holds; return how much it was."""
    found = last = turn(forget)
    while last == most:
        last = turn(forget)
        found += last
    return found


def _forget_members(connection: sa.Connection, lapsed: sa.ColumnElement[bool], now: int) -> int:
    gone = connection.execute(sa.select(member.c.id).where(lapsed).limit(_MEMBERS)).scalars().all()
    these = member.c.id.in_(gone)
    _count_departures(connection, these)
    erase_peers(connection, gone, now)
    connection.execute(sa.delete(member).where(these))
    return len(gone)


def _count_departures(connection: sa.Connection, gone: sa.ColumnElement[bool]) -> None:
    """Count those who go as changes of the tables that showed them."""
    for kind in SHOWN:
        row = sa.literal(NO_COHORT) if kind == "institution" else member.c.cohort_id
        counted = connection.execute(
            sa.select(member.c.course_id, row.label("placed_in"), sa.func.count())
            .where(gone, member.c[f"shown_{kind}"].is_not(None))
            .group_by(member.c.course_id, sa.text("placed_in"))
        ).all()
        for course_id, cohort_id, count in counted:
            connection.execute(
                sa.update(release)
                .where(
                    release.c.course_id == course_id,
                    release.c.cohort_id == cohort_id,
                    release.c.kind == kind,
                )
                .values(departures=release.c.departures + count)
            )
