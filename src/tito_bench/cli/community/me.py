"""`tito-bench community me`: all that the community server holds about oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    import argparse

    from tito_bench.cli.streams import Streams

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "me",
        help="show all that the community server holds about you",
        description="Fetch and show all that the community server holds about you. Your own files "
        "are shown by 'profile'; 'leave' has all of it erased.",
    )
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Fetch it, show it."""
    from tito_bench.cli.community.community_context import open_session
    from tito_bench.records.schema import record_bytes
    from tito_bench.safe_text import safe_text

    session = open_session(options, streams)
    api = session.community_api()
    document = api.me()
    if not streams.json:
        session.say(f"{safe_text(api.address.url)} holds about you:")
        session.show_exactly(record_bytes(document))
        session.say("Have all of it erased: tito-bench community leave")
    session.finish({"address": api.address.url, "me": document})
    return Exit.OK
