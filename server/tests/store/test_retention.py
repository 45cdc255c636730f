"""P7: what is forgotten by itself, and when."""

from __future__ import annotations

from tito_bench_server.store import tables
from tito_bench_server.store.retention import prune
from world import World, submission_body


def _prune(world: World):
    return prune(world.services.turn, world.day)


def test_bodies_go_after_90_days_and_scores_stay(world: World) -> None:
    identifier, key = world.join()
    world.post("submit", submission_body(identifier), key=key)
    world.pass_days(90)
    assert _prune(world).bodies == 0
    world.pass_days(1)
    assert _prune(world).bodies == 1
    (row,) = world.rows(tables.submission)
    assert (row["body"], row["score"]) == (None, 61.5)


def test_message_keys_and_tombstones_go_after_30_days(world: World) -> None:
    world.leave(*world.join())
    world.pass_days(30)
    _prune(world)
    assert (len(world.rows(tables.message)), len(world.rows(tables.tombstone))) == (2, 1)
    world.pass_days(1)
    found = _prune(world)
    assert (found.messages, found.tombstones) == (2, 1)


def test_a_member_lapses_400_days_after_the_last_sign_of_life(world: World) -> None:
    quiet, alive = world.join(), world.join()
    for _ in range(30):
        world.join(country="Kenya")
    world.pass_days(3)
    world.release()
    world.pass_days(397)
    from world import profile_body

    assert world.post("profile", profile_body(alive[0]), key=alive[1]).status_code == 202
    world.pass_days(1)
    assert _prune(world).members == 31
    (left,) = world.rows(tables.member)
    assert left["anonymous_id"] == alive[0].bytes
    assert quiet[0].bytes != alive[0].bytes
    departures = {
        row["kind"]: row["departures"] for row in world.rows(tables.release) if row["cohort_id"] > 0
    }
    assert departures["country"] == 31, "who lapses counts as one who left"


def test_sessions_and_links_end(world: World) -> None:
    _, key = world.join()
    for _ in range(3):
        world.request("POST", "/api/community/links", key=key, body=b"")
    world.pass_days(2)
    assert _prune(world).sessions == 3
