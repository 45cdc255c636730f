"""Mentors: near-peers first, the longest wait first, contacts when both said yes; and races."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tito_bench_server.peers.rules import median_wait, overlap_h, utc_band
from tito_bench_server.store import tables
from tito_bench_server.store.retention import prune
from world import World

OFFER = {"languages": ["en"], "utc_hours": 1, "places": 1}
ASK = {"module": 5, "language": "en", "utc_hours": 1}


def _mentor(world: World, modules: int = 10, **changes: Any) -> str:
    _, key = world.join(modules_completed=modules)
    world.peer(key, "PUT", "mentor", **(OFFER | changes))
    return key


def _learner(world: World, status: int = 200, **changes: Any) -> str:
    _, key = world.join()
    world.peer(key, "POST", "mentor/requests", status, **(ASK | changes))
    return key


def _match(world: World, key: str) -> dict[str, Any] | None:
    matches = world.peer(key, "GET", "matches")["matches"]
    assert len(matches) <= 1
    return matches[0] if matches else None


def _yes(world: World, key: str, contact: str) -> None:
    match = _match(world, key)
    assert match is not None
    path = f"matches/{match['id']}/answer"
    world.peer(key, "POST", path, accept=True, contact=contact)


def _no(world: World, key: str) -> None:
    match = _match(world, key)
    assert match is not None
    world.peer(key, "POST", f"matches/{match['id']}/answer", accept=False)


def _events(world: World, key: str) -> list[str]:
    return [one["kind"] for one in world.peer(key, "GET", "inbox")["events"]]


def _prune(world: World) -> None:
    prune(world.services.turn, world.day)


def test_contacts_only_when_both_have_said_yes(world: World) -> None:
    mentor = _mentor(world)
    learner = _learner(world)
    match = _match(world, learner)
    assert match is not None
    assert (match["you_are"], match["mentor_says_finished"]) == ("learner", 10)
    _yes(world, mentor, "mentor@example")
    seen = world.peer(learner, "GET", "matches")
    assert "mentor@example" not in str(seen)
    assert seen["matches"][0]["you_said_yes"] is False
    assert "mentor@example" not in str(world.peer(mentor, "GET", "matches")), "nor one's own"
    _yes(world, learner, "learner@example")
    assert _match(world, learner)["contact"] == "mentor@example"
    assert _match(world, mentor)["contact"] == "learner@example"
    assert _events(world, mentor) == ["match proposed", "match met"]
    _no(world, learner)
    assert _match(world, mentor) is None
    assert _events(world, mentor)[-1] == "match over"
    assert world.rows(tables.match_contact) == []
    assert world.peer(mentor, "GET", "matches")["offer"]["places_free"] == 1


def test_near_peers_before_experts_and_never_less_than_two_ahead(world: World) -> None:
    expert = _mentor(world, 20, places=3)
    near = _mentor(world, 8)
    _mentor(world, 6)
    learner = _learner(world)
    assert _match(world, near) is not None
    assert _match(world, expert) is None
    _learner(world)
    assert _match(world, expert) is not None, "the near one has no place left"
    assert _match(world, learner)["mentor_says_finished"] == 8


def test_language_and_hours_have_to_fit(world: World) -> None:
    _mentor(world, languages=["de", "fr"], utc_hours=1)
    _mentor(world, utc_hours=-9)
    learner = _learner(world)
    assert _match(world, learner) is None
    fits = _mentor(world, languages=["de", "en"], utc_hours=4)
    assert _match(world, fits) is not None


def test_who_waited_longest_is_first_and_a_no_goes_on(world: World) -> None:
    first = _mentor(world, places=3)
    world.peer(first, "PUT", "mentor", **(OFFER | {"places": 3, "paused": True}))
    decoy = _mentor(world, places=3, languages=["fr"])  # a free place keeps the queue open
    learners = [_learner(world) for _ in range(3)]
    assert all(_match(world, one) is None for one in learners)
    world.peer(first, "PUT", "mentor", **(OFFER | {"places": 1}))
    assert [_match(world, one) is not None for one in learners] == [True, False, False]
    _no(world, first)
    assert [_match(world, one) is not None for one in learners] == [False, True, False]
    second = _mentor(world)
    assert _match(world, learners[0]) is not None, "nobody is proposed to each other twice"
    _no(world, learners[1])
    assert _match(world, second) is not None
    assert _match(world, decoy) is None
    assert [_match(world, one) is not None for one in learners] == [True, False, True]


def test_an_overfull_queue_is_closed_and_says_so(world: World) -> None:
    _learner(world, 409)
    _mentor(world, languages=["fr"])
    for _ in range(3):
        _learner(world)
    key = _learner(world, 409)
    assert world.peer(key, "GET", "matches")["queue_closed"] is True


def test_one_request_at_a_time(world: World) -> None:
    _mentor(world, places=3)
    learner = _learner(world)
    world.peer(learner, "POST", "mentor/requests", 409, **ASK)
    world.peer(learner, "DELETE", "mentor/requests")
    assert _match(world, learner) is None
    assert world.peer(learner, "GET", "matches")["request"] is None


def test_who_does_not_answer_makes_nobody_wait(world: World) -> None:
    quiet = _mentor(world)
    learner, asleep = _learner(world), None
    _yes(world, learner, "x")
    world.pass_days(3)
    _prune(world)
    assert _match(world, learner) is not None, "three days are theirs"
    world.pass_days(1)
    other = _mentor(world, 9)
    _prune(world)
    assert _match(world, other) is not None, "the request went on by itself"
    assert world.peer(quiet, "GET", "matches")["offer"]["paused"] is True
    assert _events(world, quiet) == ["match proposed", "offer paused", "match over"]
    assert world.rows(tables.match_contact) == [], "the contact for the first match is gone"
    _yes(world, other, "y")
    world.pass_days(4)
    _prune(world)
    assert _match(world, other) is None
    assert "request lapsed" in _events(world, learner)
    assert world.peer(other, "GET", "matches")["offer"]["paused"] is False
    assert asleep is None


def test_a_match_ends_after_thirty_days(world: World) -> None:
    mentor, learner = _mentor(world), _learner(world)
    _yes(world, mentor, "x")
    _yes(world, learner, "y")
    world.pass_days(31)
    _prune(world)
    assert _match(world, learner) is None
    assert world.rows(tables.match_contact) == []
    assert _events(world, learner)[-1] == "match over"


def test_a_block_in_the_middle_of_a_match(world: World) -> None:
    mentor, learner = _mentor(world), _learner(world)
    _yes(world, mentor, "x")
    match = _match(world, learner)
    world.peer(learner, "POST", "blocks", kind="match", ref=match["id"])
    assert _match(world, learner) is None
    assert _match(world, mentor) is None
    world.peer(learner, "POST", f"matches/{match['id']}/answer", 404, accept=True, contact="y")
    assert world.rows(tables.match_contact) == []
    other = _mentor(world)
    assert _match(world, other) is not None, "the learner waits on, for somebody else"


def test_a_block_that_is_taken_back(world: World) -> None:
    (_, mentor), (_, learner) = world.join(modules_completed=10), world.join()
    for key, handle in ((mentor, "Ada"), (learner, "Ben")):
        world.peer(key, "PUT", "roster", handle=handle)
    world.peer(learner, "POST", "blocks", kind="card", ref="Ada")
    world.peer(mentor, "PUT", "mentor", **OFFER)
    world.peer(learner, "POST", "mentor/requests", **ASK)
    assert _match(world, learner) is None
    world.pass_days(2)
    (found,) = world.peer(learner, "GET", "blocks")["blocks"]
    assert (found["kind"], found["ref"], found["days_ago"]) == ("card", "Ada", 2)
    assert world.peer(mentor, "GET", "blocks") == {"blocks": []}, "nobody is told"
    path = f"blocks/{found['id']}"
    world.peer(mentor, "DELETE", path, 404)
    world.peer(learner, "DELETE", path)
    assert [one["handle"] for one in world.peer(learner, "GET", "roster")["cards"]] == ["Ada"]
    assert _match(world, learner) is not None, "the mentor may be theirs now"
    world.peer(learner, "DELETE", path, 404)


def test_both_blocked_and_one_took_it_back(world: World) -> None:
    mentor, learner = _mentor(world), _learner(world)
    match = _match(world, learner)
    for key in (mentor, learner):  # who has the page of the match open still can
        world.peer(key, "POST", "blocks", kind="match", ref=match["id"])
    (found,) = world.peer(mentor, "GET", "blocks")["blocks"]
    world.peer(mentor, "DELETE", f"blocks/{found['id']}")
    assert len(world.peer(learner, "GET", "blocks")["blocks"]) == 1, "theirs stays"


@pytest.mark.parametrize("first", ["mentor", "learner"])
def test_both_leave_while_matched(world: World, first: str) -> None:
    mentor = world.join(modules_completed=10)
    world.peer(mentor[1], "PUT", "mentor", **OFFER)
    learner = world.join()
    world.peer(learner[1], "POST", "mentor/requests", **ASK)
    _yes(world, mentor[1], "x")
    _yes(world, learner[1], "y")
    order = (mentor, learner) if first == "mentor" else (learner, mentor)
    assert world.leave(*order[0]).status_code == 202
    assert _match(world, order[1][1]) is None
    assert _events(world, order[1][1])[-1] == "match over"
    assert world.leave(*order[1]).status_code == 202
    for table in (tables.pairing, tables.match_contact, tables.request, tables.mentor):
        assert world.rows(table) == []


def test_a_mentor_who_leaves_costs_nobody_the_place_in_the_queue(world: World) -> None:
    mentor = world.join(modules_completed=10)
    world.peer(mentor[1], "PUT", "mentor", **OFFER)
    _mentor(world, languages=["fr"], places=3)
    early, late = _learner(world), _learner(world)
    assert world.leave(*mentor).status_code == 202
    new = _mentor(world)
    assert _match(world, early) is not None
    assert _match(world, late) is None
    assert new


@pytest.mark.parametrize(
    ("flags", "status"),
    [({"takes_members": False}, 409), ({"mentors_on": False}, 403), ({"school": True}, 403)],
)
def test_a_course_that_is_closed_or_has_none(world: World, flags: dict, status: int) -> None:
    mentor, learner = _mentor(world), _learner(world)
    match = _match(world, learner)
    with world.services.database.write() as connection:
        connection.execute(sa.update(tables.course).values(**flags))
    _learner(world, status) if flags != {"takes_members": False} else None
    world.peer(mentor, "POST", f"matches/{match['id']}/answer", accept=False)
    world.peer(mentor, "DELETE", "mentor")


def test_offers_that_are_none(world: World) -> None:
    _, early = world.join(modules_completed=2)
    world.peer(early, "PUT", "mentor", 409, **OFFER)
    for bad in ({"places": 4}, {"languages": []}, {"languages": ["English"]}, {"utc_hours": 15}):
        world.peer(early, "PUT", "mentor", 422, **(OFFER | bad))
    mentor, learner = _mentor(world), _learner(world)
    match = _match(world, learner)
    path = f"matches/{match['id']}/answer"
    world.peer(learner, "POST", path, 422, accept=True)
    world.peer(learner, "POST", path, 422, accept=True, contact="two\nlines")
    world.peer(_learner(world, 409), "POST", path, 404, accept=True, contact="me too")
    assert mentor


def test_the_wait_is_told_honestly(world: World) -> None:
    _mentor(world, languages=["fr"], places=3)
    keys = [_learner(world) for _ in range(4)]
    assert world.peer(keys[0], "GET", "matches")["median_wait_days"] is None, "about a person"
    keys.append(_learner(world))
    world.pass_days(6)
    found = world.peer(keys[0], "GET", "matches")
    assert (found["median_wait_days"], found["median_wait_is_longer"]) == (6, True)


def test_the_median_counts_those_who_still_wait() -> None:
    assert median_wait([1, 1, 1], [9]) is None
    assert median_wait([1, 1, 1], [9, 9]) == (1, False)
    assert median_wait([1, 1], [9, 9, 9]) == (9, True), "leaving them out would say one day"
    assert median_wait([2, 3, 4], [1, 1, 1]) == (3, False)


def test_hours_of_the_day() -> None:
    assert [utc_band(h) for h in (-12, -10, -9, 0, 1, 2, 11, 12, 14)] == [0, 0, 1, 4, 4, 4, 7, 0, 0]
    for one in range(8):
        assert overlap_h(one, one) == 10
        assert overlap_h(one, (one + 4) % 8) == 0
        for other in range(8):
            assert overlap_h(one, other) == overlap_h(other, one)
