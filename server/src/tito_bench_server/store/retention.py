"""P7: what is forgotten by itself, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from tito_bench_server.members.decide import SHOWN
from tito_bench_server.peers.departing import erase_peers, lapse
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
MESSAGE_DAYS = 30
TOMBSTONE_DAYS = 30
_SCORE_DAYS = 400
_DAY_S = 86_400


@dataclass(frozen=True)
class Pruned:
    """How many rows were forgotten, by what they were."""

    members: int
    bodies: int
    submissions: int
    messages: int
    tombstones: int
    sessions: int

    @property
    def total(self) -> int:
        return (
            self.members
            + self.bodies
            + self.submissions
            + self.messages
            + self.tombstones
            + self.sessions
        )


def prune(connection: sa.Connection, today: date) -> Pruned:
    """Forget what is older than its time. A member who lapses counts as one who left."""
    now = day_of(today)
    lapsed = member.c.seen_day < now - MEMBER_DAYS
    _count_departures(connection, lapsed)
    gone = connection.execute(sa.select(member.c.id).where(lapsed)).scalars().all()
    erase_peers(connection, gone, now)
    lapse(connection, now)
    members = _deleted(connection, sa.delete(member).where(lapsed))
    bodies = connection.execute(
        sa.update(submission)
        .where(submission.c.received_day < now - BODY_DAYS, submission.c.body.is_not(None))
        .values(body=None)
    ).rowcount
    midnight_s = now * _DAY_S
    connection.execute(sa.delete(joining).where(joining.c.day < now))
    return Pruned(
        members=members,
        bodies=bodies,
        submissions=_deleted(
            connection, sa.delete(submission).where(submission.c.received_day < now - _SCORE_DAYS)
        ),
        messages=_deleted(connection, sa.delete(message).where(message.c.day < now - MESSAGE_DAYS)),
        tombstones=_deleted(
            connection, sa.delete(tombstone).where(tombstone.c.day < now - TOMBSTONE_DAYS)
        ),
        sessions=_deleted(connection, sa.delete(session).where(session.c.until_s < midnight_s))
        + _deleted(connection, sa.delete(link).where(link.c.until_s < midnight_s)),
    )


def _deleted(connection: sa.Connection, statement: sa.Delete) -> int:
    return connection.execute(statement).rowcount


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
