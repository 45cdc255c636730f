"""`tito-bench community leave`: remove the profile, really, and have it forgotten elsewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    import argparse

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "leave",
        help="remove your profile",
        description="Remove your profile and your consent. Benchmark records and submissions stay.",
    )
    parser.add_argument("--force", action="store_true", help="do not ask")
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Show what goes and what stays, ask, remove."""
    from tito_bench.cli.community.community_context import open_session

    session = open_session(options, streams)
    layout = session.layout
    mine = (path for path in (layout.profile, layout.consent) if os.path.lexists(path))
    removed = [layout.shown(path) for path in mine]
    if not removed and not _is_known(session):
        session.say("There is no profile here; nothing was changed.")
        session.finish({"status": "not_joined", "removed": [], "website": None})
        return Exit.OK
    _announce(session, removed)
    if not options.force and not streams.confirm("Leave?", flag="--force"):
        session.say("You are still in; nothing was changed.")
        session.finish({"status": "kept", "removed": [], "website": None})
        return Exit.OK
    told = _leave(session)
    session.say("You have left. Come back any time: tito-bench community join")
    session.finish({"status": "left", "removed": removed, "website": told})
    return Exit.OK


def _announce(session: CommunityContext, removed: list[str]) -> None:
    from tito_bench.report.numbers import counted

    layout = session.layout
    kept = counted(len(list(layout.submissions.glob("*.json"))), "submission")
    records = counted(len(list(layout.benchmarks.glob("*.json"))), "record")
    key = ""
    if os.path.lexists(layout.member_keys):
        key = f"; {layout.shown(layout.member_keys)} once the website has forgotten you"
    session.say(
        f"To be removed: {', '.join([*removed, 'whatever waits to be sent'])}{key}",
        f"To be kept: {kept} in {layout.shown(layout.submissions)}, "
        f"{records} in {layout.shown(layout.benchmarks)}",
    )


def _is_known(session: CommunityContext) -> bool:
    """Return whether a website knows this person from here, who left when it could not be told."""
    from tito_bench.errors import StoreError
    from tito_bench.website.sharing import known_at, queued_items

    sharing = session.sharing()
    try:
        leaves = any(one.item.action == "leave" for one in queued_items(sharing))
        return known_at(sharing) is not None and not leaves
    except StoreError:
        return False


def _leave(session: CommunityContext) -> str | None:
    """Tell the website first, or queue what tells it: a crash in between
    leaves a profile that can be left again, never one forgotten here only."""
    from tito_bench.errors import CorruptFile, StoreError
    from tito_bench.website.sharing import member_keys

    try:
        session.profile()  # one of a newer tito-bench is refused, untouched
    except CorruptFile as error:
        # Leaving means that nothing stays, readable or not.
        session.say(str(error))
    try:
        told = _tell_website(session)
    except StoreError as error:  # no home, a damaged outbox: leaving here goes on
        told = "unknown"
        session.say(
            f"Whether a website is to forget you could not be found out: {error}",
            "Once that is repaired: tito-bench community leave",
        )
    session.documents.delete(session.layout.consent)
    session.documents.delete(session.layout.profile)
    _remove_copies(session)
    if told not in {"queued", "unknown"}:  # else what asks it to forget is signed with them
        member_keys(session.sharing()).forget_all()
    return told


def _tell_website(session: CommunityContext) -> str | None:
    """Ask the website to forget who it knows: now, or with the next sync."""
    from tito_bench.errors import TitoBenchError
    from tito_bench.website.sharing import forget_on_website, report_delivery, send_waiting

    if forget_on_website(session.sharing()) is None:
        return None
    told = "queued"
    try:
        if session.permission.allowed:
            delivery = send_waiting(session.sharing())
            report_delivery(session.sharing(), delivery)
            told = "told" if delivery.sent else "queued"
    except TitoBenchError as error:  # the request waits
        session.say(f"Not sent yet: {error}")
    if told == "queued":
        session.say(
            "The website is to forget your profile: that waits in the outbox for "
            f"'tito-bench community sync'. Sending is {session.permission.reason}."
        )
    return told


def _remove_copies(session: CommunityContext) -> None:
    """Remove the copies of the profile that were set aside: they hold the same data."""
    for copy in session.layout.profile.parent.glob("profile.json.*.corrupt"):
        session.documents.remove(copy)
