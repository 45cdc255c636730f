"""`names list | cohort | institution`: what a stranger typed is shown only when approved."""

from __future__ import annotations

import argparse
from collections import Counter

import sqlalchemy as sa

from tito_bench_server.cli.context import Subparsers, add_data_option, open_context
from tito_bench_server.client_package import Exit, Streams, UsageError, safe_text
from tito_bench_server.errors import ServerError
from tito_bench_server.members.messages import folded
from tito_bench_server.members.names import approve_cohort, approve_institution
from tito_bench_server.releases.kinds import SMALLEST_GROUP, floored
from tito_bench_server.store.tables import course, member

__all__ = ["add_parsers"]


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("names", help="Approve names of cohorts and institutions.")
    parser.set_defaults(run=_list)
    add_data_option(parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="List the names that wait, where several use them.")
    listing.set_defaults(run=_list)
    cohort = verbs.add_parser("cohort", help="Approve the name of a cohort.")
    cohort.add_argument("course", help="short name of the course")
    cohort.add_argument("name", help="the cohort's name as it shall be shown")
    cohort.set_defaults(run=_cohort)
    institution = verbs.add_parser("institution", help="Approve the name of an institution.")
    institution.add_argument("name", help="the name as it shall be shown")
    institution.add_argument(
        "--also", action="append", default=[], metavar="NAME", help="another spelling of it"
    )
    institution.set_defaults(run=_institution)
    for verb in verbs.choices.values():
        add_data_option(verb)


def _list(options: argparse.Namespace, streams: Streams) -> int:
    """Names of fewer than five people are not shown to the operator either."""
    with open_context(options, streams) as context, context.database.read() as connection:
        cohorts: Counter[tuple[str, str]] = Counter()
        for slug, text in connection.execute(
            sa.select(course.c.slug, member.c.cohort_text)
            .join(member, member.c.course_id == course.c.id)
            .where(member.c.cohort_text.is_not(None))
        ):
            cohorts[slug, text] += 1
        institutions: Counter[str] = Counter()
        for (text,) in connection.execute(
            sa.select(member.c.institution_text).where(
                member.c.institution_text.is_not(None), member.c.institution_id.is_(None)
            )
        ):
            institutions[text] += 1
    out = streams.people
    shown = 0
    for (slug, text), count in cohorts.most_common():
        if count >= SMALLEST_GROUP:
            out.write(f"cohort of {slug}: {safe_text(text)} ({floored(count)}+)\n")
            shown += 1
    for text, count in institutions.most_common():
        if count >= SMALLEST_GROUP:
            out.write(f"institution: {safe_text(text)} ({floored(count)}+)\n")
            shown += 1
    if not shown:
        out.write(f"No name that {SMALLEST_GROUP} or more people use waits.\n")
    return Exit.OK


def _cohort(options: argparse.Namespace, streams: Streams) -> int:
    name = safe_text(options.name, 60)
    if not name:
        raise UsageError("name: give one")
    with open_context(options, streams) as context:
        course_id = context.turn(
            lambda c: c.execute(
                sa.select(course.c.id).where(course.c.slug == options.course)
            ).scalar()
        )
        if course_id is None:
            slug = safe_text(options.course, 40)
            raise ServerError(f"no course is called '{slug}'; see: course list")
        context.turn(lambda c: approve_cohort(c, course_id, name))
    streams.people.write(f"Cohort {name}: shown from the next release on.\n")
    return Exit.OK


def _institution(options: argparse.Namespace, streams: Streams) -> int:
    name = safe_text(options.name, 120)
    spellings = {folded(text) for text in (name, *options.also) if text.strip()}
    if not name:
        raise UsageError("name: give one")
    with open_context(options, streams) as context:
        context.turn(lambda c: approve_institution(c, name, spellings))
    streams.people.write(f"Institution {name}: shown from the next release on.\n")
    return Exit.OK
