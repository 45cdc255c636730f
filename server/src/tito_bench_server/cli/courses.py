"""`course add | list | rotate | close | open`: who may join, and where."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass

import sqlalchemy as sa

from tito_bench_server.cli.context import (
    Context,
    Subparsers,
    add_data_option,
    command_line,
    open_context,
)
from tito_bench_server.client_package import Exit, Streams, UsageError, key_of, safe_text
from tito_bench_server.courses import code_digest
from tito_bench_server.errors import ServerError
from tito_bench_server.settings import ServerSettings, new_code
from tito_bench_server.store import tables

__all__ = [
    "CourseChoices",
    "add_course",
    "add_course_options",
    "add_parsers",
    "address_of",
    "base_url",
]

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LONGEST_NAME = 80
_FEATURES = ("roster", "ladder", "groups", "mentors")


@dataclass(frozen=True)
class CourseChoices:
    """What an operator says of a new course."""

    name: str
    slug: str | None = None
    school: bool = False
    anybody: bool = False
    members_only_map: bool = False
    joins_per_day: int = 200


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("course", help="Add, list, close or reopen courses.")
    parser.set_defaults(run=_list, json=False)
    add_data_option(parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    add = verbs.add_parser("add", help="Add a course and print its address.")
    add.add_argument("name", help="what students read, such as 'Machine Learning Systems'")
    add.add_argument("--slug", help="short name for these commands (default: of the name)")
    add_course_options(add)
    add.set_defaults(run=_add)
    listing = verbs.add_parser("list", help="List the courses and their addresses.")
    listing.add_argument("--json", action="store_true", help="write one JSON document to stdout")
    listing.set_defaults(run=_list)
    for name, run, summary in (
        (
            "rotate",
            _rotate,
            "Give a course a new code; members stay in, the old code lets nobody in.",
        ),
        ("close", _close, "Take no new members; those who are in stay in."),
        ("open", _open, "Take new members again."),
    ):
        verb = verbs.add_parser(name, help=summary)
        verb.add_argument("slug", help="short name of the course")
        verb.set_defaults(run=run)
    for name, allow, summary in (
        ("allow", True, "Let members find each other in this way."),
        ("forbid", False, "End it: what there is stays hidden until it is allowed again."),
    ):
        verb = verbs.add_parser(name, help=summary)
        verb.add_argument("slug", help="short name of the course")
        verb.add_argument("feature", choices=_FEATURES)
        verb.set_defaults(run=_allow, allow=allow)
    for verb in verbs.choices.values():
        add_data_option(verb)


def add_course_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be said of a new course."""
    parser.add_argument(
        "--school", action="store_true", help="minors: no study groups and no mentors"
    )
    parser.add_argument(
        "--anybody",
        action="store_true",
        help="no code: everybody may join at the bare address",
    )
    parser.add_argument(
        "--members-only-map", action="store_true", help="the map is for members only"
    )
    parser.add_argument(
        "--joins-per-day", type=int, default=200, metavar="N", help="at most (default: 200)"
    )


def add_course(context: Context, choices: CourseChoices) -> str | None:
    """Add a course; return its code, or None where everybody may join.

    Raises `UsageError` for a name that cannot be used or is taken.
    """
    name = safe_text(choices.name, _LONGEST_NAME)
    slug = choices.slug or key_of(name)[:40] or "course"
    if not name:
        raise UsageError("name: a course needs one, such as 'Machine Learning Systems'")
    if _SLUG.fullmatch(slug) is None:
        raise UsageError(
            f"--slug: '{safe_text(slug, 40)}' is none; use small letters, digits and hyphens"
        )
    if choices.joins_per_day < 1:
        raise UsageError("--joins-per-day: at least 1")
    code = None if choices.anybody else new_code()
    with context.database.write() as connection:
        taken = sa.select(sa.literal(1)).where(tables.course.c.slug == slug)
        if connection.execute(taken).scalar():
            raise UsageError(f"--slug: there is a course '{slug}' already; choose another")
        if code is None:
            bare = sa.select(tables.course.c.slug).where(tables.course.c.code_digest.is_(None))
            other = connection.execute(bare).scalar()
            if other is not None:
                raise UsageError(f"--anybody: the bare address is that of '{other}' already")
        connection.execute(
            sa.insert(tables.course).values(
                slug=slug,
                name=name,
                code_digest=None if code is None else code_digest(context.secret, code),
                takes_members=True,
                public_map=not choices.members_only_map,
                school=choices.school,
                joins_per_day=choices.joins_per_day,
                # Where anybody may join, strangers would be the first to offer something.
                groups_on=code is not None,
                mentors_on=code is not None,
            )
        )
    if code is not None:
        context.folder.keep_invite(slug, code)
    return code


def address_of(base: str, code: str | None) -> str:
    """Return the address of a course; its code is the invitation."""
    return base.rstrip("/") + ("" if code is None else f"/c/{code}")


def _add(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams) as context:
        code = add_course(
            context,
            CourseChoices(
                name=options.name,
                slug=options.slug,
                school=options.school,
                anybody=options.anybody,
                members_only_map=options.members_only_map,
                joins_per_day=options.joins_per_day,
            ),
        )
        streams.people.write(f"{address_of(_base(context), code)}\n")
    return Exit.OK


def _list(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams) as context:
        invites = context.folder.invites()
        with context.database.read() as connection:
            rows = connection.execute(sa.select(tables.course).order_by(tables.course.c.id)).all()
        courses = [
            {
                "slug": row.slug,
                "name": row.name,
                "takes_members": bool(row.takes_members),
                "school": bool(row.school),
                "public_map": bool(row.public_map),
                # A code that is not in invites.json is known to nobody: only its digest is kept.
                "address": (
                    address_of(_base(context), invites.get(row.slug))
                    if row.code_digest is None or row.slug in invites
                    else None
                ),
            }
            for row in rows
        ]
    if options.json:
        streams.write_json({"courses": courses})
        return Exit.OK
    if not courses:
        anew = command_line(options, "course add NAME")
        streams.people.write(f"No course yet; add one with: {anew}\n")
        return Exit.OK
    for one in courses:
        anew = command_line(options, f"course rotate {one['slug']}")
        address = one["address"] or f"code unknown; make a new one with: {anew}"
        closed = "" if one["takes_members"] else ", closed to new members"
        # An address is copied: no column may cut it.
        streams.people.write(f"{one['slug']}: {safe_text(str(one['name']))}{closed}\n")
        streams.people.write(f"    {address}\n")
    return Exit.OK


def _rotate(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams) as context:
        code = new_code()
        _change(context, options.slug, code_digest=code_digest(context.secret, code))
        context.folder.keep_invite(options.slug, code)
        streams.people.write(f"{address_of(_base(context), code)}\n")
    return Exit.OK


def _close(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams) as context:
        _change(context, options.slug, takes_members=False)
    streams.people.write("Closed: nobody new can join, members stay in.\n")
    return Exit.OK


def _open(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams) as context:
        _change(context, options.slug, takes_members=True)
    streams.people.write("Open to new members.\n")
    return Exit.OK


def _allow(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams) as context:
        _change(context, options.slug, **{f"{options.feature}_on": options.allow})
    state = "allowed" if options.allow else "off"
    minors = " (a course of a school has neither groups nor mentors, whatever is allowed)"
    school = minors if options.allow and options.feature in {"groups", "mentors"} else ""
    streams.people.write(f"{options.feature}: {state}{school}\n")
    return Exit.OK


def _change(context: Context, slug: str, **values: object) -> None:
    with context.database.write() as connection:
        changed = connection.execute(
            sa.update(tables.course).where(tables.course.c.slug == slug).values(**values)
        )
        if changed.rowcount == 0:
            raise ServerError(f"no course is called '{safe_text(slug, 40)}'; see: course list")


def _base(context: Context) -> str:
    server = context.settings.server
    return base_url(server, server.port)


def base_url(server: ServerSettings, port: int) -> str:
    """Return the address of the server as students use it.

    Where it listens on all interfaces and `public_url` is not set, that is not known:
    it is then the one that works on this machine.
    """
    if server.public_url:
        return server.public_url
    scheme = "https" if server.certificate else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)  # noqa: S104
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
