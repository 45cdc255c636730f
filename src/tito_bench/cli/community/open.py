"""`tito-bench community open`: the pages of the community, as a member."""

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
        "open",
        help="open your community's pages in a browser",
        description="Have the community server make a link that opens its pages as you, once and "
        "within minutes, and open it in a browser.",
    )
    parser.add_argument(
        "--print",
        dest="only_print",
        action="store_true",
        help="write the link instead; who has it first is you, for twelve hours",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be sent")
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Ask for a link, open it."""
    from tito_bench.cli.community.browser import opened
    from tito_bench.cli.community.community_context import open_session
    from tito_bench.safe_text import safe_text
    from tito_bench.website.community_api import LINKS

    session = open_session(options, streams)
    api = session.community_api()
    if options.dry_run:
        session.say(
            f"POST {safe_text(api.address.url)}{LINKS}",
            "    with your member key, and without a body",
            "Dry run: nothing was sent.",
        )
        session.finish({"status": "dry_run", "url": None, "expires_s": None, "opened": False})
        return Exit.OK
    link = api.new_link()
    done = not options.only_print and not streams.json and opened(link.url)
    if done:
        session.say(f"Opened {safe_text(link.url.partition('#')[0])}")
    elif not streams.json:
        session.say(
            f"This link opens your pages once, within {link.expires_s // 60} minutes; "
            "give it to nobody:",
            safe_text(link.url, 1000),
        )
    session.finish({"status": "made", "url": link.url, "expires_s": link.expires_s, "opened": done})
    return Exit.OK
