"""Study groups: made, found, asked, answered, left, closed.

The contact is in a table of its own and is read in one place only, for those
whose seat says "in".
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tito_bench_server.client_package import safe_text
from tito_bench_server.contract.peers import AnswerAskBody, AskBody, GroupBody, WishBody
from tito_bench_server.peers.caller import Caller, not_there, refuse, reported, shunned
from tito_bench_server.peers.handles import new_handle
from tito_bench_server.peers.inbox import tell
from tito_bench_server.peers.rules import (
    ASK_DAYS,
    GROUP_DAYS,
    MODULES,
    band_span,
    module_band,
    module_gap,
    overlap_h,
    utc_band,
)
from tito_bench_server.store import tables

__all__ = [
    "answer",
    "ask",
    "close",
    "drop_seat",
    "end_group",
    "find",
    "found",
    "leave",
    "note_sign",
    "open_group",
    "view",
]

_group, _seat, _contact = tables.study_group, tables.seat, tables.group_contact
_MOST_MADE = 3
_MOST_SEATS = 6
_MOST_SHOWN = 100

# Made once: making a statement takes longer than running it.
_WITH_TAKEN = sa.select(
    _group,
    sa.select(sa.func.count())
    .select_from(_seat)
    .where(_seat.c.group_id == _group.c.id, _seat.c.state == "in")
    .scalar_subquery()
    .label("taken"),
).where(
    _group.c.course_id == sa.bindparam("course"),
    _group.c.sign_day >= sa.bindparam("alive"),
)
_ONE_GROUP = _WITH_TAKEN.where(_group.c.id == sa.bindparam("which"))
_SEAT_OF = sa.select(_seat).where(
    _seat.c.group_id == sa.bindparam("which"), _seat.c.member_id == sa.bindparam("whose")
)
_SEATS_OF = sa.select(_seat).where(
    _seat.c.member_id == sa.bindparam("whose"), _seat.c.state.in_(("in", "asked"))
)
_SEATS_IN = (
    sa.select(_seat, tables.member.c.modules)
    .join(tables.member, tables.member.c.id == _seat.c.member_id)
    .where(
        _seat.c.group_id == sa.bindparam("which"),
        _seat.c.state.in_(sa.bindparam("states", expanding=True)),
    )
    .order_by(_seat.c.since_day, _seat.c.handle)
)
_CONTACT_OF = sa.select(_contact.c.text).where(_contact.c.group_id == sa.bindparam("which"))


def open_group(connection: sa.Connection, caller: Caller, body: GroupBody, group_id: str) -> None:
    """Make a group; its maker has the first seat."""
    caller.need("groups")
    caller.need_open()
    made = connection.execute(
        sa.select(sa.func.count()).select_from(_group).where(_group.c.maker_id == caller.id)
    ).scalar_one()
    if made >= _MOST_MADE:
        refuse(409, "Enough groups", f"you have made {made} groups; close one first")
    band = utc_band(body.utc_hours)
    connection.execute(
        sa.insert(_group).values(
            id=group_id,
            course_id=caller.course_id,
            maker_id=caller.id,
            from_module=body.from_module,
            to_module=body.to_module,
            language=body.language,
            utc_band=band,
            pace=body.pace,
            places=body.places,
            about=safe_text(body.about, 280),
            about_approved=False,
            hidden=False,
            sign_day=caller.today,
        )
    )
    connection.execute(sa.insert(_contact).values(group_id=group_id, text=body.contact))
    _take_seat(connection, caller, group_id, "in", body.language, band)


def find(connection: sa.Connection, caller: Caller, wish: WishBody) -> dict[str, Any]:
    """Return one's own groups, and those with places free: the nearest modules first, then the
    most hours of the day in common, then one's own language."""
    caller.need("groups")
    low = wish.from_module or wish.to_module or max(1, min(caller.modules + 1, MODULES))
    high = max(low, wish.to_module or low)
    band = None if wish.utc_hours is None else utc_band(wish.utc_hours)
    here = {"course": caller.course_id, "alive": caller.today - GROUP_DAYS}
    rows = connection.execute(_WITH_TAKEN, here).all()
    mine = _seats_of(connection, caller)
    unseen = shunned(connection, caller.id)
    hidden = reported(connection, caller, "group")

    def order(row: sa.Row[Any]) -> tuple[int, int, bool, int, str]:
        gap = module_gap(row.from_module, row.to_module, low, high)
        hours = 0 if band is None else overlap_h(row.utc_band, band)
        other = wish.language is not None and row.language != wish.language
        return gap, -hours, other, -row.sign_day, row.id

    free = [
        row
        for row in rows
        if row.id not in mine
        and row.taken < row.places
        and not row.hidden
        and row.maker_id not in unseen
        and row.id not in hidden
    ]
    return {
        "mine": [
            _card(row, mine[row.id].state) for row in sorted(rows, key=order) if row.id in mine
        ],
        "groups": [
            _card(row, None)
            | {"hours_in_common": None if band is None else overlap_h(row.utc_band, band)}
            for row in sorted(free, key=order)[:_MOST_SHOWN]
        ],
    }


def view(connection: sa.Connection, caller: Caller, group_id: str) -> dict[str, Any]:
    """Return a group; who is in it and the contact to those who are in, who asks to its maker."""
    caller.need("groups")
    row = found(connection, caller, group_id)
    mine = _seat_of(connection, group_id, caller.id)
    shown = _card(row, None if mine is None else mine.state)
    is_in = mine is not None and mine.state == "in"
    is_maker = row.maker_id == caller.id
    shown |= {"handle": None if mine is None else mine.handle, "seats": [], "contact": None}
    if is_in:
        states = ("in", "asked") if is_maker else ("in",)
        unseen = shunned(connection, caller.id)
        shown["seats"] = [
            {
                "handle": seat.handle,
                "state": seat.state,
                "modules": module_band(seat.modules),
                "language": seat.language,
                "utc": band_span(seat.utc_band),
            }
            for seat in connection.execute(_SEATS_IN, {"which": group_id, "states": states})
            if seat.member_id not in unseen and not _has_lapsed(seat, caller.today)
        ]
        shown["contact"] = connection.execute(_CONTACT_OF, {"which": group_id}).scalar_one()
    if is_in or row.about_approved:
        shown["about"] = row.about
    return shown


def ask(connection: sa.Connection, caller: Caller, body: AskBody, group_id: str) -> None:
    """Ask to be let in."""
    caller.need("groups")
    caller.need_open()
    row = found(connection, caller, group_id)
    mine = _seat_of(connection, group_id, caller.id)
    if mine is not None:
        words = {
            "in": "you are in this group",
            "asked": "you have asked already; the answer comes within a week, or none",
            "declined": "this group has answered you; there are others",
        }
        refuse(409, "Asked before", words[mine.state])
    if row.taken >= row.places:
        refuse(409, "Full", "this group is full; there are others, or make one")
    if len(_seats_of(connection, caller)) >= _MOST_SEATS:
        refuse(409, "Enough groups", "you are in or have asked enough groups; leave one first")
    _take_seat(connection, caller, group_id, "asked", body.language, utc_band(body.utc_hours))
    tell(connection, row.maker_id, "group asked", group_id, caller.today)


def answer(connection: sa.Connection, caller: Caller, body: AnswerAskBody, group_id: str) -> None:
    """Let one in, or not; only the maker can, and only as many as there are places."""
    row = _made_by(connection, caller, group_id)
    asker = connection.execute(
        sa.select(_seat).where(_seat.c.group_id == group_id, _seat.c.handle == body.handle)
    ).one_or_none()
    if (
        asker is None
        or asker.state != "asked"
        or _has_lapsed(asker, caller.today)
        or asker.member_id in shunned(connection, caller.id)
    ):
        refuse(404, "Not there", "nobody of this handle asks to join; they may have left")
    if body.accept and row.taken >= row.places:
        refuse(409, "Full", "all places of your group are taken")
    state = "in" if body.accept else "declined"
    connection.execute(
        sa.update(_seat)
        .where(_seat.c.group_id == group_id, _seat.c.member_id == asker.member_id)
        .values(state=state, since_day=caller.today)
    )
    note_sign(connection, group_id, caller.today)
    kind = "group accepted" if body.accept else "group declined"
    tell(connection, asker.member_id, kind, group_id, caller.today)


def leave(connection: sa.Connection, caller: Caller, group_id: str) -> None:
    """Give one's seat up, or take an ask back; for its maker the group ends."""
    mine = _seat_of(connection, group_id, caller.id)
    if mine is None or mine.state == "declined":
        not_there()
    row = connection.execute(sa.select(_group).where(_group.c.id == group_id)).one()
    if row.maker_id == caller.id:
        close(connection, caller, group_id)
        return
    drop_seat(connection, group_id, caller.id)
    if mine.state == "in":
        tell(connection, row.maker_id, "group left", group_id, caller.today)


def close(connection: sa.Connection, caller: Caller, group_id: str) -> None:
    """End a group; only its maker can."""
    _made_by(connection, caller, group_id)
    end_group(connection, group_id, caller.today)


def end_group(connection: sa.Connection, group_id: str, today: int) -> None:
    """Delete a group with its contact, and tell those in it and those who ask."""
    others = connection.execute(
        sa.select(_seat.c.member_id)
        .join(_group, _group.c.id == _seat.c.group_id)
        .where(
            _seat.c.group_id == group_id,
            _seat.c.state.in_(("in", "asked")),
            _seat.c.member_id != _group.c.maker_id,
        )
        .order_by(_seat.c.member_id)
    ).scalars()
    for member_id in others.all():
        tell(connection, member_id, "group closed", group_id, today)
    report = tables.report
    connection.execute(sa.delete(report).where(report.c.object_id == group_id))
    connection.execute(sa.delete(_group).where(_group.c.id == group_id))


def drop_seat(connection: sa.Connection, group_id: str, member_id: int) -> None:
    """Free a seat."""
    connection.execute(
        sa.delete(_seat).where(_seat.c.group_id == group_id, _seat.c.member_id == member_id)
    )


def note_sign(connection: sa.Connection, group_id: str, today: int) -> None:
    """Remember that the group is alive."""
    connection.execute(sa.update(_group).where(_group.c.id == group_id).values(sign_day=today))


def found(connection: sa.Connection, caller: Caller, group_id: str) -> sa.Row[Any]:
    """Return a group that the caller may see; raises `Refusal` with 404."""
    meant = {"which": group_id, "course": caller.course_id, "alive": caller.today - GROUP_DAYS}
    row = connection.execute(_ONE_GROUP, meant).one_or_none()
    if row is None or row.maker_id in shunned(connection, caller.id):
        not_there()
    mine = _seat_of(connection, group_id, caller.id)
    if mine is not None and mine.state == "in":
        return row
    if row.hidden or group_id in reported(connection, caller, "group"):
        not_there()
    return row


def _made_by(connection: sa.Connection, caller: Caller, group_id: str) -> sa.Row[Any]:
    row = found(connection, caller, group_id)
    if row.maker_id != caller.id:
        refuse(403, "Not yours", "only who made the group can do this")
    return row


def _take_seat(
    connection: sa.Connection, caller: Caller, group_id: str, state: str, language: str, band: int
) -> None:
    taken = connection.execute(
        sa.select(_seat.c.handle).where(_seat.c.group_id == group_id)
    ).scalars()
    connection.execute(
        sa.insert(_seat).values(
            group_id=group_id,
            member_id=caller.id,
            handle=new_handle(set(taken)),
            state=state,
            language=language,
            utc_band=band,
            since_day=caller.today,
        )
    )


def _seat_of(connection: sa.Connection, group_id: str, member_id: int) -> sa.Row[Any] | None:
    return connection.execute(_SEAT_OF, {"which": group_id, "whose": member_id}).one_or_none()


def _seats_of(connection: sa.Connection, caller: Caller) -> dict[str, sa.Row[Any]]:
    rows = connection.execute(_SEATS_OF, {"whose": caller.id})
    return {row.group_id: row for row in rows}


def _has_lapsed(seat: sa.Row[Any], today: int) -> bool:
    return bool(seat.state == "asked" and seat.since_day < today - ASK_DAYS)


def _card(row: sa.Row[Any], state: str | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "modules": {"from": row.from_module, "to": row.to_module},
        "language": row.language,
        "utc": band_span(row.utc_band),
        "pace": row.pace,
        "places": row.places,
        "places_free": max(0, row.places - row.taken),
        "about": row.about if row.about_approved else "",
        "you": state,
    }
