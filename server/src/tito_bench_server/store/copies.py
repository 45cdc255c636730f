"""Copies of the database: backups, restoring them, and moving to PostgreSQL."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast

import sqlalchemy as sa

from tito_bench_server.client_package import safe_text
from tito_bench_server.errors import DatabaseError, StoreUnavailable
from tito_bench_server.peers.departing import erase_peers
from tito_bench_server.store import tables
from tito_bench_server.store.bodies import make_week
from tito_bench_server.store.bulk import bulk_for
from tito_bench_server.store.database import Database, mark_moved, open_database
from tito_bench_server.store.group import id_digest
from tito_bench_server.store.migrate import schema_state, upgrade
from tito_bench_server.store.retention import TOMBSTONE_DAYS

__all__ = ["Restored", "backup", "copy_all", "erase_again", "restore", "take_writes_again"]

_BATCH = 2000


@dataclass(frozen=True)
class Restored:
    """What a restore did beside putting the data back."""

    erased_again: int


def backup(database: Database, file: Path) -> None:
    """Write the whole database to a new file that only its owner can read.

    The server may go on running. Raises `DatabaseError`.
    """
    if file.exists():
        raise DatabaseError(f"{_shown(file)} exists already; name another file")
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.close(handle)
        if database.is_sqlite:
            # VACUUM INTO takes an empty file, and leaves what was erased out.
            with closing(sqlite3.connect(_sqlite_file(database))) as connection:
                connection.execute("VACUUM INTO ?", (str(file),))
        else:
            _dump_postgres(database, file)
    except (OSError, sqlite3.Error) as error:
        file.unlink(missing_ok=True)
        raise DatabaseError(f"{_shown(file)}: {error}") from error
    except DatabaseError:
        file.unlink(missing_ok=True)
        raise


def restore(
    database: Database, file: Path, secret: bytes, today: date, *, despite_age: bool = False
) -> Restored:
    """Put a backup in the place of the database, and erase again who left since.

    The tombstones of the database that is replaced tell who that is; they are
    kept 30 days, so an older backup is refused unless `despite_age`. Raises
    `DatabaseError`, and then the database is as it was.
    """
    if not file.is_file():
        raise DatabaseError(f"{_shown(file)} is no file; check the name")
    made = datetime.fromtimestamp(file.stat().st_mtime, UTC).date()
    if today - made > timedelta(days=TOMBSTONE_DAYS) and not despite_age:
        raise DatabaseError(
            f"{_shown(file)} is older than {TOMBSTONE_DAYS} days: who left before that is not "
            "known any more and would be back; --despite-age does it all the same"
        )
    buried = _tombstones(database)
    if not database.is_sqlite:
        _replace_postgres(database, file)
        upgrade(database)
        return Restored(erase_again(database, buried, secret, today))
    target = Path(_sqlite_file(database))
    fresh = target.with_name(f".{target.name}.restoring")
    fresh.unlink(missing_ok=True)
    try:
        shutil.copyfile(file, fresh)
        fresh.chmod(0o600)
        copy = open_database(f"sqlite:///{fresh}")
        try:
            _check_sqlite(fresh)
            upgrade(copy)
            erased = erase_again(copy, buried, secret, today)
        finally:
            copy.close()
        # Closing the last connection moves the log into the file.
        database.close()
        fresh.replace(target)
        for suffix in ("-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"{_shown(file)}: {error}") from error
    finally:
        for suffix in ("", "-wal", "-shm"):
            fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
    return Restored(erased)


def erase_again(database: Database, buried: Mapping[bytes, int], secret: bytes, today: date) -> int:
    """Delete the members whose ids stand in the list, and keep their tombstones."""
    member, tombstone = tables.member, tables.tombstone
    with database.write() as connection:
        found = connection.execute(sa.select(member.c.id, member.c.anonymous_id)).all()
        gone = [row.id for row in found if id_digest(secret, bytes(row.anonymous_id)) in buried]
        erase_peers(connection, gone, tables.day_of(today))
        for start in range(0, len(gone), _BATCH):
            part = gone[start : start + _BATCH]
            connection.execute(
                sa.delete(tables.submission).where(tables.submission.c.member_id.in_(part))
            )
            connection.execute(sa.delete(member).where(member.c.id.in_(part)))
        known = {bytes(row[0]) for row in connection.execute(sa.select(tombstone.c.id_digest))}
        new = [
            {"id_digest": digest, "day": day}
            for digest, day in buried.items()
            if digest not in known
        ]
        if new:
            connection.execute(sa.insert(tombstone), new)
    return len(gone)


def copy_all(source: Database, target: Database) -> dict[str, int]:
    """Copy every row of every table into an empty database; return rows by table.

    The source takes no write from the beginning on, and if it is SQLite none afterwards, so
    that a server may go on with it: whoever sends something is told to come again, until the
    server is started with the copy. Raises `DatabaseError` where the target holds something,
    or afterwards differs; then the source is as before.
    """
    if schema_state(target).revision is not None:
        with target.read() as connection:
            if any(_count(connection, table) for table in tables.metadata.sorted_tables):
                raise DatabaseError("the target holds data already; give an empty database")
    upgrade(target)
    counts: dict[str, int] = {}
    with source.write() as reading:
        with target.write() as writing:
            for day in reading.scalars(sa.select(tables.submission_body.c.received_day).distinct()):
                make_week(writing, day)
            for table in tables.metadata.sorted_tables:
                counts[table.name] = _copy_table(reading, writing, table)
                if _digest(reading, table) != _digest(writing, table):
                    raise DatabaseError(f"{table.name} differs after copying; nothing was kept")
            if writing.dialect.name == "postgresql":
                _set_sequences(writing)
        if source.is_sqlite:
            mark_moved(reading, moved=True)
    return counts


def take_writes_again(source: Database) -> None:
    """Have an SQLite database that was copied take writes again; the copy knows nothing of them."""
    with source.read() as connection:
        mark_moved(connection, moved=False)


def _copy_table(reading: sa.Connection, writing: sa.Connection, table: sa.Table) -> int:
    rows = reading.execute(sa.select(table), execution_options={"yield_per": _BATCH})
    columns = tuple(column.name for column in table.c)
    return bulk_for(writing).load(table, columns, map(tuple, rows))


def _digest(connection: sa.Connection, table: sa.Table) -> int:
    """Return a sum over all rows that does not depend on their order."""
    rows = connection.execute(sa.select(table), execution_options={"yield_per": _BATCH})
    return sum(hash(tuple(map(_plain, row))) for row in rows) & (2**64 - 1)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _set_sequences(connection: sa.Connection) -> None:
    """PostgreSQL counts on from what was copied."""
    for table in tables.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        named = sa.func.pg_get_serial_sequence(table.name, column.name)
        last = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(named, last, False)))


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _tombstones(database: Database) -> dict[bytes, int]:
    """Return the tombstones of the present database; none where it cannot be read, for a
    restore is for just that."""
    try:
        if schema_state(database).revision is None:
            return {}
        with database.read() as connection:
            rows = connection.execute(sa.select(tables.tombstone)).all()
    except (DatabaseError, StoreUnavailable, sa.exc.DatabaseError):
        return {}
    return {bytes(row.id_digest): row.day for row in rows}


def _check_sqlite(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise DatabaseError(f"the backup is damaged: {safe_text(found)}")


def _sqlite_file(database: Database) -> str:
    return database.url.database or ""


def _dump_postgres(database: Database, file: Path) -> None:
    address, environ = _client(database)
    with _client_programs(), tempfile.TemporaryFile() as said:
        words = ["pg_dump", address, "--format=custom", f"--file={file}"]
        status = subprocess.run(words, env=environ, stderr=said, check=False).returncode  # noqa: S603
        _check("pg_dump", status, said)


def _replace_postgres(database: Database, file: Path) -> None:
    """Have the tables of a backup in the place of all that there are now, or change nothing.

    pg_restore --clean would drop those alone that the backup knows, which fails where a table of
    a newer schema refers to them: so psql drops ours, and reads the others from pg_restore.
    """
    address, environ = _client(database)
    ours = ", ".join(f'"{name}"' for name in (*tables.metadata.tables, "alembic_version"))
    with (
        _client_programs(),
        tempfile.TemporaryFile() as read,
        tempfile.TemporaryFile() as wrote,
        subprocess.Popen(  # noqa: S603
            ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", address],  # noqa: S607
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=wrote,
        ) as psql,
    ):
        with suppress(BrokenPipeError), cast("IO[bytes]", psql.stdin) as statements:
            statements.write(f"BEGIN; DROP TABLE IF EXISTS {ours} CASCADE;\n".encode())
            statements.flush()
            reading = ["pg_restore", "--file=-", str(file)]
            status = subprocess.run(  # noqa: S603
                reading, stdout=statements, stderr=read, check=False
            ).returncode
            if status == 0:  # else psql ends without it, and everything is as it was
                statements.write(b"COMMIT;\n")
        _check("psql", psql.wait(), wrote)
        _check("pg_restore", status, read)


def _client(database: Database) -> tuple[str, dict[str, str]]:
    """Return the word by which PostgreSQL's programs know the database, and their environment."""
    url = database.url.set(drivername="postgresql")
    environ = dict(os.environ)
    if url.password is not None:
        environ["PGPASSWORD"] = str(url.password)  # not among the words, where others see it
        url = url._replace(password=None)
    return f"--dbname={url.render_as_string(hide_password=False)}", environ


@contextmanager
def _client_programs() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DatabaseError(
            f"{error.filename} is not installed; it comes with PostgreSQL's client programs"
        ) from error


def _check(program: str, status: int, said: IO[bytes]) -> None:
    if status:
        said.seek(0)
        text = said.read().decode(errors="replace").strip()
        raise DatabaseError(f"{program}: {safe_text(text or 'failed')}")


def _shown(path: Path) -> str:
    return safe_text(str(path))
