"""Many rows in one go, with statements compiled once.

The writer spends its time here. Building a statement for each row costs five
times as much as running it, so each is made once of the table's own metadata:
for SQLite to be run row by row in C, for PostgreSQL with `unnest` so that a
whole group is one round trip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from tito_bench_server.store.tables import Bytes16

__all__ = ["Bulk", "bulk_for"]

Row = tuple[Any, ...]


class Bulk(Protocol):
    """Reads and writes of many rows at once; rows are in the order of the columns named."""

    def select(
        self, table: sa.Table, columns: tuple[str, ...], by: str, values: Sequence[Any]
    ) -> list[Row]:
        """Return the rows whose `by` is one of the values."""

    def insert(self, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Add rows."""

    def insert_new(
        self, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row], told: tuple[str, ...]
    ) -> list[Row]:
        """Add the rows that break no unique constraint; return of each of these what is `told`."""

    def load(self, table: sa.Table, columns: tuple[str, ...], rows: Iterable[Row]) -> int:
        """Add any number of rows, and return how many they were."""

    def update(self, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Set all columns but the first, which is the key."""

    def delete(self, table: sa.Table, by: str, values: Sequence[Any]) -> None:
        """Remove the rows whose `by` is one of the values."""


def bulk_for(connection: sa.Connection) -> Bulk:
    """Return the fast way for this connection, within its transaction."""
    cursor = connection.connection.cursor()
    return _Sqlite(cursor) if connection.dialect.name == "sqlite" else _Postgres(cursor)


class _Sqlite:
    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def select(
        self, table: sa.Table, columns: tuple[str, ...], by: str, values: Sequence[Any]
    ) -> list[Row]:
        statement = _sqlite_select(table.name, columns, by)
        found: list[Row] = []
        for value in values:
            found += self._cursor.execute(statement, (value,)).fetchall()
        return found

    def insert(self, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        self._cursor.executemany(_sqlite_insert(table.name, columns), rows)

    def insert_new(
        self, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row], told: tuple[str, ...]
    ) -> list[Row]:
        statement = _sqlite_insert(table.name, columns, "INSERT OR IGNORE", told)
        return [new for row in rows for new in self._cursor.execute(statement, row).fetchall()]

    def load(self, table: sa.Table, columns: tuple[str, ...], rows: Iterable[Row]) -> int:
        self._cursor.executemany(_sqlite_insert(table.name, columns), rows)
        added: int = self._cursor.rowcount
        return max(0, added)

    def update(self, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        statement = _sqlite_update(table.name, columns)
        self._cursor.executemany(statement, [(*row[1:], row[0]) for row in rows])

    def delete(self, table: sa.Table, by: str, values: Sequence[Any]) -> None:
        self._cursor.executemany(_sqlite_delete(table.name, by), [(value,) for value in values])


# Names in these statements are those of the metadata, never anybody's text.


@cache
def _sqlite_select(table: str, columns: tuple[str, ...], by: str) -> str:
    return f'SELECT {_names(columns)} FROM "{table}" WHERE "{by}" = ?'  # noqa: S608


@cache
def _sqlite_insert(
    table: str, columns: tuple[str, ...], verb: str = "INSERT", told: tuple[str, ...] = ()
) -> str:
    marks = ", ".join("?" * len(columns))
    telling = f" RETURNING {_names(told)}" if told else ""
    return f'{verb} INTO "{table}" ({_names(columns)}) VALUES ({marks}){telling}'


@cache
def _sqlite_update(table: str, columns: tuple[str, ...]) -> str:
    assignments = ", ".join(f'"{name}" = ?' for name in columns[1:])
    return f'UPDATE "{table}" SET {assignments} WHERE "{columns[0]}" = ?'  # noqa: S608


@cache
def _sqlite_delete(table: str, by: str) -> str:
    return f'DELETE FROM "{table}" WHERE "{by}" = ?'  # noqa: S608


class _Postgres:
    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def select(
        self, table: sa.Table, columns: tuple[str, ...], by: str, values: Sequence[Any]
    ) -> list[Row]:
        self._cursor.execute(
            _postgres_select(table, columns, by), _by_column(table, (by,), [(v,) for v in values])
        )
        found: list[Row] = self._cursor.fetchall()
        return found

    def insert(self, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        statement = _postgres_insert(table, columns, "")
        self._cursor.execute(statement, _by_column(table, columns, rows))

    def insert_new(
        self, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row], told: tuple[str, ...]
    ) -> list[Row]:
        conflict = f" ON CONFLICT DO NOTHING RETURNING {_postgres_names(table, told)}"
        statement = _postgres_insert(table, columns, conflict)
        self._cursor.execute(statement, _by_column(table, columns, rows))
        added: list[Row] = self._cursor.fetchall()
        return added

    def load(self, table: sa.Table, columns: tuple[str, ...], rows: Iterable[Row]) -> int:
        statement = f'COPY "{table.name}" ({_names(columns)}) FROM STDIN'
        short = [_is_bytes16(table, name) for name in columns]
        added = 0
        with self._cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(
                    value.hex() if is_short and value is not None else value
                    for value, is_short in zip(row, short, strict=True)
                )
                added += 1
        return added

    def update(self, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        statement = _postgres_update(table, columns)
        self._cursor.execute(statement, _by_column(table, columns, rows))

    def delete(self, table: sa.Table, by: str, values: Sequence[Any]) -> None:
        self._cursor.execute(
            _postgres_delete(table, by), _by_column(table, (by,), [(v,) for v in values])
        )


@cache
def _postgres_select(table: sa.Table, columns: tuple[str, ...], by: str) -> str:
    array, names = _array_type(table, by), _postgres_names(table, columns)
    return f'SELECT {names} FROM "{table.name}" WHERE "{by}" = ANY(%s::{array})'  # noqa: S608


@cache
def _postgres_names(table: sa.Table, columns: tuple[str, ...]) -> str:
    return ", ".join(
        f'uuid_send("{name}")' if _is_bytes16(table, name) else f'"{name}"' for name in columns
    )


@cache
def _postgres_insert(table: sa.Table, columns: tuple[str, ...], conflict: str) -> str:
    source = _unnested(table, columns)
    return f'INSERT INTO "{table.name}" ({_names(columns)}) SELECT * FROM {source}{conflict}'  # noqa: S608


@cache
def _postgres_update(table: sa.Table, columns: tuple[str, ...]) -> str:
    assignments = ", ".join(f'"{name}" = u."{name}"' for name in columns[1:])
    source = f"{_unnested(table, columns)} AS u({_names(columns)})"
    key = columns[0]
    return f'UPDATE "{table.name}" AS t SET {assignments} FROM {source} WHERE t."{key}" = u."{key}"'  # noqa: S608


@cache
def _postgres_delete(table: sa.Table, by: str) -> str:
    return f'DELETE FROM "{table.name}" WHERE "{by}" = ANY(%s::{_array_type(table, by)})'  # noqa: S608


def _unnested(table: sa.Table, columns: tuple[str, ...]) -> str:
    return f"unnest({', '.join(f'%s::{_array_type(table, name)}' for name in columns)})"


def _array_type(table: sa.Table, column: str) -> str:
    return str(table.c[column].type.compile(dialect=postgresql.dialect())) + "[]"  # type: ignore[no-untyped-call]


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _by_column(table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row]) -> list[list[Any]]:
    """Return the values of each column, sixteen bytes as the text of a uuid."""
    found = [list(values) for values in zip(*rows, strict=True)] or [[] for _ in columns]
    for place, name in enumerate(columns):
        if _is_bytes16(table, name):
            found[place] = [None if one is None else one.hex() for one in found[place]]
    return found


@cache
def _is_bytes16(table: sa.Table, column: str) -> bool:
    return isinstance(table.c[column].type, Bytes16)
