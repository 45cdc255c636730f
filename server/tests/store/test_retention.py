"""P7: what is forgotten by itself, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postgres_cluster import Cluster
from tito_bench_server.errors import StoreUnavailable
from tito_bench_server.store import bodies, tables
from tito_bench_server.store.retention import prune
from world import World, add_course, submission_body


def _prune(world: World):
    return prune(world.services.turn, world.day)


def _bodies(world: World) -> list[int]:
    return sorted(row["received_day"] for row in world.rows(tables.submission_body))


def test_bodies_go_by_weeks_after_90_days_and_scores_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_ROWS", 2)
    identifier, key = world.join()
    world.day += timedelta(days=7 - tables.day_of(world.day) % 7)
    first = tables.day_of(world.day)
    days = [first, *range(first, first + 9)]
    for number, day in enumerate(days):
        world.pass_days(day - tables.day_of(world.day))
        world.post("submit", submission_body(identifier, score=float(number)), key=key)
    assert _bodies(world) == days
    world.pass_days(first + 90 - tables.day_of(world.day))
    assert _prune(world).weeks == 0
    assert _bodies(world) == days
    world.pass_days(1)
    assert _prune(world).weeks == 1
    assert _bodies(world) == [first + 7, first + 8]
    world.pass_days(7)
    assert (_prune(world).weeks, _prune(world).weeks) == (1, 0)
    assert _bodies(world) == []
    assert sorted(row["score"] for row in world.rows(tables.submission)) == [*map(float, range(10))]
    shown = world.request("GET", "/api/community/me", key=key).json()["submissions"]
    assert [one["body"] for one in shown] == [None] * 10


def test_a_backup_that_reads_holds_up_nobody(cluster: Cluster, new_world) -> None:
    world = new_world(cluster.new_database())
    add_course(world.services.database)
    identifier, key = world.join()

    def submit(score: float) -> int:
        body = submission_body(identifier, score=score)
        return world.post("submit", body, key=key).status_code

    assert submit(1.0) == 202
    world.pass_days(98)
    with world.services.database.read() as reading:  # pg_dump holds such a lock until its end
        assert len(reading.execute(tables.submission_body.select()).all()) == 1
        assert submit(2.0) == 202, "of a week that is new"
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            _prune(world)
        assert submit(3.0) == 202
    assert _prune(world).weeks == 1
    assert _bodies(world) == [tables.day_of(world.day)] * 2


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
