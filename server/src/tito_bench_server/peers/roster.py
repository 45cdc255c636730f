"""The roster: cards seen only by those who have one; and the ladder, for those who are on it."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import sqlalchemy as sa

from tito_bench_server.client_package import country_name
from tito_bench_server.contract.peers import CardBody
from tito_bench_server.members.messages import folded
from tito_bench_server.peers.caller import Caller, new_id, refuse, reported, shunned
from tito_bench_server.peers.rules import SMALLEST_LADDER, module_band
from tito_bench_server.store import tables

__all__ = ["card_owner", "keep", "ladder", "remove", "view"]

_card = tables.roster_card


def keep(connection: sa.Connection, caller: Caller, body: CardBody) -> None:
    """Make the caller's card, or change it."""
    caller.need("roster")
    if body.on_ladder:
        caller.need("ladder")
    taken = connection.execute(
        sa.select(_card.c.member_id).where(
            _card.c.course_id == caller.course_id, _card.c.folded == folded(body.handle)
        )
    ).scalar()
    if taken not in (None, caller.id):
        refuse(409, "Handle taken", "somebody has this handle; choose another")
    mine = connection.execute(sa.select(_card).where(_card.c.member_id == caller.id)).one_or_none()
    values: dict[str, Any] = {
        "handle": body.handle,
        "folded": folded(body.handle),
        "show_country": body.show_country,
        "on_ladder": body.on_ladder,
    }
    if mine is None:
        caller.need_open()
        fresh = {"member_id": caller.id, "course_id": caller.course_id, "id": new_id()}
        connection.execute(sa.insert(_card).values(**fresh, **values, hidden=False))
        return
    # A card that was hidden comes back by a moderator only, whatever it is called now.
    connection.execute(sa.update(_card).where(_card.c.member_id == caller.id).values(**values))


def remove(connection: sa.Connection, caller: Caller) -> None:
    """Take the caller's card away."""
    connection.execute(sa.delete(_card).where(_card.c.member_id == caller.id))


def card_owner(connection: sa.Connection, caller: Caller, handle: str) -> sa.Row[Any] | None:
    """Return the row of another card that the caller can see."""
    if not _has_card(connection, caller):
        return None
    row = connection.execute(
        sa.select(_card).where(
            _card.c.course_id == caller.course_id,
            _card.c.folded == folded(handle),
            _card.c.hidden.is_(False),
        )
    ).one_or_none()
    if row is None or row.member_id in {caller.id, *shunned(connection, caller.id)}:
        return None
    return row


def view(connection: sa.Connection, caller: Caller) -> dict[str, Any]:
    """Return one's own card, and with one the cards of the others."""
    caller.need("roster")
    member = tables.member
    rows = connection.execute(
        sa.select(_card, member.c.modules, member.c.country)
        .join(member, member.c.id == _card.c.member_id)
        .where(_card.c.course_id == caller.course_id)
        .order_by(_card.c.folded)
    ).all()
    mine = next((row for row in rows if row.member_id == caller.id), None)
    if mine is None:
        return {"card": None, "cards": []}
    unseen = _unseen(connection, caller) | {caller.id}
    return {
        "card": _shown(mine) | {"on_ladder": bool(mine.on_ladder)},
        "cards": [_shown(row) for row in rows if row.member_id not in unseen and not row.hidden],
    }


def ladder(connection: sa.Connection, caller: Caller) -> dict[str, Any]:
    """Return the league of the caller, by progress: those of similar progress, and no others.

    Equal progress stands on one rung, and there are no numbers of places. Only members
    on the ladder see it, and only from eight of them up.
    """
    caller.need("ladder")
    member = tables.member
    rows = connection.execute(
        sa.select(_card.c.member_id, _card.c.handle, member.c.modules, member.c.milestones)
        .join(member, member.c.id == _card.c.member_id)
        .where(
            _card.c.course_id == caller.course_id,
            _card.c.on_ladder,
            _card.c.hidden.is_(False),
        )
        .order_by(member.c.modules.desc(), member.c.milestones.desc(), _card.c.folded)
    ).all()
    if caller.id not in {row.member_id for row in rows}:
        return {"on_ladder": False, "enough": False, "rungs": []}
    if len(rows) < SMALLEST_LADDER:
        return {"on_ladder": True, "enough": False, "rungs": []}
    leagues = max(1, len(rows) // SMALLEST_LADDER)
    size = -(-len(rows) // leagues)
    place = next(index for index, row in enumerate(rows) if row.member_id == caller.id)
    start = place // size * size
    unseen = _unseen(connection, caller)
    league = [row for row in rows[start : start + size] if row.member_id not in unseen]
    rungs = [
        {
            "modules": modules,
            "milestones": milestones,
            "handles": [row.handle for row in on_rung],
        }
        for (modules, milestones), on_rung in groupby(
            league, key=lambda row: (row.modules, row.milestones)
        )
    ]
    return {"on_ladder": True, "enough": True, "rungs": rungs}


def _has_card(connection: sa.Connection, caller: Caller) -> bool:
    found = sa.select(sa.literal(1)).where(_card.c.member_id == caller.id)
    return connection.execute(found).scalar() is not None


def _unseen(connection: sa.Connection, caller: Caller) -> frozenset[int]:
    """Return whose cards are hidden from the caller: who is blocked, and who was reported."""
    return shunned(connection, caller.id).union(reported(connection, caller, "card").values())


def _shown(row: sa.Row[Any]) -> dict[str, Any]:
    country = country_name(row.country) if row.show_country and row.country else None
    return {"handle": row.handle, "modules": module_band(row.modules), "country": country}
