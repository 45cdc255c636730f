"""Whatever is sent gets the documented answer, and nothing of it stays."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tito_bench_server.settings import LimitSettings, Settings
from tito_bench_server.store import tables
from world import World, add_course, new_key, profile_body, run_aside, submission_body

_DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@pytest.fixture
def world(tmp_path: Path, new_world: Callable[..., World]) -> World:
    found = new_world(f"sqlite:///{tmp_path / 'community.db'}")
    add_course(found.services.database)
    return found


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"nonsense", 422),
        (b"[]", 422),
        (b"\xff\xfe{}", 422),
        (b'{"schema": 2}', 422),
        (_DEEP[:60_000], 422),
        (b" " * 70_000, 413),
        (json.dumps(profile_body() | {"hostname": "x"}).encode(), 422),
        (json.dumps(profile_body() | {"anonymous_id": None}).encode(), 422),
        (json.dumps(profile_body() | {"anonymous_id": "me"}).encode(), 422),
        (json.dumps(profile_body(country="x" * 121)).encode(), 422),
        (json.dumps(profile_body(modules_completed=-1)).encode(), 422),
        (json.dumps(profile_body(modules_completed=True)).encode(), 422),
        (json.dumps(profile_body(capstone_score=100.5)).encode(), 422),
        (json.dumps(profile_body()).replace("null", "NaN").encode(), 422),
    ],
)
def test_bodies(world: World, body: bytes, status: int) -> None:
    answer = world.request("POST", "/api/community/join", body=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail"}
    assert world.rows(tables.member) == []
    assert world.rows(tables.message) == []


@pytest.mark.parametrize(
    "figures",
    [
        {"score": "text"},
        {"score": [1] * 21},
        {"score": [["nested"]]},
        {"score": True},
        {"deep": json.loads('{"a":' * 30 + "1" + "}" * 30)},
    ],
)
def test_figures_of_a_submission(world: World, figures: dict[str, Any]) -> None:
    body = submission_body(None) | {"normalized_metrics": figures}
    assert world.post("submit", body).status_code == 422
    deep = json.dumps(submission_body(None)).encode().replace(b"0.05", _DEEP[:200_000])
    assert world.request("POST", "/api/benchmarks/submit", body=deep).status_code == 422
    assert world.rows(tables.submission) == []


def test_numbers_beyond_a_column_are_bounded(world: World) -> None:
    body = profile_body(modules_completed=10**30, milestones_passed=10**30)
    assert world.post("join", body).status_code == 202
    (member,) = world.rows(tables.member)
    assert (member["modules"], member["milestones"]) == (20, 99)


@pytest.mark.parametrize("country", ["Atlantis", "'; DROP TABLE member; --", "\u202e"])
def test_a_country_that_is_none_is_not_given(world: World, country: str) -> None:
    assert world.post("join", profile_body(country=country)).status_code == 202
    (member,) = world.rows(tables.member)
    assert member["country"] is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Idempotency-Key": "1"}, 422),
        ({"Idempotency-Key": ""}, 422),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Authorization": "Bearer short"}, 422),
        ({"Authorization": "Bearer tbk_" + "x" * 44}, 422),
    ],
)
def test_headers(world: World, headers: dict[str, str], status: int) -> None:
    assert world.post("join", profile_body(), headers=headers).status_code == status
    assert world.rows(tables.member) == []


def test_another_scheme_of_authorization_is_that_of_a_proxy(world: World) -> None:
    headers = {"Authorization": "Basic dTpw"}
    assert world.post("join", profile_body(), headers=headers).status_code == 202


def test_paths_and_methods_that_are_none(world: World) -> None:
    assert world.request("GET", "/api/community/nothing").status_code == 404
    wrong = world.request("GET", "/api/community/join")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert world.request("GET", "/api/community/about", code="NONE-NONE").status_code == 404


def test_a_flood_is_told_to_come_later(tmp_path: Path, new_world: Callable[..., World]) -> None:
    limits = LimitSettings(writes_per_minute=3, joins_per_hour_with_code=4)
    world = new_world(f"sqlite:///{tmp_path / 'c.db'}", settings=Settings(limits=limits))
    add_course(world.services.database)
    identifier, key = uuid.uuid4(), new_key()
    answers = [world.post("profile", profile_body(identifier), key=key) for _ in range(4)]
    assert [one.status_code for one in answers] == [202, 202, 202, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 10
    joins = [world.post("join", profile_body()).status_code for _ in range(5)]
    assert joins == [202, 202, 202, 202, 429]
    elsewhere = world.post("join", profile_body(), client=("198.51.100.7", 1))
    assert elsewhere.status_code == 202


def test_links_and_reads_are_counted_too(tmp_path: Path, new_world: Callable[..., World]) -> None:
    limits = LimitSettings(writes_per_minute=2, reads_per_minute=6)
    world = new_world(f"sqlite:///{tmp_path / 'c.db'}", settings=Settings(limits=limits))
    add_course(world.services.database)
    _, key = world.join()

    def link() -> int:
        return world.request("POST", "/api/community/links", key=key, body=b"").status_code

    assert [link() for _ in range(3)] == [201, 201, 429]
    reads = [world.request("GET", "/api/community/me", key=key).status_code for _ in range(4)]
    assert reads == [200, 200, 200, 429]
    assert world.request("GET", "/map").status_code == 429


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "evil, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (2, "198.51.100.1", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_the_address_is_counted_from_the_right(hops: int, forwarded: str, expected: str) -> None:
    from starlette.requests import Request

    from tito_bench_server.limits import client_address

    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"type": "http", "headers": headers, "client": ("192.0.2.1", 1)}
    assert client_address(Request(scope), hops) == expected


def test_trouble_of_the_database_is_for_later(world: World, monkeypatch: Any) -> None:
    """Never a 4xx, which would park the student's message for good."""
    import sqlite3

    def fail(*_: Any) -> Any:
        raise sqlite3.OperationalError("database or disk is full")

    once, body = uuid.uuid4(), profile_body()
    with monkeypatch.context() as patched:
        patched.setattr(world.services.writer.store, "apply", fail)
        answer = world.post("join", body, idempotency=once)
        assert answer.status_code == 503
        assert 0 < int(answer.headers["retry-after"]) <= 10
    assert world.post("join", body, idempotency=once).json() == {"status": "stored"}


def test_one_that_cannot_be_written_takes_no_other_with_it(world: World, monkeypatch: Any) -> None:
    import asyncio

    from tito_bench_server.courses import code_digest
    from tito_bench_server.members.messages import Action, read_message
    from world import CODE, SECRET

    code = code_digest(SECRET, CODE)
    messages = [
        read_message(Action.JOIN, uuid.uuid4(), json.dumps(profile_body()).encode(), None, code)
        for _ in range(20)
    ]
    apply = world.services.writer.store.apply
    bad = messages[7]

    def poisoned(connection: Any, group: Any) -> Any:
        if bad in group:
            raise ValueError("this one")
        return apply(connection, group)

    monkeypatch.setattr(world.services.writer.store, "apply", poisoned)

    async def send() -> list[Any]:
        writer = world.services.writer
        return await asyncio.gather(
            *(writer.deliver(one) for one in messages), return_exceptions=True
        )

    answers = run_aside(send())
    assert [isinstance(one, ValueError) for one in answers].count(True) == 1
    assert len(world.rows(tables.member)) == 19


def test_too_many_that_wait_are_sent_away(world: World) -> None:
    world.services.writer.most_waiting = 0
    assert world.post("join", profile_body()).status_code == 503


def test_a_full_disk_loses_nothing_that_was_accepted(world: World) -> None:
    """SQLite's own answer to a database that may not grow."""
    world.join()
    with world.services.database.writers.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    waiting: list[tuple[uuid.UUID, dict[str, Any]]] = []
    accepted = 1
    while not waiting:
        once, body = uuid.uuid4(), profile_body(name="x" * 110)
        answer = world.post("join", body, idempotency=once)
        if answer.status_code == 202:
            accepted += 1
            assert accepted < 500
        else:
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) <= 10
            waiting.append((once, body))
    assert len(world.rows(tables.member)) == accepted
    with world.services.database.writers.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=100000")
    for once, body in waiting:
        assert world.post("join", body, idempotency=once).json() == {"status": "stored"}


def test_a_client_that_sends_its_body_for_ever_is_let_go(world: World, monkeypatch: Any) -> None:
    import socket

    from serving import serving
    from tito_bench_server.members import routes
    from world import CODE

    monkeypatch.setattr(routes, "_BODY_WAIT_S", 0.3)
    with serving(world) as base:
        host, port = base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(
                f"POST /c/{CODE}/api/community/join HTTP/1.1\r\nHost: x\r\n"
                f"Idempotency-Key: {uuid.uuid4()}\r\nContent-Type: application/json\r\n"
                "Content-Length: 1000\r\n\r\n{".encode()
            )
            answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_below_a_path_of_another_site(tmp_path: Path, new_world: Callable[..., World]) -> None:
    from tito_bench_server.settings import ServerSettings
    from world import CODE, WITHOUT_LIMITS

    server = ServerSettings(public_url="https://example.org/community/")
    settings = Settings(server=server, limits=WITHOUT_LIMITS.limits)
    world = new_world(f"sqlite:///{tmp_path / 'c.db'}", settings=settings)
    add_course(world.services.database)
    _, key = world.join()
    page = world.request("GET", "/").text
    assert f'href="/community/c/{CODE}/map"' in page
    assert 'href="/community/static/style-' in page
    assert f"connect https://example.org/community/c/{CODE}" in page
    link = world.request("POST", "/api/community/links", key=key, body=b"").json()["url"]
    assert link.startswith(f"https://example.org/community/c/{CODE}/open#")
    token = link.partition("#")[2].encode()
    opened = world.request(
        "POST",
        "/session",
        body=b'{"token": "%s"}' % token,
        headers={"Origin": "https://example.org"},
    )
    cookie = opened.headers["set-cookie"]
    assert cookie.startswith("__Host-tito-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    name = cookie.partition(";")[0]
    assert world.request("GET", "/cohort", headers={"Cookie": name}).status_code == 200
