"""Writes that wait together are one transaction, and one that fails undoes only its own."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from tito_bench_server.courses import code_digest
from tito_bench_server.members.messages import Action, Message, read_message
from tito_bench_server.peers.inbox import tell
from tito_bench_server.store import tables
from tito_bench_server.store import writer as writer_module
from world import CODE, SECRET, World, new_key, profile_body, run_aside


def test_one_that_fails_takes_no_other_along(world: World) -> None:
    (_, _), (_, _) = world.join(), world.join()
    heard: list[dict[int, int]] = []
    world.services.database.heard.append(lambda changed: heard.append(dict(changed)))
    gate = threading.Event()
    writer = world.services.writer
    first = writer.submit_job(lambda _c: gate.wait(20))

    def note(name: str, fails: bool, member_id: int):
        def work(connection: sa.Connection) -> str:
            connection.execute(sa.insert(tables.setting).values(name=name, value="x"))
            tell(connection, member_id, "match over", "", 1)
            if fails:
                raise ValueError(name)
            return name

        return writer.submit_job(work)

    good, bad, last = note("a", False, 1), note("b", True, 2), note("a2", False, 1)
    gate.set()
    assert first.result(20)
    assert (good.result(20), last.result(20)) == ("a", "a2")
    with pytest.raises(ValueError, match="b"):
        bad.result(20)
    assert {row["name"] for row in world.rows(tables.setting)} == {"a", "a2"}
    assert [row["member_id"] for row in world.rows(tables.event)] == [1, 1]
    if world.services.database.is_sqlite:
        assert heard == [{1: 2}], "one commit, and nobody hears of what was undone"


def test_where_too_many_wait_one_is_told_to_come_again(world: World) -> None:
    """Whose key it is, is found out in the turn: so strangers wait there, too."""
    _, key = world.join()
    world.services.writer.most_waiting = 0
    for who in (key, new_key()):
        answer = world.request("PUT", "/api/community/roster", key=who, json_body={"handle": "Ada"})
        assert answer.status_code == 503
        assert 0 < int(answer.headers["retry-after"]) <= 10
    world.services.writer.most_waiting = 1
    world.peer(key, "PUT", "roster", handle="Ada")
    world.peer(new_key(), "PUT", "roster", 401, handle="Ada")


def _join() -> Message:
    body = json.dumps(profile_body()).encode()
    return read_message(Action.JOIN, uuid.uuid4(), body, None, code_digest(SECRET, CODE))


def test_those_who_come_while_it_waits_are_written_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a group of several, the next one is waited for; after one alone, nobody waits."""
    writer, waits = world.services.writer, []
    monkeypatch.setattr(writer_module, "time", SimpleNamespace(sleep=waits.append))

    async def deliver(count: int) -> None:
        gate = threading.Event()
        writer.submit_job(lambda _c: gate.wait(20))
        sent = [asyncio.ensure_future(writer.deliver(_join())) for _ in range(count)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*sent)

    run_aside(deliver(1))
    run_aside(deliver(3))
    assert (writer.groups, waits) == (2, [])
    run_aside(deliver(2))
    assert (writer.groups, writer.written, waits) == (3, 6, [0.001])
    run_aside(deliver(1))
    run_aside(deliver(1))
    assert (writer.groups, waits) == (5, [0.001] * 2)
