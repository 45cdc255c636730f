"""`doctor`: what keeps this server from working well, and how to repair it."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import sqlalchemy as sa

from tito_bench_server.cli.context import Subparsers, add_data_option, folder_of
from tito_bench_server.client_package import Exit, Streams, TitoBenchError, safe_text
from tito_bench_server.operations import metrics_token
from tito_bench_server.settings import Folder, Settings, read_settings
from tito_bench_server.store import tables
from tito_bench_server.store.database import Database, open_database
from tito_bench_server.store.migrate import schema_state

__all__ = ["Finding", "add_parsers", "examine"]

_LEAST_FREE_MIB = 512


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    state: Literal["ok", "hint", "wrong"]
    what: str
    remedy: str = ""


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="Say what is wrong with this server, and how to repair it.",
        description="Look at the folder, settings, database and disk. Nothing is changed. "
        "Exits 1 if something keeps the server from working.",
    )
    add_data_option(parser)
    parser.add_argument("--json", action="store_true", help="write one JSON document to stdout")
    parser.add_argument("--metrics-token", action="store_true", help="print the token for /metrics")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, streams: Streams) -> int:
    folder = folder_of(options, streams)
    if options.metrics_token:
        streams.people.write(f"{metrics_token(folder.secret())}\n")
        return Exit.OK
    findings = list(examine(folder))
    if options.json:
        streams.write_json({"findings": [asdict(one) for one in findings]})
    else:
        marks = {"ok": "ok   ", "hint": "hint ", "wrong": "WRONG"}
        for one in findings:
            remedy = f": {one.remedy}" if one.remedy else ""
            streams.people.write(f"{marks[one.state]} {one.what}{remedy}\n")
    return Exit.FAILED if any(one.state == "wrong" for one in findings) else Exit.OK


def examine(folder: Folder) -> Iterator[Finding]:
    """Look at everything, as far as it can be looked at."""
    try:
        settings = read_settings(folder)
        folder.secret()
        folder.invites()
        database = open_database(folder.database_url(settings))
    except TitoBenchError as error:
        yield Finding("wrong", str(error))
        return
    yield Finding("ok", f"{safe_text(str(folder.path))} has settings and a secret")
    yield from _folder(folder)
    yield from _settings(settings)
    try:
        yield from _database(database)
    except TitoBenchError as error:
        yield Finding("wrong", str(error))
    finally:
        database.close()


def _folder(folder: Folder) -> Iterator[Finding]:
    mode = folder.path.stat().st_mode & 0o077
    if os.name == "posix" and mode:
        yield Finding(
            "hint", "others of this machine can look into the data folder", "chmod 700 it"
        )
    free_mib = shutil.disk_usage(folder.path).free // 2**20
    if free_mib < _LEAST_FREE_MIB:
        yield Finding("wrong", f"{free_mib} MiB are free on its disk", "make room")
    else:
        yield Finding("ok", f"{free_mib} MiB are free on its disk")


def _settings(settings: Settings) -> Iterator[Finding]:
    operator, server = settings.operator, settings.server
    if not (operator.name and operator.contact):
        yield Finding("hint", "nobody is named as responsible", "fill [operator] of server.toml in")
    if not server.public_url:
        yield Finding(
            "hint",
            "public_url is not set: links hold the address by which the server was asked",
            "set it to what students use, once others than you do",
        )
    elif server.public_url.startswith("https://") and not (server.proxy_hops or server.certificate):
        yield Finding(
            "hint",
            "public_url is https, yet neither a proxy nor a certificate is set",
            "set server.proxy_hops: else all students share one address and its limits",
        )


def _database(database: Database) -> Iterator[Finding]:
    state = schema_state(database)
    if not state.is_current:
        yield Finding("wrong", f"the schema is {state.revision or 'empty'}", "run 'migrate'")
        return
    yield Finding("ok", f"the database answers, its schema is {state.head}")
    with database.read() as connection:
        if database.is_sqlite:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if found == "ok":
                yield Finding("ok", "the database file is sound")
            else:
                yield Finding(
                    "wrong", f"the database is damaged: {safe_text(str(found))}", "restore"
                )
        takes = connection.execute(
            sa.select(sa.func.count())
            .select_from(tables.course)
            .where(tables.course.c.takes_members)
        ).scalar_one()
    if takes:
        yield Finding("ok", f"courses that take new members: {takes}")
    else:
        yield Finding("hint", "no course takes new members", "course add NAME, or course open SLUG")
