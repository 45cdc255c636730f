"""Bringing a database to the schema of this server, or telling how far it is from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from tito_bench_server.client_package import safe_text
from tito_bench_server.errors import DatabaseError, NewerDatabase, StoreUnavailable
from tito_bench_server.store.database import Database

__all__ = ["SchemaState", "downgrade", "head_revision", "schema_state", "upgrade"]


@dataclass(frozen=True)
class SchemaState:
    """Where the database stands; `revision` is None for an empty one."""

    revision: str | None
    head: str

    @property
    def is_current(self) -> bool:
        return self.revision == self.head


def head_revision() -> str:
    """Return the newest revision that this server knows."""
    return _head(ScriptDirectory.from_config(_config()))


def schema_state(database: Database) -> SchemaState:
    """Return where the database stands.

    Raises `NewerDatabase` for a revision that this server does not know, and
    `DatabaseError` for a file that is no database.
    """
    scripts = ScriptDirectory.from_config(_config())
    try:
        with database.read() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
    except StoreUnavailable as error:
        raise DatabaseError(str(error)) from error
    except sa.exc.DatabaseError as error:
        raise DatabaseError(f"{_named(database)}: {safe_text(str(error.orig))}") from error
    known = {one.revision for one in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise NewerDatabase(
            f"{_named(database)} was written by a newer server (schema {safe_text(revision)}); "
            "upgrade tito-bench-server, nothing was touched"
        )
    return SchemaState(revision, _head(scripts))


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to a revision, in one transaction.

    Raises `NewerDatabase` and `DatabaseError`.
    """
    schema_state(database)
    _walk(database, revision, up=True)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to a revision, in one transaction."""
    _walk(database, revision, up=False)


def _walk(database: Database, revision: str, *, up: bool) -> None:
    config = _config()
    try:
        with database.write() as connection:
            if database.is_sqlite:
                # Tables are copied to be altered; the keys are checked at the end instead.
                connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            config.attributes["connection"] = connection
            (command.upgrade if up else command.downgrade)(config, revision)
    except (sa.exc.DBAPIError, StoreUnavailable) as error:
        reason = safe_text(str(error).splitlines()[0])
        raise DatabaseError(
            f"{_named(database)}: the schema cannot be changed: {reason}"
        ) from error


def _head(scripts: ScriptDirectory) -> str:
    """Return the one newest revision; two of them would be a mistake of a release."""
    (head,) = scripts.get_heads()
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _named(database: Database) -> str:
    return safe_text(database.url.render_as_string(hide_password=True))
