"""Opening the database: one writer at a time, readers beside it, on both systems."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import event

from tito_bench_server.client_package import safe_text
from tito_bench_server.errors import DatabaseError, StoreUnavailable

__all__ = [
    "CHANNEL",
    "NEW_RELEASE",
    "WRITER_LOCK",
    "Database",
    "Turn",
    "has_moved",
    "mark_moved",
    "open_database",
    "touched",
]

WRITER_LOCK = 0x7469746F
"""The advisory lock of PostgreSQL ("tito") that a writer holds to the end of its transaction,
as SQLite's writer holds the file: several processes then decide one after the other."""

_IN_TURN = f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"
_BUSY_MS = 10_000

CHANNEL = "tito_changed"
"""On PostgreSQL, where a commit tells all processes whose inbox has grown."""

NEW_RELEASE = 0
"""Stands for no member in what was touched: tables were released."""

_MOST_IN_A_NOTICE = 300  # a notice of PostgreSQL has at most 8,000 bytes


T = TypeVar("T")


class Turn(Protocol):
    """Runs work in a write transaction of its own, when its turn comes."""

    def __call__(self, work: Callable[[sa.Connection], T]) -> T: ...


@dataclass(frozen=True)
class Database:
    """Both ways into the database."""

    url: sa.URL
    readers: sa.Engine
    writers: sa.Engine
    # Told after each commit of this process on SQLite; PostgreSQL tells all by itself.
    heard: list[Callable[[Mapping[int, int]], None]] = field(default_factory=list)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view of the database.

        Raises `StoreUnavailable`.
        """
        with _as_unavailable(), self.readers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction, alone among writers; committed at the end, else undone.

        Raises `StoreUnavailable`.
        """
        with _as_unavailable(), self.writers.connect() as connection, connection.begin():
            if not self.is_sqlite:
                connection.exec_driver_sql(_IN_TURN)
            elif has_moved(connection):
                raise StoreUnavailable("this database was copied to another, which takes its place")
            connection.info["touched"] = {}
            yield connection
            changed = connection.info.pop("touched")
            if changed and not self.is_sqlite:
                _notify(connection, changed)
        if changed and self.is_sqlite:
            for listener in self.heard:
                listener(changed)

    def close(self) -> None:
        self.readers.dispose()
        self.writers.dispose()


def has_moved(connection: sa.Connection) -> bool:
    """Return whether an SQLite database was copied to another and takes no writes any more."""
    return bool(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def mark_moved(connection: sa.Connection, *, moved: bool) -> None:
    """Have an SQLite database take no writes from the end of this transaction on, or take some
    again."""
    connection.exec_driver_sql(f"PRAGMA user_version = {int(moved)}")


def touched(connection: sa.Connection) -> dict[int, int]:
    """Return what this write transaction has changed: the newest event by member."""
    found: dict[int, int] = connection.info["touched"]
    return found


def _notify(connection: sa.Connection, changed: Mapping[int, int]) -> None:
    """Have PostgreSQL tell every process at the commit, and not if it is undone."""
    pairs = [f"{member}:{number}" for member, number in sorted(changed.items())]
    for start in range(0, len(pairs), _MOST_IN_A_NOTICE):
        part = ",".join(pairs[start : start + _MOST_IN_A_NOTICE])
        connection.execute(sa.select(sa.func.pg_notify(CHANNEL, part)))


def open_database(url: str, *, readers: int = 4) -> Database:
    """Open, without connecting yet.

    Raises `DatabaseError` for an address that is none, or where psycopg is missing.
    """
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(parsed, readers)
        if parsed.get_backend_name() != "postgresql":
            raise DatabaseError(
                f"database.url: {safe_text(parsed.drivername)} is not supported; "
                "leave it out for SQLite, or give postgresql://..."
            )
        arguments: dict[str, Any] = {"connect_args": {"connect_timeout": 5}, "pool_pre_ping": True}
        engine = sa.create_engine(
            parsed, isolation_level="REPEATABLE READ", pool_size=readers, **arguments
        )
        # A writer that waited for its turn must see what the one before it wrote.
        writers = sa.create_engine(
            parsed, isolation_level="READ COMMITTED", pool_size=2, **arguments
        )
        return Database(parsed, engine, writers)
    except sa.exc.ArgumentError as error:
        raise DatabaseError(
            "the address of the database is none; write it as postgresql://user@host/name "
            "(database.url in server.toml, or --to)"
        ) from error
    except ModuleNotFoundError as error:
        raise DatabaseError(
            "PostgreSQL needs psycopg: pip install 'tito-bench-server[postgres]'"
        ) from error


def _open_sqlite(url: sa.URL, readers: int) -> Database:
    reading = sa.create_engine(url, pool_size=readers, max_overflow=readers)
    writing = sa.create_engine(url, pool_size=1, max_overflow=4)
    for engine, begin in ((reading, "BEGIN"), (writing, "BEGIN IMMEDIATE")):
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _beginning_with(begin))
    return Database(url, reading, writing)


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    """FULL: what was accepted is on the disk. secure_delete: what was erased is not."""
    connection.isolation_level = None  # transactions begin as said below, not by guessing
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={_BUSY_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _beginning_with(statement: str) -> Any:
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        raise StoreUnavailable(
            f"the database does not answer: {safe_text(str(error).splitlines()[0])}"
        ) from error
