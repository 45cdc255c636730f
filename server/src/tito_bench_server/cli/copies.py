"""`backup`, `restore` and `copy`."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from tito_bench_server.cli.context import (
    Subparsers,
    add_data_option,
    folder_of,
    open_context,
    server_lock,
)
from tito_bench_server.client_package import Exit, Streams, UsageError, safe_text
from tito_bench_server.settings import DatabaseSettings, Folder, Settings
from tito_bench_server.store import copies
from tito_bench_server.store.database import open_database
from tito_bench_server.store.group import utc_today

__all__ = ["add_parsers"]


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    backup = subparsers.add_parser("backup", help="Write the database to a file, while it serves.")
    backup.add_argument("file", metavar="FILE")
    backup.set_defaults(run=_backup)
    restore = subparsers.add_parser(
        "restore",
        help="Put a backup back, without those who left since.",
        description="Replace the database by a backup. Who left since it was made is erased again.",
    )
    restore.add_argument("file", metavar="FILE")
    restore.add_argument(
        "--despite-age", action="store_true", help="take a backup older than 30 days"
    )
    restore.set_defaults(run=_restore)
    copy = subparsers.add_parser(
        "copy",
        help="Copy everything into an empty database, while it serves.",
        description="Copy everything from SQLite into an empty database that takes its place. "
        "Meanwhile, and until the server is started with the copy, pages are shown and whoever "
        "sends something is told to come again.",
    )
    way = copy.add_mutually_exclusive_group(required=True)
    way.add_argument("--to", metavar="URL", help="such as postgresql://host/name")
    way.add_argument(
        "--cancel", action="store_true", help="go on with the SQLite database, without the copy"
    )
    copy.set_defaults(run=_copy)
    for parser in (backup, restore, copy):
        add_data_option(parser)


def _backup(options: argparse.Namespace, streams: Streams) -> int:
    file = streams.cwd / Path(options.file).expanduser()
    with open_context(options, streams, must_be_current=False) as context:
        copies.backup(context.database, file)
    streams.people.write(
        f"Wrote {safe_text(str(file))}. It is useless without secret.key: keep both, apart.\n"
    )
    return Exit.OK


def _restore(options: argparse.Namespace, streams: Streams) -> int:
    file = streams.cwd / Path(options.file).expanduser()
    folder = folder_of(options, streams)
    with server_lock(folder), open_context(options, streams, must_be_current=False) as context:
        done = copies.restore(
            context.database, file, context.secret, utc_today(), despite_age=options.despite_age
        )
    streams.people.write(f"Restored; {done.erased_again} who left since were erased again.\n")
    return Exit.OK


def _copy(options: argparse.Namespace, streams: Streams) -> int:
    folder = folder_of(options, streams)
    with ExitStack() as stack:
        context = stack.enter_context(open_context(options, streams))
        if options.cancel:
            if not context.database.is_sqlite:
                raise UsageError("--cancel: take database.url out of server.toml first")
            copies.take_writes_again(context.database)
            streams.people.write("The database takes messages again. Drop the copy.\n")
            return Exit.OK
        if not context.database.is_sqlite:
            stack.enter_context(server_lock(folder))
        target = open_database(_target_url(folder, options.to))
        try:
            counts = copies.copy_all(context.database, target)
        finally:
            target.close()
    for name, count in counts.items():
        streams.people.write(f"{name:20} {count:>10}\n")
    streams.people.write(
        "All rows are equal. Set database.url in server.toml and start the server anew, which uses "
        "the copy then. Until that, whoever sends something is told to come again.\n"
    )
    return Exit.OK


def _target_url(folder: Folder, url: str) -> str:
    return folder.database_url(Settings(database=DatabaseSettings(url=url)))
