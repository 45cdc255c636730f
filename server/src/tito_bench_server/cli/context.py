"""What most commands need: the data folder, its settings, its database."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock, Timeout

from tito_bench_server.client_package import Streams, safe_text
from tito_bench_server.errors import DatabaseError, SettingsError
from tito_bench_server.settings import Folder, Settings, read_settings
from tito_bench_server.store.database import Database, open_database
from tito_bench_server.store.migrate import schema_state

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

__all__ = [
    "DATA_VARIABLE",
    "Context",
    "Subparsers",
    "add_data_option",
    "command_line",
    "folder_of",
    "open_context",
    "server_lock",
]

DATA_VARIABLE = "TITO_BENCH_SERVER_DATA"
_DEFAULT_FOLDER = "community"
Subparsers = argparse._SubParsersAction  # argparse has no public name for it
T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """An opened data folder."""

    folder: Folder
    settings: Settings
    secret: bytes
    database: Database

    def turn(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a write transaction of its own."""
        with self.database.write() as connection:
            return work(connection)


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add `--data`."""
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help=f"data folder of the server (default: {DATA_VARIABLE}, else ./{_DEFAULT_FOLDER})",
    )


def folder_of(options: argparse.Namespace, streams: Streams) -> Folder:
    """Return the data folder that was named, or the default one."""
    named = options.data or streams.environ.get(DATA_VARIABLE) or _DEFAULT_FOLDER
    return Folder((streams.cwd / Path(named).expanduser()).absolute())


def command_line(options: argparse.Namespace, words: str) -> str:
    """Return what to type for another command on the same folder."""
    data = f" --data {shlex.quote(options.data)}" if options.data else ""
    return safe_text(f"{options.called} {words}{data}", 400)


@contextmanager
def open_context(
    options: argparse.Namespace, streams: Streams, *, must_be_current: bool = True
) -> Iterator[Context]:
    """Open the data folder.

    Raises `SettingsError`, and `DatabaseError` for a schema that waits for `migrate`.
    """
    folder = folder_of(options, streams)
    settings = read_settings(folder)
    database = open_database(folder.database_url(settings))
    try:
        if must_be_current and not schema_state(database).is_current:
            raise DatabaseError("the database has an older schema; run 'migrate' first")
        yield Context(folder, settings, folder.secret(), database)
    finally:
        database.close()


@contextmanager
def server_lock(folder: Folder) -> Iterator[None]:
    """Be the only server of this folder.

    Raises `SettingsError` where one runs already.
    """
    lock = FileLock(folder.path / "server.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        shown = safe_text(str(folder.path))
        raise SettingsError(f"a server runs on {shown} already; stop it first") from error
    except OSError as error:
        shown = safe_text(str(folder.path))
        raise SettingsError(f"{shown}: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()
