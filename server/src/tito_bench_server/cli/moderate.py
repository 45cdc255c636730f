"""`moderate`: decide on what members reported, and on texts that nobody has seen yet.

A moderator sees the object and the reasons, never a person: neither whose it is
nor who reported it.
"""

from __future__ import annotations

import argparse

import sqlalchemy as sa

from tito_bench_server.cli.context import Context, Subparsers, add_data_option, open_context
from tito_bench_server.client_package import Exit, Streams, safe_text
from tito_bench_server.errors import ServerError
from tito_bench_server.peers import moderation
from tito_bench_server.store.group import utc_today
from tito_bench_server.store.tables import day_of

__all__ = ["add_parsers"]

_DECISIONS = {
    "keep": (moderation.keep, "Find nothing wrong: show it, and a group's words, to all again."),
    "remove": (moderation.remove, "Take it away for good."),
}


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "moderate",
        help="Decide on what members reported, and on groups' own words.",
        description="List what waits: cards and groups that members reported, and words of groups "
        "that are shown to nobody before you kept them. Persons are not shown.",
    )
    parser.set_defaults(run=_list, json=False)
    add_data_option(parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="List what waits.")
    listing.add_argument("--json", action="store_true", help="write one JSON document to stdout")
    listing.set_defaults(run=_list)
    for name, (_, summary) in _DECISIONS.items():
        verb = verbs.add_parser(name, help=summary)
        verb.add_argument("object", help="its word in the list")
        verb.set_defaults(run=_decide, decision=name)
    for verb in verbs.choices.values():
        add_data_option(verb)


def _cases(context: Context) -> list[moderation.Case]:
    with context.database.read() as connection:
        return moderation.cases(connection)


def _list(options: argparse.Namespace, streams: Streams) -> int:
    with open_context(options, streams) as context:
        waiting = _cases(context)
    if options.json:
        streams.write_json(
            {
                "waiting": [
                    {
                        "object": one.object_id,
                        "kind": one.kind,
                        "text": one.text,
                        "reasons": list(one.reasons),
                    }
                    for one in waiting
                ]
            }
        )
        return Exit.OK
    for one in waiting:
        why = ", ".join(one.reasons) or "waits to be shown"
        text = f": {safe_text(one.text, 280)}" if one.text else ""
        streams.people.write(f"{one.object_id}  {one.kind} ({why}){text}\n")
    if not waiting:
        streams.people.write("Nothing waits.\n")
    return Exit.OK


def _decide(options: argparse.Namespace, streams: Streams) -> int:
    decide, _ = _DECISIONS[options.decision]
    with open_context(options, streams) as context:
        today = day_of(utc_today())

        def work(connection: sa.Connection) -> None:
            found = {one.object_id: one for one in moderation.cases(connection)}
            case = found.get(options.object)
            if case is None:
                named = safe_text(options.object, 40)
                raise ServerError(f"nothing called '{named}' waits; see: moderate list")
            decide(connection, case, today)

        context.turn(work)
    done = {"keep": "Kept: shown to all.", "remove": "Removed."}[options.decision]
    streams.people.write(f"{done}\n")
    return Exit.OK
