"""Backups, restoring them without those who left, and moving to PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postgres_cluster import Cluster
from tito_bench_server.errors import DatabaseError
from tito_bench_server.store import copies, migrate, tables
from tito_bench_server.store.database import open_database
from world import SECRET, World, add_course, submission_body


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.usefixtures("backup_programs")
def test_a_backup_brings_nobody_back(world: World, tmp_path: Path) -> None:
    world.day = _now().date()
    stays, leaves = world.join(), world.join()
    world.post("submit", submission_body(leaves[0]), key=leaves[1])
    file = tmp_path / "community.backup"
    copies.backup(world.services.database, file)
    assert file.stat().st_mode & 0o777 == 0o600
    late = world.join()
    assert world.leave(*leaves).status_code == 202
    world.services.writer.close()
    done = copies.restore(world.services.database, file, SECRET, _now().date())
    assert done.erased_again == 1
    world.services.writer.start()
    ids = {row["anonymous_id"] for row in world.rows(tables.member)}
    assert ids == {stays[0].bytes}, f"{late[0]} came after the backup"
    assert world.rows(tables.submission) == world.rows(tables.submission_body) == []
    assert world.leave(*leaves).status_code in {202, 410}
    assert world.leave(*stays).status_code == 202


def test_an_old_backup_is_refused(world: World, tmp_path: Path) -> None:
    file = tmp_path / "old.backup"
    file.write_bytes(b"x")
    past = _now().timestamp() - 31 * 86_400
    os.utime(file, (past, past))
    with pytest.raises(DatabaseError, match="older than 30 days"):
        copies.restore(world.services.database, file, SECRET, _now().date())


@pytest.mark.usefixtures("backup_programs")
def test_a_backup_of_an_older_schema_is_put_back(world: World, tmp_path: Path) -> None:
    database = world.services.database
    identifier, key = world.join()
    world.post("submit", submission_body(identifier), key=key)
    migrate.downgrade(database, "0001")
    file = tmp_path / "older.backup"
    copies.backup(database, file)
    migrate.upgrade(database)
    world.join()
    world.services.writer.close()
    copies.restore(database, file, SECRET, _now().date())
    world.services.writer.start()
    assert migrate.schema_state(database).is_current
    assert [row["anonymous_id"] for row in world.rows(tables.member)] == [identifier.bytes]
    assert len(world.rows(tables.submission_body)) == 1
    assert world.leave(identifier, key).status_code == 202


@pytest.mark.usefixtures("backup_programs")
def test_a_damaged_backup_changes_nothing(world: World, tmp_path: Path) -> None:
    world.join()
    file = tmp_path / "bad.backup"
    copies.backup(world.services.database, file)
    data = bytearray(file.read_bytes())
    half = len(data) // 2
    data[half:] = os.urandom(len(data) - half)
    file.write_bytes(data)
    with pytest.raises(DatabaseError):
        copies.restore(world.services.database, file, SECRET, _now().date())
    assert len(world.rows(tables.member)) == 1
    assert not list(tmp_path.glob(".*restoring*"))


def test_a_backup_overwrites_nothing(world: World, tmp_path: Path) -> None:
    file = tmp_path / "there"
    file.write_text("mine")
    with pytest.raises(DatabaseError, match="exists already"):
        copies.backup(world.services.database, file)
    assert file.read_text() == "mine"


def test_from_sqlite_to_postgresql_all_rows_are_equal(
    tmp_path: Path, new_world: Callable[..., World], cluster: Cluster
) -> None:
    world = new_world(f"sqlite:///{tmp_path / 'community.db'}")
    add_course(world.services.database)
    members = [world.join(modules_completed=n % 20, capstone_score=n / 3) for n in range(60)]
    for identifier, key in members[:20]:
        world.post("submit", submission_body(identifier), key=key)
    world.post("submit", submission_body(None))
    world.leave(*members[0])
    world.pass_days(7)
    world.post("submit", submission_body(None, score=7.0))
    world.release()
    target = open_database(cluster.new_database())
    counts = copies.copy_all(world.services.database, target)
    assert (counts["member"], counts["submission_body"]) == (59, 21)
    with pytest.raises(DatabaseError, match="holds data"):
        copies.copy_all(world.services.database, target)
    moved = new_world(target.url.render_as_string(hide_password=False), day=world.day)
    for table in tables.metadata.sorted_tables:
        one, other = world.rows(table), moved.rows(table)
        assert sorted(map(str, map(_plain, one))) == sorted(map(str, map(_plain, other)))
    # And it goes on from there.
    assert moved.leave(*members[1]).status_code == 202
    new, key = moved.join(cohort="Spring 2027")
    assert moved.post("submit", submission_body(new), key=key).status_code == 202
    target.close()


def _plain(row: dict) -> list:
    return [bytes(v) if isinstance(v, memoryview) else v for v in row.values()]
