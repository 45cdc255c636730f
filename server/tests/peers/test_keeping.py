"""Groups and matches through erasure, retention, restore, copying and the schema's steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from postgres_cluster import Cluster
from tito_bench_server.store import copies, migrate, tables
from tito_bench_server.store.database import open_database
from world import PEER_TABLES, SECRET, World, add_course, submission_body

_PLACE = {"language": "en", "utc_hours": 1}


def _busy(world: World) -> dict[str, tuple]:
    """Three who have everything: cards, a group, a match that was met, a report, a block."""
    people = {name: world.join(modules_completed=n) for name, n in (("ada", 12), ("ben", 3))}
    people["cem"] = world.join()
    ada, ben, cem = (people[name][1] for name in ("ada", "ben", "cem"))
    for name, (_, key) in people.items():
        world.peer(key, "PUT", "roster", handle=f"Marked {name}")
    body = {"from_module": 5, "to_module": 8, "places": 3, "contact": "marked-group-line"}
    group = world.peer(ada, "POST", "groups", **body, **_PLACE)["id"]
    world.peer(ben, "POST", f"groups/{group}/ask", **_PLACE)
    (_, asker) = world.peer(ada, "GET", f"groups/{group}")["seats"]
    handle = asker["handle"]
    if asker["state"] != "asked":
        handle = world.peer(ada, "GET", f"groups/{group}")["seats"][0]["handle"]
    world.peer(ada, "POST", f"groups/{group}/answer", handle=handle, accept=True)
    offer = {"languages": ["en"], "utc_hours": 1, "places": 2}
    world.peer(ada, "PUT", "mentor", **offer)
    world.peer(ben, "POST", "mentor/requests", module=4, **_PLACE)
    (match,) = world.peer(ben, "GET", "matches")["matches"]
    for key, line in ((ada, "marked-mentor-line"), (ben, "marked-learner-line")):
        path = f"matches/{match['id']}/answer"
        world.peer(key, "POST", path, accept=True, contact=line)
    world.peer(cem, "POST", "reports", kind="group", ref=group, reason="other")
    world.peer(cem, "POST", "blocks", kind="card", ref="Marked ben")
    assert all(world.rows(table) for table in PEER_TABLES)
    return people


def _everything(world: World) -> str:
    return "".join(str(world.rows(table)) for table in tables.metadata.sorted_tables)


def test_leaving_erases_all_of_it(world: World) -> None:
    people = _busy(world)
    me = world.request("GET", "/api/community/me", key=people["ben"][1]).json()["peers"]
    assert me["matches"][0]["your_contact"] == "marked-learner-line"
    assert "marked-mentor-line" not in str(me), "that is the other's"
    assert me["roster_card"][0]["handle"] == "Marked ben"
    assert world.leave(*people["ben"]).status_code == 202
    after = _everything(world)
    assert "marked-learner-line" not in after
    assert "Marked ben" not in after
    assert "marked-mentor-line" not in after, "a contact is for a match that there is"
    assert "marked-group-line" in after
    for name in ("ada", "cem"):
        assert world.leave(*people[name]).status_code == 202
    assert [table.name for table in PEER_TABLES if world.rows(table)] == []


def test_moving_to_another_course_takes_nothing_along(world: World) -> None:
    people = _busy(world)
    add_course(world.services.database, "other", "ZZ99-YY88")
    from world import profile_body

    identifier, key = people["ada"]
    moved = world.post("profile", profile_body(identifier), key=key, code="ZZ99-YY88")
    assert moved.status_code == 202
    rows = world.rows(tables.member)
    (ada,) = [row["id"] for row in rows if row["anonymous_id"] == identifier.bytes]
    for table in PEER_TABLES:
        names = [column.name for column in table.c if "member.id" in str(column.foreign_keys)]
        assert [row for row in world.rows(table) if ada in {row[name] for name in names}] == []
    assert world.rows(tables.study_group) == []
    assert world.peer(people["ben"][1], "GET", "matches")["matches"] == []


def test_a_member_who_lapses_takes_all_of_it_along(world: World) -> None:
    from tito_bench_server.store.retention import prune

    _busy(world)
    world.pass_days(401)
    prune(world.services.turn, world.day)
    assert [table.name for table in PEER_TABLES if world.rows(table)] == []


@pytest.mark.usefixtures("backup_programs")
def test_a_restored_backup_is_without_what_was_theirs(world: World, tmp_path: Path) -> None:
    world.day = datetime.now(UTC).date()
    people = _busy(world)
    file = tmp_path / "community.backup"
    copies.backup(world.services.database, file)
    assert world.leave(*people["ada"]).status_code == 202
    world.services.writer.close()
    done = copies.restore(world.services.database, file, SECRET, world.day)
    assert done.erased_again == 1
    world.services.writer.start()
    after = _everything(world)
    for mark in ("marked-group-line", "marked-mentor-line", "marked-learner-line", "Marked ada"):
        assert mark not in after
    assert "Marked ben" in after


def test_all_of_it_is_copied_to_postgresql(
    tmp_path: Path, new_world: Callable[..., World], cluster: Cluster
) -> None:
    world = new_world(f"sqlite:///{tmp_path / 'community.db'}")
    add_course(world.services.database)
    people = _busy(world)
    target = open_database(cluster.new_database())
    counts = copies.copy_all(world.services.database, target)
    assert all(counts[table.name] for table in PEER_TABLES)
    moved = new_world(target.url.render_as_string(hide_password=False), day=world.day)
    (match,) = moved.peer(people["ben"][1], "GET", "matches")["matches"]
    assert match["contact"] == "marked-mentor-line"
    # And it goes on from there: numbers count on from what was copied.
    moved.peer(people["cem"][1], "POST", "mentor/requests", module=4, **_PLACE)
    assert len(moved.peer(people["ada"][1], "GET", "matches")["matches"]) == 2
    target.close()


def test_the_step_of_the_schema_goes_up_down_and_up_with_members(world: World) -> None:
    people = _busy(world)
    database = world.services.database
    migrate.downgrade(database, "0001")
    migrate.upgrade(database)
    assert len(world.rows(tables.member)) == 3
    assert [table.name for table in PEER_TABLES if world.rows(table)] == []
    (course,) = world.rows(tables.course)
    assert (course["groups_on"], course["ladder_on"]) == (True, False)
    world.peer(people["ben"][1], "PUT", "roster", handle="Back again")
    assert world.request("GET", "/readyz", code=None).status_code == 200


def test_members_keep_all_of_it_through_narrower_days_and_roomier_pages(world: World) -> None:
    people = _busy(world)
    identifier, key = people["ada"]
    world.post("submit", submission_body(identifier), key=key)
    (ada,) = [row for row in world.rows(tables.member) if row["anonymous_id"] == identifier.bytes]
    database = world.services.database
    with database.write() as connection:
        for table in (tables.session, tables.link):
            row = {"token_digest": b"t" * 32, "member_id": ada["id"], "until_s": 2**33}
            connection.execute(table.insert().values(row))

    def kept() -> list[list[Any]]:
        return [sorted(map(repr, world.rows(table))) for table in tables.metadata.sorted_tables]

    def kinds() -> set[str]:
        with database.read() as connection:
            columns = sa.inspect(connection).get_columns("member")
        return {str(one["type"]) for one in columns if one["name"] in ("joined_day", "seen_day")}

    before = kept()
    narrow = {"INTEGER" if database.is_sqlite else "SMALLINT"}
    for _ in range(2):
        assert kinds() == narrow
        migrate.downgrade(database, "0003")
        assert kinds() == {"INTEGER"}
        assert kept() == before
        migrate.upgrade(database)
        assert kept() == before
    assert world.request("GET", "/api/community/me", key=key).status_code == 200
    assert world.leave(identifier, key).status_code == 202
    assert [len(world.rows(table)) for table in (tables.session, tables.link)] == [0, 0]
