"""Writes that wait together are one transaction, and one that fails undoes only its own."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from tito_bench_server.peers.inbox import tell
from tito_bench_server.store import tables
from world import World, new_key


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
