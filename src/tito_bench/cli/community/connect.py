"""`tito-bench community connect`: say which course's community this project belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    import argparse

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.records.project_config import Config
    from tito_bench.website.community_api import About

__all__ = ["add_parser", "course_address", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "connect",
        help="connect this project to the community of your course",
        description="Ask the community server which course it is and who is responsible, show "
        "that, and write its address into .tinytorch/config.json. Nothing of you is sent by it.",
    )
    parser.add_argument(
        "address", metavar="ADDRESS", help="the address of your course, from your instructor"
    )
    parser.add_argument(
        "code", metavar="CODE", nargs="?", help="the course's code, where ADDRESS is without it"
    )
    parser.add_argument(
        "--manual",
        action="store_true",
        help="send what you agree to only when you say 'sync', not at once",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show the course and the settings; write nothing"
    )
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Ask the server, show what it says, write the settings."""
    from msgspec.structs import replace

    from tito_bench.cli.community.community_context import NotConnected, open_session
    from tito_bench.records.project_config import CONFIG, Config
    from tito_bench.website.community_api import CommunityApi
    from tito_bench.website.network_policy import permission

    session = open_session(options, streams)
    session.check_local()
    url = course_address(options.address, options.code)

    def connected(old: Config | None) -> Config:
        config = old if old is not None else Config()
        website = replace(
            config.website,
            enabled=True,
            api_url=url,
            base_url=url,
            community_map_url=f"{url}/map",
        )
        at_once = config.local.auto_sync if config.website.api_url else True
        local = replace(config.local, auto_sync=at_once and not options.manual)
        return replace(config, website=website, local=local)

    config = connected(session.config)
    allowed = permission(config, streams.environ)
    if not allowed.allowed or allowed.address is None:
        raise NotConnected(f"not connected: the website is {allowed.reason}")
    _check_membership(session, allowed.address.origin)
    about = CommunityApi(allowed.address).about()
    _show(session, url, about)
    if options.dry_run:
        session.say("", "Dry run: nothing was written.", *_settings(config))
    else:
        session.documents.update(CONFIG, session.layout.config, connected)
        shown = session.layout.shown(session.layout.config)
        session.say("", f"Connected; written to {shown}:", *_settings(config))
        session.say("Nothing of you was sent. What may be sent is shown to you and asked first.")
        session.say(f"Next: {_next(session)}")
    session.finish(_document(options.dry_run, url, config, about))
    return Exit.OK


def course_address(text: str, code: str | None) -> str:
    """Read a course's address off what people copy: with its code, or apart from it, or a page.

    Raises `UsageError`.
    """
    import re

    from tito_bench.errors import UsageError
    from tito_bench.safe_text import safe_text
    from tito_bench.website.network_policy import parse_address

    bare = re.split(r"[?#]", text.strip(), maxsplit=1)[0].rstrip("/")
    course = re.match(r"(.*/c/[^/]+)(/.*)?$", bare)
    if code is not None:
        if course is not None:
            raise UsageError("the address has a code already; leave the second one away")
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", code):
            raise UsageError(
                f"{safe_text(code, 60)!r} is no code of a course; it is like AB12-CD34"
            )
        return parse_address(f"{bare}/c/{code}", named="the address ").url
    return parse_address(course[1] if course else bare, named="the address ").url


def _check_membership(session: CommunityContext, origin: str) -> None:
    """Raise `NotConnected` where another server knows this person: it would be forgotten here
    that it has to be told on leaving."""
    from tito_bench.cli.community.community_context import NotConnected
    from tito_bench.safe_text import safe_text
    from tito_bench.website.network_policy import parse_address
    from tito_bench.website.sharing import known_at, queued_items

    leaving = {
        one.item.api_url for one in queued_items(session.sharing()) if one.item.action == "leave"
    }
    for url in sorted(leaving):
        if parse_address(url).origin != origin:
            session.say(
                f"A request to forget you waits for {safe_text(url)}; it can go when this project "
                "is connected there"
            )
    known = known_at(session.sharing())
    if known is not None and known not in leaving and parse_address(known).origin != origin:
        raise NotConnected(
            f"{safe_text(known)} knows you: first run 'tito-bench community leave', which has you "
            "forgotten there, then connect and join again"
        )


def _show(session: CommunityContext, url: str, about: About) -> None:
    from tito_bench.safe_text import safe_text

    responsible = about.operator or "the operator has not said yet"
    if about.operator and about.contact:
        responsible += f", {about.contact}"
    session.say("", f"{safe_text(about.course)}, at {safe_text(url)}")
    session.say(f"  who is responsible: {safe_text(responsible)}")
    session.say(f"  privacy: {safe_text(about.privacy_url)}")
    if about.privacy_note:
        session.say(f"  {safe_text(about.privacy_note, 1000)}")
    if about.minimum_age > 0:
        session.say(f"  you should be {about.minimum_age} or older to join")
    seen_by = "everybody" if about.public_map else "members"
    session.say(
        f"  shown to {seen_by}: a map by country; no group of fewer than "
        f"{about.smallest_group} people"
    )
    if not about.takes_members:
        session.say("  it takes no new members at the moment")


def _settings(config: Config) -> tuple[str, ...]:
    when = "at once" if config.local.auto_sync else "when you run: tito-bench community sync"
    return (
        f"  website.api_url {config.website.api_url}, website.enabled true",
        f"  local.auto_sync {str(config.local.auto_sync).lower()}: what you agreed to goes {when}",
    )


def _next(session: CommunityContext) -> str:
    if session.profile() is None:
        return "tito-bench community join --share"
    return "tito-bench community sync, which shows your profile and asks before sending it"


def _document(dry_run: bool, url: str, config: Config, about: About) -> dict[str, Any]:
    return {
        "status": "dry_run" if dry_run else "connected",
        "address": url,
        "about": about,
        "website": config.website,
        "auto_sync": config.local.auto_sync,
    }
