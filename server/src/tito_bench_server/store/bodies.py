"""Bodies of submissions are kept by whole weeks, so that a week is forgotten at once.

PostgreSQL has a partition for each week, made with the first body of it and dropped when it is too
old: that takes no time for each row, and gives their room back. It is made as a table and attached,
for which nobody who reads, as a backup does, has to end. SQLite deletes the rows.
"""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from tito_bench_server.store.database import Turn
from tito_bench_server.store.tables import submission_body

__all__ = ["WEEK_DAYS", "forget_bodies", "make_week", "week_of"]

WEEK_DAYS = 7
_ROWS = 5000  # a piece on SQLite; some 50 ms of the writer's time
_WEEKS = sa.text(
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'submission_body'::regclass"
)


def week_of(day: int) -> int:
    """Return the first day of the week in which a day lies, both since 1970-01-01."""
    return day - day % WEEK_DAYS


def make_week(connection: sa.Connection, day: int) -> bool:
    """Have room for the bodies of the week of that day; return whether it was there before."""
    week = week_of(day)
    if connection.dialect.name == "sqlite" or week in _partitions(connection):
        return True
    name = _partition(week)
    connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE submission_body)")
    connection.exec_driver_sql(
        f"ALTER TABLE submission_body ATTACH PARTITION {name}"
        f" FOR VALUES FROM ({week}) TO ({week + WEEK_DAYS})"
    )
    return False


def forget_bodies(turn: Turn, before: int) -> int:
    """Forget the weeks that began before that day; return how many these were.

    Raises `StoreUnavailable` while a backup reads them on PostgreSQL: then writers go on, and it
    can be tried again.
    """
    weeks = 0
    while (week := turn(_oldest_week)) is not None and week < before:
        while not turn(partial(_forget_some, week=week)):
            pass
        weeks += 1
    return weeks


def _oldest_week(connection: sa.Connection) -> int | None:
    if connection.dialect.name != "sqlite":
        return min(_partitions(connection), default=None)
    day = connection.execute(sa.select(sa.func.min(submission_body.c.received_day))).scalar()
    return None if day is None else week_of(day)


def _forget_some(connection: sa.Connection, week: int) -> bool:
    """Forget a week, or a piece of it; return whether nothing of it is left."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
        connection.exec_driver_sql(f"DROP TABLE {_partition(week)}")
        return True
    key = sa.tuple_(*submission_body.primary_key)
    of_week = submission_body.c.received_day < week + WEEK_DAYS
    piece = sa.select(*submission_body.primary_key).where(of_week).limit(_ROWS)
    return connection.execute(sa.delete(submission_body).where(key.in_(piece))).rowcount < _ROWS


def _partition(week: int) -> str:
    return f"{submission_body.name}_{week}"


def _partitions(connection: sa.Connection) -> set[int]:
    names = connection.execute(_WEEKS).scalars()
    return {int(name.rpartition("_")[2]) for name in names}
