"""What becomes of what members share when one goes, and when its time is over."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from tito_bench_server.peers.groups import end_group
from tito_bench_server.peers.inbox import tell
from tito_bench_server.peers.mentors import end_pairing, fill_places, retire
from tito_bench_server.peers.rules import (
    ANSWER_DAYS,
    ASK_DAYS,
    EVENT_DAYS,
    GROUP_DAYS,
    MATCH_DAYS,
)
from tito_bench_server.store import tables

__all__ = ["erase_peers", "lapse"]

_group, _seat, _pairing = tables.study_group, tables.seat, tables.pairing
_mentor, _request, _report = tables.mentor, tables.request, tables.report
_ACTIVE = ("proposed", "met")
_AUDIT_DAYS = 400


def erase_peers(connection: sa.Connection, members: Collection[int], today: int) -> None:
    """Erase all that these members share with others, who are told that it is over.

    Done when a member leaves, lapses, is erased again after a restore, or goes to
    another course. Groups end with their makers: the contact is theirs.
    """
    for member_id in sorted(members):
        retire(connection, member_id, today, by=member_id)
        made = connection.execute(
            sa.select(_group.c.id).where(_group.c.maker_id == member_id)
        ).scalars()
        for group_id in made.all():
            end_group(connection, group_id, today)
        for column in (
            _pairing.c.learner_id,
            _pairing.c.mentor_id,
            _request.c.member_id,
            _seat.c.member_id,
            tables.roster_card.c.member_id,
            tables.match_contact.c.member_id,
            tables.block.c.member_id,
            tables.block.c.other_id,
            _report.c.member_id,
            _report.c.about_id,
            tables.event.c.member_id,
            tables.inbox.c.member_id,
        ):
            connection.execute(sa.delete(column.table).where(column == member_id))


def lapse(connection: sa.Connection, today: int) -> None:
    """Forget and end what has had no answer or no sign of life for its time."""
    connection.execute(
        sa.delete(_seat).where(
            ((_seat.c.state == "asked") & (_seat.c.since_day < today - ASK_DAYS))
            | ((_seat.c.state == "declined") & (_seat.c.since_day < today - MATCH_DAYS))
        )
    )
    quiet = connection.execute(
        sa.select(_group.c.id).where(_group.c.sign_day < today - GROUP_DAYS)
    ).scalars()
    for group_id in quiet.all():
        end_group(connection, group_id, today)
    _unanswered(connection, today)
    for pairing in connection.execute(
        sa.select(_pairing).where(
            _pairing.c.state == "met", _pairing.c.since_day < today - MATCH_DAYS
        )
    ).all():
        end_pairing(connection, pairing, today, by=None)
    for request in connection.execute(
        sa.select(_request).where(
            _request.c.state == "open", _request.c.asked_day < today - MATCH_DAYS
        )
    ).all():
        _close_request(connection, request.number, request.member_id, today)
    old = today - MATCH_DAYS
    connection.execute(
        sa.delete(_pairing).where(_pairing.c.state == "over", _pairing.c.since_day < old)
    )
    connection.execute(
        sa.delete(_request).where(
            _request.c.state.in_(("met", "withdrawn")),
            _request.c.ended_day < old,
            ~sa.exists().where(
                _pairing.c.request_number == _request.c.number, _pairing.c.state.in_(_ACTIVE)
            ),
        )
    )
    event, audit = tables.event, tables.audit
    connection.execute(sa.delete(event).where(event.c.day < today - EVENT_DAYS))
    connection.execute(sa.delete(_report).where(_report.c.day < today - _AUDIT_DAYS))
    connection.execute(sa.delete(audit).where(audit.c.day < today - _AUDIT_DAYS))


def _unanswered(connection: sa.Connection, today: int) -> None:
    """End matches that not both said yes to in time.

    A mentor who did not answer is paused, or the next learner would wait in vain, too;
    a learner who did not is taken out of the queue. Whoever did waits on.
    """
    late = connection.execute(
        sa.select(_pairing)
        .where(_pairing.c.state == "proposed", _pairing.c.since_day < today - ANSWER_DAYS)
        .order_by(_pairing.c.request_number)
    ).all()
    for pairing in late:
        if not pairing.mentor_yes:
            paused = connection.execute(
                sa.update(_mentor)
                .where(_mentor.c.member_id == pairing.mentor_id, _mentor.c.paused.is_(False))
                .values(paused=True)
            )
            if paused.rowcount:
                tell(connection, pairing.mentor_id, "offer paused", "", today)
        if not pairing.learner_yes:
            _close_request(connection, pairing.request_number, pairing.learner_id, today)
    for pairing in late:
        end_pairing(connection, pairing, today, by=None)
    for mentor_id in {pairing.mentor_id for pairing in late}:
        fill_places(connection, mentor_id, today)


def _close_request(connection: sa.Connection, number: int, member_id: int, today: int) -> None:
    connection.execute(
        sa.update(_request)
        .where(_request.c.number == number)
        .values(state="withdrawn", ended_day=today)
    )
    tell(connection, member_id, "request lapsed", "", today)
