"""Study groups: found, asked, answered; the contact for those who are in; races and lapses."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from tito_bench_server.store import tables
from tito_bench_server.store.retention import prune
from world import World

CONTACT = "https://chat.example/invite/abc"
ASK = {"language": "en", "utc_hours": 1}
PLAIN = {
    "from_module": 1,
    "to_module": 2,
    "language": "en",
    "utc_hours": 0,
    "places": 3,
    "contact": "x",
}


def _make(world: World, key: str, **changes: Any) -> str:
    body = {
        "from_module": 5,
        "to_module": 8,
        "language": "en",
        "utc_hours": 1,
        "places": 3,
        "contact": CONTACT,
    }
    found: str = world.peer(key, "POST", "groups", **(body | changes))["id"]
    return found


def _asks(world: World, maker: str, group: str) -> list[str]:
    seats = world.peer(maker, "GET", f"groups/{group}")["seats"]
    return [seat["handle"] for seat in seats if seat["state"] == "asked"]


def _answer(
    world: World, maker: str, group: str, handle: str, status: int = 200, *, accept: bool = True
) -> None:
    world.peer(maker, "POST", f"groups/{group}/answer", status, handle=handle, accept=accept)


def _join_group(world: World, maker: str, group: str, guest: str) -> None:
    world.peer(guest, "POST", f"groups/{group}/ask", **ASK)
    (handle,) = _asks(world, maker, group)
    _answer(world, maker, group, handle)


def _events(world: World, key: str) -> list[str]:
    return [one["kind"] for one in world.peer(key, "GET", "inbox")["events"]]


def _prune(world: World) -> None:
    prune(world.services.turn, world.day)


def test_a_group_of_three_finds_each_other(world: World) -> None:
    (_, ada), (_, ben), (_, cem) = (world.join() for _ in range(3))
    group = _make(world, ada)
    assert re.fullmatch("[a-z2-7]{16}", group), "no hyphen: it is typed as a word of a command"
    (card,) = world.peer(ben, "GET", "groups?from_module=5&language=en&utc_hours=1")["groups"]
    assert (card["id"], card["places_free"], card["hours_in_common"]) == (group, 2, 10)
    assert CONTACT not in str(world.peer(ben, "GET", f"groups/{group}"))
    world.peer(ben, "POST", f"groups/{group}/ask", **ASK)
    assert world.peer(ben, "GET", f"groups/{group}")["contact"] is None, "asking is not enough"
    (handle,) = _asks(world, ada, group)
    assert handle.count("-") == 2
    shown = world.peer(ada, "GET", f"groups/{group}")
    assert "Kenya" not in str(shown)
    _answer(world, ada, group, handle)
    assert world.peer(ben, "GET", f"groups/{group}")["contact"] == CONTACT
    _join_group(world, ada, group, cem)
    names = {seat["handle"] for seat in world.peer(cem, "GET", f"groups/{group}")["seats"]}
    assert len(names) == 3
    assert _events(world, ada) == ["group asked", "group asked"]
    assert _events(world, ben) == ["group accepted"]
    _, dan = world.join()
    assert world.peer(dan, "GET", "groups")["groups"] == [], "a full group leaves the list"
    world.peer(dan, "POST", f"groups/{group}/ask", 409, **ASK)
    world.peer(cem, "POST", f"groups/{group}/leave")
    assert _events(world, ada)[-1] == "group left"
    world.peer(cem, "GET", f"groups/{group}", 200)
    assert world.peer(cem, "GET", f"groups/{group}")["contact"] is None
    world.peer(ada, "POST", f"groups/{group}/close")
    assert _events(world, ben)[-1] == "group closed"
    world.peer(ben, "GET", f"groups/{group}", 404)
    assert world.rows(tables.group_contact) == []


def test_the_nearest_come_first(world: World) -> None:
    _, ada = world.join()
    _, looker = world.join(modules_completed=4)
    _, other = world.join()
    far = _make(world, ada, from_module=12, to_module=14)
    other_language = _make(world, ada, language="de")
    night = _make(world, ada, utc_hours=-8)
    best = _make(world, other)
    found = world.peer(looker, "GET", "groups?from_module=5&to_module=6&utc_hours=1&language=en")
    assert [one["id"] for one in found["groups"]] == [best, other_language, night, far]
    assert [one["id"] for one in world.peer(looker, "GET", "groups")["groups"]][-1] == far
    world.peer(looker, "GET", "groups?from_module=x", 422)
    world.peer(looker, "GET", "groups?utc_hours=99", 422)


def test_own_words_are_shown_when_approved(world: World) -> None:
    (_, ada), (_, ben) = world.join(), world.join()
    group = _make(world, ada, about="We meet on Sundays")
    assert world.peer(ada, "GET", f"groups/{group}")["about"] == "We meet on Sundays"
    assert world.peer(ben, "GET", f"groups/{group}")["about"] == ""
    for bad in ("join https://x.example", "mail me@x.org", "ring 030 1234567", "see spam.com/x"):
        world.peer(ben, "POST", "groups", 422, **PLAIN, about=bad)


def test_the_last_place_is_given_once(world: World) -> None:
    _, ada = world.join()
    guests = [world.join()[1] for _ in range(6)]
    group = _make(world, ada)
    for guest in guests:
        world.peer(guest, "POST", f"groups/{group}/ask", **ASK)
    handles = _asks(world, ada, group)
    assert len(handles) == 6

    def accept(handle: str) -> int:
        body = {"handle": handle, "accept": True}
        path = f"/api/community/groups/{group}/answer"
        return world.request("POST", path, key=ada, json_body=body).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(accept, handles))
    assert answers == [200, 200, 409, 409, 409, 409]
    seats = [row["state"] for row in world.rows(tables.seat)]
    assert seats.count("in") == 3


def test_a_repeated_post_is_in_effect_once(world: World) -> None:
    _, ada = world.join()
    once = uuid.uuid4()
    body = PLAIN
    answers = [
        world.request(
            "POST", "/api/community/groups", key=ada, idempotency=once, json_body=body
        ).json()
        for _ in range(3)
    ]
    assert [one["status"] for one in answers] == ["stored", "stored before", "stored before"]
    assert len({one["id"] for one in answers}) == 1
    assert len(world.rows(tables.study_group)) == 1
    other = world.request(
        "POST", "/api/community/groups", key=ada, idempotency=once, json_body=body | {"places": 4}
    )
    assert other.status_code == 422


def test_what_is_not_ones_own(world: World) -> None:
    (_, ada), (_, ben) = world.join(), world.join()
    group = _make(world, ada)
    world.peer(ben, "POST", f"groups/{group}/close", 403)
    _answer(world, ben, group, "x", 403)
    world.peer(ben, "POST", f"groups/{group}/leave", 404)
    world.peer(ben, "POST", "groups/nothing/ask", 404, **ASK)
    _answer(world, ada, group, "nobody-at-all", 404)
    assert world.request("GET", "/api/community/groups").status_code == 401


def test_a_nul_names_nothing(world: World) -> None:
    """PostgreSQL's texts hold none: it would be a mistake of the server."""
    _, ada = world.join(name="Uni\0versity", cohort="Fall\0", country="Ken\0ya")
    group = _make(world, ada, about="a\0b")
    for kind in ("card", "group", "seat", "match"):
        for path in ("blocks", "reports"):
            body = {"kind": kind, "group": group} | (
                {"reason": "spam"} if path == "reports" else {}
            )
            world.peer(ada, "POST", path, 422, ref="x\0", **body)
            world.peer(ada, "POST", path, 422, **(body | {"ref": "x", "group": "\0"}))
    _answer(world, ada, group, "x\0", 422)
    world.peer(ada, "GET", "groups/x%00", 404)
    world.peer(ada, "POST", "groups/%00/ask", 404, **ASK)
    _answer(world, ada, "%00", "x", 404)
    world.peer(ada, "POST", "matches/%00/answer", 404, accept=True, contact=CONTACT)
    world.peer(ada, "DELETE", "blocks/%00", 404)
    assert world.request("GET", "/groups/%00", key=ada).status_code == 404
    assert world.request("GET", "/api/community/map?cohort=%00").status_code == 404
    form = b"id=%00&once=1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    left = world.request("POST", "/do/group-leave", body=form, headers=sent, key=ada)
    assert left.status_code == 404


def test_lapses(world: World) -> None:
    (_, ada), (_, ben), (_, cem) = (world.join() for _ in range(3))
    group = _make(world, ada, places=4)
    _join_group(world, ada, group, cem)
    world.peer(ben, "POST", f"groups/{group}/ask", **ASK)
    (handle,) = _asks(world, ada, group)
    world.pass_days(8)
    assert _asks(world, ada, group) == [], "even before the day's work is done"
    _answer(world, ada, group, handle, 404)
    _prune(world)
    world.peer(ben, "POST", f"groups/{group}/ask", **ASK)
    world.pass_days(60)
    _prune(world)
    world.peer(cem, "GET", f"groups/{group}")  # a sign of life
    world.pass_days(60)
    _prune(world)
    world.peer(ben, "GET", f"groups/{group}")  # not of one who is in
    world.pass_days(1)
    world.peer(ada, "GET", f"groups/{group}", 404)
    _prune(world)
    assert world.rows(tables.study_group) == []
    assert _events(world, cem) == ["group closed"]


def test_a_declined_ask_is_an_answer(world: World) -> None:
    (_, ada), (_, ben) = world.join(), world.join()
    group = _make(world, ada)
    world.peer(ben, "POST", f"groups/{group}/ask", **ASK)
    (handle,) = _asks(world, ada, group)
    _answer(world, ada, group, handle, accept=False)
    assert _events(world, ben) == ["group declined"]
    world.peer(ben, "POST", f"groups/{group}/ask", 409, **ASK)
    assert world.peer(ben, "GET", f"groups/{group}")["contact"] is None


def test_a_block_ends_what_two_share(world: World) -> None:
    (_, ada), (_, ben), (_, cem) = (world.join() for _ in range(3))
    group = _make(world, ada)
    _join_group(world, ada, group, ben)
    _join_group(world, ada, group, cem)
    mine = world.peer(ben, "GET", f"groups/{group}")
    theirs = world.peer(cem, "GET", f"groups/{group}")["handle"]
    world.peer(ben, "POST", "blocks", kind="seat", ref=theirs, group=group)
    seen = world.peer(ben, "GET", f"groups/{group}")
    assert theirs not in str(seen["seats"])
    assert seen["contact"] == CONTACT, "the maker let both in"
    assert mine["handle"] not in str(world.peer(cem, "GET", f"groups/{group}")["seats"])
    world.peer(ada, "POST", "blocks", kind="seat", ref=mine["handle"], group=group)
    world.peer(ben, "GET", f"groups/{group}", 404)
    assert world.peer(ben, "GET", "groups") == {"mine": [], "groups": []}
    assert _events(world, ben) == ["group accepted"], "silently"


def test_two_reports_hide_a_group(world: World) -> None:
    keys = [world.join()[1] for _ in range(4)]
    group = _make(world, keys[0])
    report = {"kind": "group", "ref": group, "reason": "spam"}
    world.peer(keys[1], "POST", "reports", **report)
    assert world.peer(keys[1], "GET", "groups")["groups"] == []
    assert len(world.peer(keys[3], "GET", "groups")["groups"]) == 1
    world.peer(keys[2], "POST", "reports", **report)
    assert world.peer(keys[3], "GET", "groups")["groups"] == []
    world.peer(keys[3], "GET", f"groups/{group}", 404)


def test_who_leaves_takes_their_groups_along(world: World) -> None:
    ada, ben = world.join(), world.join()
    group = _make(world, ada[1])
    _join_group(world, ada[1], group, ben[1])
    assert world.leave(*ada).status_code == 202
    assert _events(world, ben[1])[-1] == "group closed"
    for table in (tables.study_group, tables.group_contact, tables.seat):
        assert world.rows(table) == []


@pytest.mark.parametrize(
    ("flags", "status"),
    [({"takes_members": False}, 409), ({"groups_on": False}, 403), ({"school": True}, 403)],
)
def test_a_course_that_is_closed_or_has_none(world: World, flags: dict, status: int) -> None:
    (_, ada), (_, ben) = world.join(), world.join()
    group = _make(world, ada)
    with world.services.database.write() as connection:
        connection.execute(sa.update(tables.course).values(**flags))
    world.peer(ada, "POST", "groups", status, **PLAIN)
    world.peer(ben, "POST", f"groups/{group}/ask", status, **ASK)
    world.peer(ada, "POST", f"groups/{group}/leave")  # ending is always possible


def test_another_course_is_another_world(world: World) -> None:
    from world import add_course

    add_course(world.services.database, "other", "ZZ99-YY88")
    _, ada = world.join()
    group = _make(world, ada)
    _, stranger = world.join(code="ZZ99-YY88")
    world.peer(stranger, "GET", f"groups/{group}", 404)
    assert world.peer(stranger, "GET", "groups")["groups"] == []
