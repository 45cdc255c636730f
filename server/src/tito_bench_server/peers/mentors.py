"""Mentors: offered, asked for, matched fairly, and met when both have said yes.

One matching pass would go through all open requests by age and give each the best
mentor who is free. Each change is followed by the part of that pass which it can
alter, in its own transaction: a new request looks for a mentor, a mentor with a free
place for the request that has waited longest. Everything else was looked at before,
and nothing but these changes can have made a match of it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tito_bench_server.contract.peers import AnswerMatchBody, OfferBody, RequestBody
from tito_bench_server.peers.caller import Caller, new_id, not_there, refuse
from tito_bench_server.peers.inbox import tell
from tito_bench_server.peers.rules import (
    LEAST_OVERLAP_H,
    MATCH_DAYS,
    NEAR_PEER,
    QUEUE_PER_PLACE,
    band_span,
    median_wait,
    overlap_h,
    utc_band,
)
from tito_bench_server.store import tables

__all__ = [
    "answer",
    "end_pairing",
    "fill_places",
    "find_mentor",
    "look_again",
    "offer",
    "request_mentor",
    "retire",
    "take_offer_back",
    "take_request_back",
    "view",
]

_mentor, _request, _pairing = tables.mentor, tables.request, tables.pairing
_contact, _block = tables.match_contact, tables.block
_ACTIVE = ("proposed", "met")
_BANDS = range(8)

# Made once: making a statement takes longer than running it, and everybody asks at once.
_OPEN_REQUEST = sa.select(_request).where(
    _request.c.number == sa.bindparam("which"), _request.c.state == "open"
)
_HAS_ASKED = sa.union_all(
    sa.select(_request.c.number).where(
        _request.c.member_id == sa.bindparam("whose"), _request.c.state.in_(("open", "proposed"))
    ),
    sa.select(_pairing.c.request_number).where(
        _pairing.c.learner_id == sa.bindparam("whose"), _pairing.c.state.in_(_ACTIVE)
    ),
)
_OFFER = sa.select(_mentor).where(_mentor.c.member_id == sa.bindparam("whose"))
_REQUEST = sa.select(_request).where(_request.c.number == sa.bindparam("which"))
_ASKED = (
    sa.select(_request)
    .where(
        _request.c.member_id == sa.bindparam("whose"), _request.c.state.in_(("open", "proposed"))
    )
    .order_by(_request.c.number.desc())
)
_MATCHES = (
    sa.select(_pairing)
    .where(
        (_pairing.c.learner_id == sa.bindparam("whose"))
        | (_pairing.c.mentor_id == sa.bindparam("whose")),
        _pairing.c.state.in_(_ACTIVE),
    )
    .order_by(_pairing.c.id)
)
_OTHERS_CONTACT = sa.select(_contact.c.text).where(
    _contact.c.pairing_id == sa.bindparam("which"), _contact.c.member_id != sa.bindparam("whose")
)
_WAITS = sa.select(_request.c.state, _request.c.asked_day, _request.c.ended_day).where(
    _request.c.course_id == sa.bindparam("course"), _request.c.asked_day >= sa.bindparam("since")
)
_NEW_REQUEST = sa.insert(_request).returning(*_request.c)
_NEW_PAIRING = sa.insert(_pairing)
_NOW_PROPOSED = (
    sa.update(_request).where(_request.c.number == sa.bindparam("which")).values(state="proposed")
)
# With whom a member is not matched: who blocked or was blocked, and who was proposed before,
# which is not done twice.
_NOT_FOR = sa.union_all(
    sa.select(_block.c.other_id).where(_block.c.member_id == sa.bindparam("whose")),
    sa.select(_block.c.member_id).where(_block.c.other_id == sa.bindparam("whose")),
    sa.select(_pairing.c.mentor_id).where(_pairing.c.learner_id == sa.bindparam("whose")),
    sa.select(_pairing.c.learner_id).where(_pairing.c.mentor_id == sa.bindparam("whose")),
)


def _best(is_ahead: sa.ColumnElement[bool]) -> sa.Select[int]:
    """Return the mentor with most free places; the index is in this order, so that the first who
    fits ends the search."""
    return (
        sa.select(_mentor.c.member_id)
        .where(
            _mentor.c.course_id == sa.bindparam("course"),
            _mentor.c.free > 0,
            _mentor.c.paused.is_(False),
            is_ahead,
            _mentor.c.utc_band.in_(sa.bindparam("bands", expanding=True)),
            _mentor.c.languages.contains(sa.bindparam("language", type_=sa.Text)),
            _mentor.c.member_id != sa.bindparam("whose"),
            _mentor.c.member_id.not_in(_NOT_FOR),
        )
        .order_by(_mentor.c.free.desc(), _mentor.c.member_id.desc())
        .limit(1)
    )


# Near-peers first: experts are few.
_NEAR = _best(_mentor.c.modules.between(sa.bindparam("least"), sa.bindparam("most")))
_EXPERT = _best(_mentor.c.modules > sa.bindparam("most"))
_WAITING = (
    sa.select(sa.func.count())
    .select_from(_request)
    .where(_request.c.course_id == sa.bindparam("course"), _request.c.state == "open")
)
_SOME_FREE = (
    sa.select(_mentor.c.free)
    .where(
        _mentor.c.course_id == sa.bindparam("course"),
        _mentor.c.free > 0,
        _mentor.c.paused.is_(False),
    )
    .limit(sa.bindparam("most"))
    .subquery()
)
_FREE = sa.select(sa.func.coalesce(sa.func.sum(_SOME_FREE.c.free), 0))
_LEFT = _mentor.c.places - (
    sa.select(sa.func.count())
    .select_from(_pairing)
    .where(_pairing.c.mentor_id == sa.bindparam("whose"), _pairing.c.state.in_(_ACTIVE))
    .scalar_subquery()
)
_COUNT_FREE = (
    sa.update(_mentor)
    .where(_mentor.c.member_id == sa.bindparam("whose"))
    .values(free=sa.case((_LEFT > 0, _LEFT), else_=0))
)


def offer(connection: sa.Connection, caller: Caller, body: OfferBody) -> None:
    """Offer to be a mentor, or change the offer; how far one is, the own profile says."""
    caller.need("mentors")
    if caller.modules < 1 + NEAR_PEER[0]:
        refuse(409, "A little early", f"a mentor has finished {1 + NEAR_PEER[0]} modules or more")
    known = _offer_of(connection, caller.id)
    if known is None:
        caller.need_open()
    active = connection.execute(
        sa.select(sa.func.count())
        .select_from(_pairing)
        .where(_pairing.c.mentor_id == caller.id, _pairing.c.state.in_(_ACTIVE))
    ).scalar_one()
    values = {
        "modules": caller.modules,
        "languages": f" {' '.join(sorted(set(body.languages)))} ",
        "utc_band": utc_band(body.utc_hours),
        "places": body.places,
        "free": max(0, body.places - active),
        "paused": body.paused,
    }
    if known is None:
        own = {"member_id": caller.id, "course_id": caller.course_id}
        connection.execute(sa.insert(_mentor).values(**own, **values))
    else:
        mine = _mentor.c.member_id == caller.id
        connection.execute(sa.update(_mentor).where(mine).values(**values))
    fill_places(connection, caller.id, caller.today)


def take_offer_back(connection: sa.Connection, caller: Caller) -> None:
    """Be no mentor any more: matches end, and who had no answer yet waits again."""
    connection.execute(sa.delete(_mentor).where(_mentor.c.member_id == caller.id))
    for pairing in _active_of(connection, _pairing.c.mentor_id == caller.id):
        end_pairing(connection, pairing, caller.today, by=caller.id)


def request_mentor(connection: sa.Connection, caller: Caller, body: RequestBody) -> None:
    """Ask for a mentor, and be matched at once where one is free."""
    caller.need("mentors")
    caller.need_open()
    if connection.execute(_HAS_ASKED, {"whose": caller.id}).first() is not None:
        refuse(409, "Asked before", "you have asked for a mentor, or have one")
    if _is_full(connection, caller.course_id):
        refuse(
            409,
            "Queue closed",
            "more wait already than the mentors here can take; a study group is quicker",
        )
    new = {
        "member_id": caller.id,
        "course_id": caller.course_id,
        "module": body.module,
        "language": body.language,
        "utc_band": utc_band(body.utc_hours),
        "state": "open",
        "asked_day": caller.today,
    }
    _find_mentor_for(connection, connection.execute(_NEW_REQUEST, new).one(), caller.today)


def retire(connection: sa.Connection, member_id: int, today: int, *, by: int | None) -> None:
    """Take a member out of it: offer, request and matches end.

    The offer goes first: what ends must not be matched to it anew.
    """
    connection.execute(sa.delete(_mentor).where(_mentor.c.member_id == member_id))
    connection.execute(
        sa.update(_request)
        .where(_request.c.member_id == member_id, _request.c.state.in_(("open", "proposed")))
        .values(state="withdrawn", ended_day=today)
    )
    for pairing in connection.execute(_MATCHES, {"whose": member_id}).all():
        end_pairing(connection, pairing, today, by=by)


def take_request_back(connection: sa.Connection, caller: Caller) -> None:
    """Ask no more; a match that was proposed ends."""
    for pairing in _active_of(
        connection, (_pairing.c.learner_id == caller.id) & (_pairing.c.state == "proposed")
    ):
        end_pairing(connection, pairing, caller.today, by=caller.id)
    connection.execute(
        sa.update(_request)
        .where(_request.c.member_id == caller.id, _request.c.state == "open")
        .values(state="withdrawn", ended_day=caller.today)
    )


def answer(
    connection: sa.Connection, caller: Caller, body: AnswerMatchBody, pairing_id: str
) -> None:
    """Say yes with a contact for this match, or no; a no also ends a match that was met."""
    pairing = connection.execute(
        sa.select(_pairing).where(
            _pairing.c.id == pairing_id,
            _pairing.c.state.in_(_ACTIVE),
            (_pairing.c.learner_id == caller.id) | (_pairing.c.mentor_id == caller.id),
        )
    ).one_or_none()
    if pairing is None:
        not_there()
    if not body.accept:
        end_pairing(connection, pairing, caller.today, by=caller.id)
        return
    is_mentor = pairing.mentor_id == caller.id
    connection.execute(
        sa.delete(_contact).where(
            _contact.c.pairing_id == pairing_id, _contact.c.member_id == caller.id
        )
    )
    connection.execute(
        sa.insert(_contact).values(pairing_id=pairing_id, member_id=caller.id, text=body.contact)
    )
    values: dict[str, Any] = {"mentor_yes" if is_mentor else "learner_yes": True}
    other_yes = pairing.learner_yes if is_mentor else pairing.mentor_yes
    is_met = bool(other_yes) and pairing.state == "proposed"
    if is_met:
        values |= {"state": "met", "since_day": caller.today}
        connection.execute(
            sa.update(_request)
            .where(_request.c.number == pairing.request_number)
            .values(state="met", ended_day=caller.today)
        )
    connection.execute(sa.update(_pairing).where(_pairing.c.id == pairing_id).values(**values))
    if is_met:
        for member_id in sorted((pairing.learner_id, pairing.mentor_id)):
            tell(connection, member_id, "match met", pairing_id, caller.today)


def view(connection: sa.Connection, caller: Caller) -> dict[str, Any]:
    """Return one's offer and request, how long people wait, and one's matches.

    The contact of the other is in it once both have said yes, and not before.
    """
    caller.need("mentors")
    mine = _offer_of(connection, caller.id)
    asked = connection.execute(_ASKED, {"whose": caller.id}).first()
    wait = _median_wait(connection, caller)
    pairings = connection.execute(_MATCHES, {"whose": caller.id}).all()
    return {
        "offer": None
        if mine is None
        else {
            "modules": mine.modules,
            "languages": mine.languages.split(),
            "utc": band_span(mine.utc_band),
            "places": mine.places,
            "places_free": mine.free,
            "paused": bool(mine.paused),
        },
        "request": None
        if asked is None
        else {
            "module": asked.module,
            "language": asked.language,
            "utc": band_span(asked.utc_band),
            "waits_days": caller.today - asked.asked_day,
        },
        "queue_closed": _is_full(connection, caller.course_id),
        "median_wait_days": None if wait is None else wait[0],
        "median_wait_is_longer": wait is not None and wait[1],
        "matches": [_shown(connection, caller, one) for one in pairings],
    }


def find_mentor(connection: sa.Connection, number: int, today: int) -> bool:
    """Propose the best free mentor to an open request; False where there is none."""
    request = connection.execute(_OPEN_REQUEST, {"which": number}).one_or_none()
    return request is not None and _find_mentor_for(connection, request, today)


def look_again(connection: sa.Connection, member_id: int, today: int) -> None:
    """Look for a mentor for the open request of a member, for whom somebody more may be one."""
    for number in connection.execute(_HAS_ASKED, {"whose": member_id}).scalars().all():
        find_mentor(connection, number, today)


def _find_mentor_for(connection: sa.Connection, request: sa.Row[Any], today: int) -> bool:
    least, most = (request.module + ahead for ahead in NEAR_PEER)
    wanted = {
        "course": request.course_id,
        "whose": request.member_id,
        "least": least,
        "most": most,
        "bands": [b for b in _BANDS if overlap_h(b, request.utc_band) >= LEAST_OVERLAP_H],
        "language": f" {request.language} ",
    }
    for statement in (_NEAR, _EXPERT):
        best = connection.execute(statement, wanted).scalar()
        if best is not None:
            _propose(connection, request, best, today)
            return True
    return False


def fill_places(connection: sa.Connection, mentor_id: int, today: int) -> None:
    """Propose a mentor to those who have waited longest, as far as there are free places."""
    while True:
        mentor = _offer_of(connection, mentor_id)
        if mentor is None or mentor.paused or mentor.free < 1:
            return
        bands = [b for b in _BANDS if overlap_h(b, mentor.utc_band) >= LEAST_OVERLAP_H]
        request = connection.execute(
            sa.select(_request)
            .where(
                _request.c.course_id == mentor.course_id,
                _request.c.state == "open",
                _request.c.module <= mentor.modules - NEAR_PEER[0],
                _request.c.utc_band.in_(bands),
                _request.c.language.in_(mentor.languages.split()),
                _request.c.member_id != mentor_id,
                _request.c.member_id.not_in(_NOT_FOR),
            )
            .order_by(_request.c.number)
            .limit(1),
            {"whose": mentor_id},
        ).one_or_none()
        if request is None:
            return
        _propose(connection, request, mentor_id, today)


def end_pairing(
    connection: sa.Connection, pairing: sa.Row[Any], today: int, *, by: int | None
) -> None:
    """End a match: contacts go at once, the place is free, the other is told.

    Who had not been helped yet waits again, at the place in the queue that is theirs,
    unless it was they who took the request back by leaving.
    """
    connection.execute(sa.delete(_contact).where(_contact.c.pairing_id == pairing.id))
    connection.execute(
        sa.update(_pairing).where(_pairing.c.id == pairing.id).values(state="over", since_day=today)
    )
    _count_free(connection, pairing.mentor_id)
    if pairing.state == "proposed":
        connection.execute(
            sa.update(_request)
            .where(_request.c.number == pairing.request_number, _request.c.state == "proposed")
            .values(state="open")
        )
    for member_id in sorted({pairing.learner_id, pairing.mentor_id} - {by}):
        tell(connection, member_id, "match over", pairing.id, today)
    find_mentor(connection, pairing.request_number, today)
    fill_places(connection, pairing.mentor_id, today)


def _propose(connection: sa.Connection, request: sa.Row[Any], mentor_id: int, today: int) -> None:
    pairing_id = new_id()
    new = {
        "id": pairing_id,
        "course_id": request.course_id,
        "request_number": request.number,
        "learner_id": request.member_id,
        "mentor_id": mentor_id,
        "learner_yes": False,
        "mentor_yes": False,
        "state": "proposed",
        "since_day": today,
    }
    connection.execute(_NEW_PAIRING, new)
    connection.execute(_NOW_PROPOSED, {"which": request.number})
    _count_free(connection, mentor_id)
    for member_id in sorted((request.member_id, mentor_id)):
        tell(connection, member_id, "match proposed", pairing_id, today)


def _count_free(connection: sa.Connection, mentor_id: int) -> None:
    """Write down how many places a mentor has free: more may be taken than are offered now."""
    connection.execute(_COUNT_FREE, {"whose": mentor_id})


def _active_of(connection: sa.Connection, whose: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
    return list(
        connection.execute(
            sa.select(_pairing).where(whose, _pairing.c.state.in_(_ACTIVE)).order_by(_pairing.c.id)
        )
    )


def _offer_of(connection: sa.Connection, member_id: int) -> sa.Row[Any] | None:
    return connection.execute(_OFFER, {"whose": member_id}).one_or_none()


def _is_full(connection: sa.Connection, course_id: int) -> bool:
    """Return whether so many wait that asking would be a promise nobody keeps."""
    waiting = connection.execute(_WAITING, {"course": course_id}).scalar_one()
    # Enough free places to say so: the sum of all would be asked for at every request.
    enough = waiting // QUEUE_PER_PLACE + 1
    places = connection.execute(_FREE, {"course": course_id, "most": enough}).scalar_one()
    return bool(places < enough)


def _median_wait(connection: sa.Connection, caller: Caller) -> tuple[int, bool] | None:
    lately = {"course": caller.course_id, "since": caller.today - MATCH_DAYS}
    rows = connection.execute(_WAITS, lately).all()
    waits = [(row.state == "met", (row.ended_day or caller.today) - row.asked_day) for row in rows]
    return median_wait(
        [days for met, days in waits if met], [days for met, days in waits if not met]
    )


def _shown(connection: sa.Connection, caller: Caller, pairing: sa.Row[Any]) -> dict[str, Any]:
    is_mentor = pairing.mentor_id == caller.id
    request = connection.execute(_REQUEST, {"which": pairing.request_number}).one()
    mentor = _offer_of(connection, pairing.mentor_id)
    contact = None
    if pairing.state == "met" and pairing.learner_yes and pairing.mentor_yes:
        meant = {"which": pairing.id, "whose": caller.id}
        contact = connection.execute(_OTHERS_CONTACT, meant).scalar()
    return {
        "id": pairing.id,
        "you_are": "mentor" if is_mentor else "learner",
        "state": pairing.state,
        "module": request.module,
        "language": request.language,
        "mentor_says_finished": None if mentor is None else mentor.modules,
        "utc": band_span(request.utc_band if is_mentor or mentor is None else mentor.utc_band),
        "you_said_yes": bool(pairing.mentor_yes if is_mentor else pairing.learner_yes),
        "contact": contact,
    }
