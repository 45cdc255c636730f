"""Every step of the schema is walked up and down, with data, on both systems."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from tito_bench_server.errors import DatabaseError, NewerDatabase
from tito_bench_server.store import migrate, tables
from tito_bench_server.store.database import open_database
from world import START, World, add_course, add_members

_SUBMISSION = ("id", "received_day", "body", "course_id", "member_id", "benchmark", "digest")


def test_up_down_and_up(database_url: str) -> None:
    database = open_database(database_url)
    for _ in range(2):
        migrate.upgrade(database)
        assert migrate.schema_state(database).is_current
        with database.write() as connection:
            connection.execute(tables.setting.insert().values(name="x", value="y"))
        migrate.downgrade(database, "base")
        assert migrate.schema_state(database).revision is None
        with database.read() as connection:
            left = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
        assert left == set()
    database.close()


def test_bodies_move_to_their_own_table_and_back(database_url: str) -> None:
    database = open_database(database_url)
    migrate.upgrade(database, "0002")
    add_course(database)
    add_members(database, [{}], joined=START)
    old = sa.table("submission", *map(sa.column, _SUBMISSION))
    today = tables.day_of(START)
    kept = [(1, today - 100, None), (2, today - 20, b"a"), (3, today, b"b"), (4, today, b"c")]
    with database.write() as connection:
        rows = [
            dict(zip(_SUBMISSION, (*row, 1, 1, "baseline", uuid.UUID(int=row[0])), strict=True))
            for row in kept
        ]
        if database.is_sqlite:
            rows = [row | {"digest": row["digest"].bytes} for row in rows]
        connection.execute(old.insert(), rows)
    there = sa.select(*map(old.c.get, ("id", "received_day", "body"))).order_by(old.c.id)
    table = tables.submission_body
    moved = sa.select(table.c.submission_id, table.c.received_day, table.c.body)
    for _ in range(2):
        migrate.upgrade(database)
        with database.read() as connection:
            assert sorted(map(tuple, connection.execute(moved))) == kept[1:]
            assert len(connection.execute(tables.submission.select()).all()) == 4
        migrate.downgrade(database, "0002")
        with database.read() as connection:
            assert [*map(tuple, connection.execute(there))] == kept
    database.close()


def test_the_steps_lead_to_the_tables_of_the_code(world: World) -> None:
    with world.services.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_data_stay_through_a_repeated_upgrade(world: World) -> None:
    world.join()
    migrate.upgrade(world.services.database)
    assert len(world.rows(tables.member)) == 1


def test_a_newer_database_is_left_alone(world: World) -> None:
    with world.services.database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="newer server"):
        migrate.upgrade(world.services.database)
    assert world.request("GET", "/readyz", code=None).status_code == 503


def test_a_file_that_is_no_database(tmp_path) -> None:
    file = tmp_path / "community.db"
    file.write_bytes(b"this is no database, however long it may be" * 100)
    with pytest.raises(DatabaseError):
        migrate.schema_state(open_database(f"sqlite:///{file}"))
    assert file.read_bytes().startswith(b"this is no database")


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "postgresql+psycopg2://h/d"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(DatabaseError):
        open_database(url)
