"""`release`, `prune` and `migrate`."""

from __future__ import annotations

import argparse

import sqlalchemy as sa

from tito_bench_server.cli.context import Context, Subparsers, add_data_option, open_context
from tito_bench_server.client_package import Exit, Streams
from tito_bench_server.errors import DatabaseError
from tito_bench_server.releases.marking import Changes
from tito_bench_server.releases.publish import changes_now, make_release
from tito_bench_server.store import tables
from tito_bench_server.store.group import utc_today
from tito_bench_server.store.migrate import schema_state, upgrade
from tito_bench_server.store.retention import prune

__all__ = ["add_parsers"]


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    release = subparsers.add_parser(
        "release",
        help="Make the tables anew that are due, or show which are.",
        description="A table is due when 20 memberships of it have changed, once a day at most. "
        "Without --now nothing is written: it only shows what would be released.",
    )
    release.add_argument("--now", action="store_true", help="do not wait for the daily hour")
    release.set_defaults(run=_release)
    pruning = subparsers.add_parser(
        "prune", help="Forget what is too old, as the server does daily by itself."
    )
    pruning.set_defaults(run=_prune)
    migrate = subparsers.add_parser("migrate", help="Bring the database to this server's schema.")
    migrate.add_argument(
        "--check", action="store_true", help="only tell; exits 1 if there is something to do"
    )
    migrate.set_defaults(run=_migrate)
    for parser in (release, pruning, migrate):
        add_data_option(parser)


def _release(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams) as context:
        settings = context.settings.releases
        if options.now:
            report = make_release(context.database, context.turn, settings, utc_today())
            changes = report.changes
        else:
            changes = tuple(changes_now(context.database, settings, utc_today()))
        _show(context, changes, streams, done=options.now)
    return Exit.OK


def _show(context: Context, changes: tuple[Changes, ...], streams: Streams, *, done: bool) -> None:
    if not changes:
        streams.people.write("Nothing has changed among settled members.\n")
        return
    from rich.table import Table

    with context.database.read() as connection:
        courses = dict(
            connection.execute(sa.select(tables.course.c.id, tables.course.c.slug)).all()
        )
        cohorts = dict(
            connection.execute(sa.select(tables.cohort.c.id, tables.cohort.c.name)).all()
        )
    table = Table("course", "cohort", "table", "changes", "released")
    for one in changes:
        what = ("now" if done else "is due") if one.due else "not yet"
        cohort = cohorts.get(one.cohort_id, "not given")
        table.add_row(courses[one.course_id], cohort, one.kind, str(one.changes), what)
    streams.console().print(table)


def _prune(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams) as context:
        done = prune(context.turn, utc_today())
    streams.people.write(
        f"Forgot {done.members} members, {done.weeks} weeks of bodies and {done.submissions} scores"
        f" of submissions, {done.messages} message keys, {done.tombstones} tombstones, "
        f"{done.sessions} sessions.\n"
    )
    return Exit.OK


def _migrate(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams, must_be_current=False) as context:
        state = schema_state(context.database)
        if state.is_current:
            streams.people.write(f"The schema is up to date ({state.head}).\n")
            return Exit.OK
        if options.check:
            raise DatabaseError(
                f"the schema is {state.revision or 'empty'}, this server's is {state.head}; "
                "run 'migrate'"
            )
        upgrade(context.database)
    streams.people.write(f"The schema is {state.head} now.\n")
    return Exit.OK
