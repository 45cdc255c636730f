"""Block and report, and what moderators decide: they see an object, never a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tito_bench_server.contract.peers import ObjectBody, ReportBody
from tito_bench_server.peers.caller import Caller, new_id, not_there, refuse
from tito_bench_server.peers.groups import drop_seat, end_group, found
from tito_bench_server.peers.mentors import end_pairing, look_again, retire
from tito_bench_server.peers.roster import card_owner
from tito_bench_server.peers.rules import REPORTS_HIDE
from tito_bench_server.store import tables

__all__ = [
    "Case",
    "approve",
    "block",
    "blocked",
    "cases",
    "keep",
    "remove",
    "report",
    "unblock",
]

_report, _block, _group = tables.report, tables.block, tables.study_group
_card, _seat, _pairing = tables.roster_card, tables.seat, tables.pairing


@dataclass(frozen=True)
class Case:
    """Something to decide on: its text, and for which reasons it was reported."""

    object_id: str
    kind: str
    text: str
    reasons: tuple[str, ...]


def block(connection: sa.Connection, caller: Caller, body: ObjectBody) -> None:
    """Have this member and the caller be gone for each other, at once and silently."""
    _, other = _meant(connection, caller, body)
    known = connection.execute(
        sa.select(sa.literal(1)).where(_block.c.member_id == caller.id, _block.c.other_id == other)
    ).scalar()
    if known is None:
        connection.execute(
            sa.insert(_block).values(
                member_id=caller.id,
                other_id=other,
                id=new_id(),
                kind=body.kind,
                ref=body.ref,
                day=caller.today,
            )
        )
    for maker, guest in ((caller.id, other), (other, caller.id)):
        shared = connection.execute(
            sa.select(_seat.c.group_id)
            .join(_group, _group.c.id == _seat.c.group_id)
            .where(_group.c.maker_id == maker, _seat.c.member_id == guest)
        ).scalars()
        for group_id in shared.all():
            drop_seat(connection, group_id, guest)
    for pairing in connection.execute(
        sa.select(_pairing).where(
            _pairing.c.state.in_(("proposed", "met")),
            _pairing.c.learner_id.in_((caller.id, other)),
            _pairing.c.mentor_id.in_((caller.id, other)),
        )
    ).all():
        end_pairing(connection, pairing, caller.today, by=caller.id)


def blocked(connection: sa.Connection, caller: Caller) -> dict[str, Any]:
    """Return whom the caller has blocked, by the words with which they were named then."""
    rows = connection.execute(
        sa.select(_block).where(_block.c.member_id == caller.id).order_by(_block.c.day, _block.c.id)
    )
    return {
        "blocks": [
            {"id": row.id, "kind": row.kind, "ref": row.ref, "days_ago": caller.today - row.day}
            for row in rows
        ]
    }


def unblock(connection: sa.Connection, caller: Caller, block_id: str) -> None:
    """Take a block back. What it ended stays ended; the other's own block stays, too."""
    other = connection.execute(
        sa.delete(_block)
        .where(_block.c.member_id == caller.id, _block.c.id == block_id)
        .returning(_block.c.other_id)
    ).scalar()
    if other is None:
        not_there()
    for member_id in sorted((caller.id, other)):
        look_again(connection, member_id, caller.today)


def report(connection: sa.Connection, caller: Caller, body: ReportBody) -> None:
    """Report an object: it is hidden from the caller at once, and from all when two did so."""
    object_id, about = _meant(connection, caller, body)
    if body.kind == "seat":
        refuse(422, "Not to be reported", "a generated name holds no words; block it instead")
    known = connection.execute(
        sa.select(sa.literal(1)).where(
            _report.c.member_id == caller.id, _report.c.object_id == object_id
        )
    ).scalar()
    if known is None:
        connection.execute(
            sa.insert(_report).values(
                member_id=caller.id,
                about_id=about,
                course_id=caller.course_id,
                kind=body.kind,
                object_id=object_id,
                reason=body.reason,
                is_open=True,
                day=caller.today,
            )
        )
    if body.kind == "match":
        block(connection, caller, body)
        return
    reports = connection.execute(
        sa.select(sa.func.count())
        .select_from(_report)
        .where(_report.c.object_id == object_id, _report.c.is_open)
    ).scalar_one()
    if reports >= REPORTS_HIDE:
        _hide(connection, body.kind, object_id, hidden=True)


def cases(connection: sa.Connection) -> list[Case]:
    """Return what waits for a moderator: what was reported, and texts that nobody saw yet."""
    found: list[Case] = []
    rows = connection.execute(
        sa.select(_report.c.object_id, _report.c.kind, _report.c.reason)
        .where(_report.c.is_open)
        .order_by(_report.c.number)
    ).all()
    for object_id in dict.fromkeys(row.object_id for row in rows):
        about = [row for row in rows if row.object_id == object_id]
        text = _text(connection, about[0].kind, object_id)
        found.append(Case(object_id, about[0].kind, text, tuple(row.reason for row in about)))
    waiting = connection.execute(
        sa.select(_group.c.id, _group.c.about)
        .where(_group.c.about != "", _group.c.about_approved.is_(False))
        .order_by(_group.c.sign_day, _group.c.id)
    )
    reported = {one.object_id for one in found}
    found += [Case(row.id, "about", row.about, ()) for row in waiting if row.id not in reported]
    return found


def remove(connection: sa.Connection, case: Case, today: int) -> None:
    """Take the object away for good; of a match, the offer or request behind it."""
    if case.kind in {"group", "about"}:
        end_group(connection, case.object_id, today)
    elif case.kind == "card":
        connection.execute(sa.delete(_card).where(_card.c.id == case.object_id))
    else:
        about = connection.execute(
            sa.select(_report.c.about_id).where(_report.c.object_id == case.object_id)
        ).scalars()
        for member_id in set(about.all()):
            retire(connection, member_id, today, by=None)
    _decided(connection, case, "removed", today)


def keep(connection: sa.Connection, case: Case, today: int) -> None:
    """Find nothing wrong with it: it is shown again to all who did not report it."""
    if case.kind == "about":
        approve(connection, case, today)
        return
    _hide(connection, case.kind, case.object_id, hidden=False)
    _decided(connection, case, "kept", today)


def approve(connection: sa.Connection, case: Case, today: int) -> None:
    """Let a group's own words be shown."""
    connection.execute(
        sa.update(_group).where(_group.c.id == case.object_id).values(about_approved=True)
    )
    _decided(connection, case, "approved", today)


def _decided(connection: sa.Connection, case: Case, action: str, today: int) -> None:
    connection.execute(
        sa.update(_report).where(_report.c.object_id == case.object_id).values(is_open=False)
    )
    connection.execute(sa.insert(tables.audit).values(day=today, action=action, kind=case.kind))


def _meant(connection: sa.Connection, caller: Caller, body: ObjectBody) -> tuple[str, int]:
    """Return the object and whose it is; only what the caller can see can be meant.

    Raises `Refusal` with 404.
    """
    owner: int | None = None
    object_id = body.ref
    if body.kind == "card":
        card = card_owner(connection, caller, body.ref)
        if card is not None:
            object_id, owner = card.id, card.member_id
    elif body.kind == "group":
        owner = found(connection, caller, body.ref).maker_id
    elif body.kind == "seat" and body.group is not None:
        owner = _seated(connection, caller, body.group, body.ref)
    elif body.kind == "match":
        pairing = connection.execute(
            sa.select(_pairing).where(
                _pairing.c.id == body.ref,
                (_pairing.c.learner_id == caller.id) | (_pairing.c.mentor_id == caller.id),
            )
        ).one_or_none()
        if pairing is not None:
            is_mentor = pairing.mentor_id == caller.id
            owner = pairing.learner_id if is_mentor else pairing.mentor_id
    if owner is None:
        not_there()
    if owner == caller.id:
        refuse(422, "Yourself", "that is your own")
    return object_id, owner


def _seated(connection: sa.Connection, caller: Caller, group_id: str, handle: str) -> int | None:
    """Return who sits under a handle in a group, as far as the caller sees it."""
    row = found(connection, caller, group_id)
    seats = {
        seat.handle: seat
        for seat in connection.execute(sa.select(_seat).where(_seat.c.group_id == group_id))
    }
    mine = next((seat for seat in seats.values() if seat.member_id == caller.id), None)
    if mine is None or mine.state != "in" or handle not in seats:
        return None
    seat = seats[handle]
    visible = seat.state == "in" or (seat.state == "asked" and row.maker_id == caller.id)
    return int(seat.member_id) if visible else None


def _hide(connection: sa.Connection, kind: str, object_id: str, *, hidden: bool) -> None:
    table: Any = {"card": _card, "group": _group}.get(kind)
    if table is not None:
        connection.execute(sa.update(table).where(table.c.id == object_id).values(hidden=hidden))


def _text(connection: sa.Connection, kind: str, object_id: str) -> str:
    if kind == "card":
        handle = sa.select(_card.c.handle).where(_card.c.id == object_id)
        return connection.execute(handle).scalar() or ""
    if kind == "group":
        about = sa.select(_group.c.about).where(_group.c.id == object_id)
        return connection.execute(about).scalar() or ""
    return ""
