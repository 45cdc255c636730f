"""The daily work: once a day, by one process, and again where it failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tito_bench_server.errors import StoreUnavailable
from tito_bench_server.releases import publish, schedule
from tito_bench_server.store import tables
from world import World, add_course, add_members


def test_once_a_day(world: World) -> None:
    add_members(world.services.database, [{"country": "KE"}] * 30, joined=world.day)
    world.pass_days(3)
    assert [schedule.do_once_a_day(world.services) for _ in range(3)] == [True, False, False]
    assert world.request("GET", "/api/community/map").json()["people_at_least"] == 30
    world.pass_days(1)
    assert schedule.do_once_a_day(world.services)


def test_of_two_processes_one_does_it(database_url: str, new_world: Callable[..., World]) -> None:
    one = new_world(database_url)
    add_course(one.services.database)
    other = new_world(database_url)
    assert [schedule.do_once_a_day(world.services) for world in (one, other)] == [True, False]


def test_where_it_failed_it_is_tried_again(world: World, monkeypatch: Any) -> None:
    add_members(world.services.database, [{"country": "KE"}] * 30, joined=world.day)
    world.pass_days(3)

    def fail(*_: Any) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patched:
        patched.setattr(publish, "_publish", fail)
        with pytest.raises(StoreUnavailable):
            schedule.do_once_a_day(world.services)
    assert schedule.do_once_a_day(world.services)
    assert world.request("GET", "/api/community/map").json()["people_at_least"] == 30


def test_two_releases_at_once_count_departures_once(world: World, monkeypatch: Any) -> None:
    """As when an operator says `release --now` in the daily hour."""
    members = [world.join(cohort=None) for _ in range(40)]
    world.pass_days(3)
    world.release()
    for one in members[:25]:
        world.leave(*one)
    world.pass_days(1)
    count = publish._count
    inner: list[int] = []

    def release_meanwhile(*words: Any) -> Any:
        found = count(*words)
        if not inner:
            inner.append(1)
            world.release()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(publish, "_count", release_meanwhile)
        world.release()
    rows = [row for row in world.rows(tables.release) if row["cohort_id"] == 0]
    assert rows
    assert {row["departures"] for row in rows} == {0}
    assert {row["number"] for row in rows} == {2}


def test_metrics_are_for_this_machine_or_with_the_token(world: World) -> None:
    from tito_bench_server.operations import metrics_token
    from world import SECRET

    here = world.request("GET", "/metrics", code=None, client=("127.0.0.1", 1))
    assert "tito_messages_total" in here.text
    assert world.request("GET", "/metrics", code=None).status_code == 401
    headers = {"Authorization": f"Bearer {metrics_token(SECRET)}"}
    assert world.request("GET", "/metrics", code=None, headers=headers).status_code == 200
