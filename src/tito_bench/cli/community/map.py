"""`tito-bench community map`: where the members of the community are, by country."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    import argparse

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.website.community_api import CommunityMap

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "map",
        help="show where the members of your course are, by country",
        description="Fetch the course's newest table of countries, in which no group is small "
        "enough to point at a person, and list it. Nothing but the question is sent.",
    )
    parser.add_argument("--cohort", metavar="NAME", help="of one cohort (default: all)")
    parser.add_argument(
        "--open", action="store_true", help="open the page of the map in a browser instead"
    )
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Fetch and list it, or open the page."""
    from tito_bench.cli.community.community_context import open_session

    session = open_session(options, streams)
    if options.open:
        return _open(session)
    api = session.community_api()
    found, document = api.community_map(options.cohort)
    if not session.streams.json:
        _list(session, found)
    session.finish({"address": api.address.url, "map": document})
    return Exit.OK


def _list(session: CommunityContext, found: CommunityMap) -> None:
    from tito_bench.cli.community.released import head
    from tito_bench.community.country import UnknownCountry, flag_of, resolve_country

    def shown(country: str) -> str:
        try:
            flag = flag_of(resolve_country(country)) if session.streams.unicode else ""
        except UnknownCountry:
            flag = ""
        return f"{country} {flag}".rstrip()

    rows = [(shown(one.country), f"{one.at_least}+") for one in found.countries]
    if found.not_given_at_least:
        rows.append(("not given", f"{found.not_given_at_least}+"))
    if found.other_at_least:
        rows.append(("other countries", f"{found.other_at_least}+"))
    session.say(head(found))
    if rows:
        session.table(("country", "people"), rows, "Where we are")
    session.say("The page: tito-bench community map --open")


def _open(session: CommunityContext) -> int:
    """Open the page that the settings name."""
    from tito_bench.cli.community.browser import opened
    from tito_bench.website.network_policy import page_address

    url = page_address(session.config.website)
    done = not session.streams.json and opened(url)
    session.say(f"Opened {url}" if done else f"The map: {url}")
    session.finish({"url": url, "opened": done})
    return Exit.OK
