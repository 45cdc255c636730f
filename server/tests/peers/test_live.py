"""Streams: bounded, without content, ended with the process, and heard in every worker."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from postgres_cluster import Cluster
from serving import command, running_process, serving
from tito_bench_server.peers.inbox import tell
from tito_bench_server.settings import Settings
from tito_bench_server.store import tables
from world import CODE, WITHOUT_LIMITS, World, add_course, new_key, profile_body

_EVENTS = "/api/community/events"


@contextmanager
def _stream(course: str, key: str) -> Iterator[Iterator[dict]]:
    """The events of a stream, as they come."""
    headers = {"Authorization": f"Bearer {key}"}
    with (
        httpx.Client(timeout=20) as client,
        client.stream("GET", course + _EVENTS, headers=headers) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        lines = answer.iter_lines()
        yield (json.loads(one.removeprefix("data: ")) for one in lines if one.startswith("data"))


def _tell(world: World, key: str) -> None:
    from tito_bench_server.members.account import key_digest, member_by_key

    member_id = member_by_key(world.services.database, key_digest(key))
    assert member_id is not None
    today = tables.day_of(world.day)
    world.services.turn(lambda c: tell(c, member_id, "match over", "Secret", today))


def test_an_event_is_a_number_and_nothing_else(world: World) -> None:
    (_, ada), (_, ben) = world.join(), world.join()
    with serving(world) as base, _stream(f"{base}/c/{CODE}", ada) as events:
        assert next(events) == {"inbox": 0}
        _tell(world, ben)
        _tell(world, ada)
        assert next(events) == {"inbox": 1}
        world.services.bus.heard({0: 4})
        assert next(events) == {"release": 4}
        assert httpx.get(f"{base}/c/{CODE}{_EVENTS}").status_code == 401


def test_the_inbox_says_what_happened_and_when_it_has_not(world: World) -> None:
    _, ada = world.join()
    for _ in range(3):
        _tell(world, ada)
    path = "/api/community/inbox"
    found = world.request("GET", path + "?after=1", key=ada)
    assert found.json() == {
        "last": 3,
        "events": [{"number": n, "kind": "match over", "ref": "Secret"} for n in (2, 3)],
    }
    same = {"If-None-Match": found.headers["etag"]}
    assert world.request("GET", path + "?after=1", key=ada, headers=same).status_code == 304
    _tell(world, ada)
    assert world.request("GET", path + "?after=1", key=ada, headers=same).status_code == 200
    for bad in ("x", "-1", "1" * 10):
        assert world.request("GET", f"{path}?after={bad}", key=ada).status_code == 422


def test_streams_are_bounded_by_member_and_process(
    tmp_path: Path, new_world: Callable[..., World]
) -> None:
    import msgspec

    limits = msgspec.structs.replace(WITHOUT_LIMITS.limits, streams=4, streams_a_member=3)
    world = new_world(f"sqlite:///{tmp_path / 'c.db'}", settings=Settings(limits=limits))
    add_course(world.services.database)
    keys = [world.join()[1] for _ in range(3)]
    headers = [{"Authorization": f"Bearer {key}"} for key in keys]
    with serving(world) as base:
        course = f"{base}/c/{CODE}"
        with _stream(course, keys[0]), _stream(course, keys[0]), _stream(course, keys[0]):
            refused = httpx.get(course + _EVENTS, headers=headers[0])
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) <= 10
            with _stream(course, keys[1]):
                assert httpx.get(course + _EVENTS, headers=headers[2]).status_code == 503
        deadline = time.monotonic() + 10
        while world.services.bus.count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert world.services.bus.count == 0, "who has gone is not counted"


def test_it_ends_at_once_with_open_streams(tmp_path: Path) -> None:
    assert command("init", cwd=tmp_path).returncode == 0
    key = new_key()
    with running_process(tmp_path) as running:
        course = running.courses[0]
        sent = {"Authorization": f"Bearer {key}", "Idempotency-Key": profile_body()["anonymous_id"]}
        joined = httpx.post(
            f"{course}/api/community/join", json=profile_body(), headers=sent, timeout=20
        )
        assert joined.status_code == 202
        with _stream(course, key) as events:
            assert next(events) == {"inbox": 0}
            # And one that takes nothing, and never goes.
            parts = urlsplit(course)
            stuck = socket.create_connection((parts.hostname, parts.port))
            stuck.sendall(
                f"GET {parts.path}{_EVENTS} HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {key}\r\n\r\n".encode()
            )
            stuck.recv(100)
            running.process.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            running.process.wait(timeout=6)
            assert list(events) == [], "the stream has an end, not a broken one"
        stuck.close()
        assert time.monotonic() - begun <= 6


def test_two_workers_on_postgresql_tell_each_other(
    new_world: Callable[..., World], cluster: Cluster
) -> None:
    url = cluster.new_database()
    one = new_world(url)
    add_course(one.services.database)
    other = new_world(url)
    (_, ada), (_, ben) = one.join(), one.join()
    with (
        serving(one) as here,
        serving(other) as there,
        _stream(f"{here}/c/{CODE}", ada) as near,
        _stream(f"{there}/c/{CODE}", ben) as far,
    ):
        assert (next(near), next(far)) == ({"inbox": 0}, {"inbox": 0})
        time.sleep(1)  # for both to be listening
        _tell(other, ada)
        _tell(one, ben)
        assert (next(near), next(far)) == ({"inbox": 1}, {"inbox": 1})


@pytest.mark.parametrize("wrong", ["DELETE", "POST"])
def test_other_methods(world: World, wrong: str) -> None:
    assert world.request(wrong, _EVENTS, body=b"").status_code == 405
