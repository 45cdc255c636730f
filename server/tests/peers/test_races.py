"""Two requests at the same time, at two processes of one server: what holds whoever is first.

Two worlds on one database are such processes: each has a writer of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from tito_bench_server.store import tables
from world import World, add_course

_TIMES = 8
_ASK = {"language": "en", "utc_hours": 1}
_GROUP = _ASK | {"from_module": 5, "to_module": 8, "places": 3, "contact": "marked-line"}
_OFFER = {"languages": ["en"], "utc_hours": 1, "places": 1}


@pytest.fixture
def two(database_url: str, new_world: Callable[..., World]) -> tuple[World, World]:
    first = new_world(database_url)
    add_course(first.services.database)
    return first, new_world(database_url)


def _at_once(*work: Callable[[], int]) -> list[int]:
    """Do all of it at the same time; the statuses, in that order."""
    ready = Barrier(len(work))

    def run(one: Callable[[], int]) -> int:
        ready.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def _posting(world: World, key: str, path: str, **body: Any) -> Callable[[], int]:
    address = f"/api/community/{path}"
    return lambda: world.request("POST", address, key=key, json_body=body).status_code


def _match(world: World) -> tuple[tuple[Any, str], tuple[Any, str], str]:
    """A mentor and a learner who are proposed to each other, and the match."""
    mentor, learner = world.join(modules_completed=10), world.join()
    world.peer(mentor[1], "PUT", "mentor", **_OFFER)
    world.peer(learner[1], "POST", "mentor/requests", module=5, **_ASK)
    (match,) = world.peer(learner[1], "GET", "matches")["matches"]
    return mentor, learner, match["id"]


def _with_two_asks(world: World) -> tuple[str, str, list[str]]:
    """A group with one place left, its maker, and the handles of two who ask."""
    maker = world.join()[1]
    group = world.peer(maker, "POST", "groups", **_GROUP)["id"]
    for taken in (True, False, False):
        world.peer(world.join()[1], "POST", f"groups/{group}/ask", **_ASK)
        seats = world.peer(maker, "GET", f"groups/{group}")["seats"]
        asks = [seat["handle"] for seat in seats if seat["state"] == "asked"]
        if taken:
            world.peer(maker, "POST", f"groups/{group}/answer", handle=asks[0], accept=True)
    return maker, group, asks


def test_two_accept_the_last_place(two: tuple[World, World]) -> None:
    for _ in range(_TIMES):
        maker, group, handles = _with_two_asks(two[0])
        statuses = _at_once(
            *(
                _posting(world, maker, f"groups/{group}/answer", handle=handle, accept=True)
                for world, handle in zip(two, handles, strict=True)
            )
        )
        assert sorted(statuses) == [200, 409]
        rows = [row for row in two[0].rows(tables.seat) if row["group_id"] == group]
        assert sorted(row["state"] for row in rows) == ["asked", "in", "in", "in"]


def test_two_ask_for_the_last_mentor(two: tuple[World, World]) -> None:
    for _ in range(_TIMES):
        mentor = two[0].join(modules_completed=10)
        two[0].peer(mentor[1], "PUT", "mentor", **_OFFER)
        learners = [two[0].join() for _ in two]
        statuses = _at_once(
            *(
                _posting(world, learner[1], "mentor/requests", module=5, **_ASK)
                for world, learner in zip(two, learners, strict=True)
            )
        )
        assert sorted(statuses) == [200, 409], "a queue that nobody could serve is closed"
        assert len(two[0].rows(tables.pairing)) == 1
        for one in (mentor, *learners):
            two[0].leave(*one)


def test_both_say_yes(two: tuple[World, World]) -> None:
    for _ in range(_TIMES):
        mentor, learner, match = _match(two[0])
        statuses = _at_once(
            *(
                _posting(world, key, f"matches/{match}/answer", accept=True, contact=contact)
                for world, (_, key), contact in zip(two, (mentor, learner), "ml", strict=True)
            )
        )
        assert statuses == [200, 200]
        for (_, key), contact in ((mentor, "l"), (learner, "m")):
            (shown,) = two[0].peer(key, "GET", "matches")["matches"]
            assert (shown["state"], shown["contact"]) == ("met", contact)
            events = two[0].peer(key, "GET", "inbox")["events"]
            assert [one["kind"] for one in events] == ["match proposed", "match met"]


def test_both_leave_while_matched(two: tuple[World, World]) -> None:
    for _ in range(_TIMES):
        mentor, learner, match = _match(two[0])
        for (_, key), contact in ((mentor, "m"), (learner, "l")):
            two[0].peer(key, "POST", f"matches/{match}/answer", accept=True, contact=contact)
        statuses = _at_once(
            lambda m=mentor: two[0].leave(*m).status_code,
            lambda m=learner: two[1].leave(*m).status_code,
        )
        assert statuses == [202, 202]
        for table in (
            *(tables.member, tables.pairing, tables.match_contact),
            *(tables.request, tables.mentor, tables.event, tables.inbox),
        ):
            assert two[0].rows(table) == [], table.name


def test_a_block_while_the_other_says_yes(two: tuple[World, World]) -> None:
    for _ in range(_TIMES):
        mentor, learner, match = _match(two[0])
        path = f"matches/{match}/answer"
        two[0].peer(learner[1], "POST", path, accept=True, contact="marked-learner")
        statuses = _at_once(
            _posting(two[0], learner[1], "blocks", kind="match", ref=match),
            _posting(two[1], mentor[1], path, accept=True, contact="marked-mentor"),
        )
        assert statuses in ([200, 200], [200, 404]), "the mentor was quicker, or too late"
        assert two[0].rows(tables.match_contact) == []
        for one in (mentor, learner):
            assert two[0].peer(one[1], "GET", "matches")["matches"] == []
            two[0].leave(*one)


def test_a_course_that_closes_while_they_ask(two: tuple[World, World]) -> None:
    """Nobody gets in after the course was closed, and what was answered with yes is there."""
    maker = two[0].join()[1]
    group = two[0].peer(maker, "POST", "groups", **_GROUP)["id"]

    def set_open(*, is_open: bool) -> int:
        with two[1].services.database.write() as connection:
            connection.execute(sa.update(tables.course).values(takes_members=is_open))
        return 200

    for _ in range(_TIMES):
        asker, learner = two[0].join()[1], two[0].join()[1]
        asks = _posting(two[0], asker, f"groups/{group}/ask", **_ASK)
        before = len(two[0].rows(tables.seat))
        status, _done = _at_once(asks, lambda: set_open(is_open=False))
        assert status in {200, 409}
        assert len(two[0].rows(tables.seat)) == before + (status == 200)
        for world in two:
            for path, body in (
                (f"groups/{group}/ask", _ASK),
                ("groups", _GROUP),
                ("mentor/requests", {"module": 5} | _ASK),
            ):
                assert _posting(world, learner, path, **body)() == 409
        set_open(is_open=True)
