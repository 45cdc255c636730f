"""`tito-bench community roster | groups | mentors | inbox | block | blocks | unblock | report`.

A verb is a line of a table: its words, its options, and the request that they make.
What a request says of the student is shown byte by byte and asked about each time.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams

__all__ = ["add_parsers"]

Given = argparse.Namespace
_REASONS = ("spam", "unkind", "personal data", "other")


class _Verb(NamedTuple):
    """One verb; `body` makes of the options what is sent, and None sends nothing."""

    words: str
    help: str
    options: tuple[str, ...] = ()
    method: str = "GET"
    path: str = ""
    body: Callable[[Given], Mapping[str, Any]] | None = None


def _utc(text: str) -> int:
    try:
        hours = int(text)
    except ValueError:
        hours = 99
    if not -12 <= hours <= 14:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of hours from -12 to 14")
    return hours


def _here() -> int:
    """Return the clock's offset from UTC on this machine, in whole hours."""
    return round(time.localtime().tm_gmtoff / 3600)


def _module(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 20):
        raise argparse.ArgumentTypeError(f"{text!r} is not a module from 1 to 20")
    return int(text)


def _modules(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    span = _module(low), _module(high or low)
    if span[0] > span[1]:
        raise argparse.ArgumentTypeError(f"{text!r}: the first module comes after the last")
    return span


_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "handle": (
        "handle",
        {"metavar": "HANDLE", "help": "the name that you choose, or that is meant"},
    ),
    "id": ("id", {"metavar": "ID", "help": "the word by which it is known"}),
    "country": ("--country", {"action": "store_true", "help": "show your country on the card"}),
    "ladder": (
        "--ladder",
        {"action": "store_true", "help": "also be on the ladder of progress, where there is one"},
    ),
    "modules": (
        "--modules",
        {"type": _modules, "metavar": "5-8", "required": True, "help": "which"},
    ),
    "wish": (
        "--modules",
        {"type": _modules, "metavar": "5-8", "help": "which (default: your next)"},
    ),
    "module": (
        "--module",
        {"type": _module, "metavar": "N", "required": True, "help": "where you are"},
    ),
    "language": (
        "--language",
        {"default": "en", "metavar": "CODE", "help": "such as en, de, sw (default: en)"},
    ),
    "languages": (
        "--language",
        {"action": "append", "metavar": "CODE", "help": "may be given several times (default: en)"},
    ),
    "utc": (
        "--utc",
        {"type": _utc, "metavar": "HOURS", "help": "offset from UTC (default: this machine's)"},
    ),
    "group-places": (
        "--places",
        {"type": int, "choices": range(3, 7), "default": 4, "help": "yours included (default: 4)"},
    ),
    "places": (
        "--places",
        {
            "type": int,
            "choices": range(1, 4),
            "default": 1,
            "help": "how many at a time (default: 1)",
        },
    ),
    "pace": (
        "--pace",
        {"choices": ("relaxed", "steady", "fast"), "default": "steady", "help": "how fast"},
    ),
    "about": (
        "--about",
        {"default": "", "metavar": "TEXT", "help": "shown once a moderator kept it"},
    ),
    "contact": (
        "--contact",
        {
            "required": True,
            "metavar": "TEXT",
            "help": "shown to those you accept and nobody else; best an invite link of a chat that "
            "you can revoke",
        },
    ),
    "no": ("--no", {"action": "store_true", "help": "say no; a contact is not needed then"}),
    "maybe-contact": ("--contact", {"metavar": "TEXT", "help": "for this match alone"}),
    "kind": ("kind", {"choices": ("card", "group", "seat", "match"), "help": "what it is"}),
    "ref": ("ref", {"metavar": "NAME", "help": "handle of a card or seat, ID of a group or match"}),
    "group": ("--group", {"metavar": "ID", "help": "of a seat: in which group"}),
    "reason": ("--reason", {"choices": _REASONS, "required": True, "help": "why"}),
}


def _place(given: Given) -> dict[str, Any]:
    return {"language": given.language, "utc_hours": _here() if given.utc is None else given.utc}


def _span(given: Given) -> dict[str, Any]:
    low, high = given.modules
    return {"from_module": low, "to_module": high}


def _wish(given: Given) -> dict[str, Any]:
    return (_span(given) if given.modules else {}) | _place(given)


def _offered(given: Given, *, paused: bool = False) -> dict[str, Any]:
    found = _place(given) | {"places": given.places, "paused": paused}
    return found | {"languages": found.pop("language") or ["en"]}


def _answered(given: Given) -> dict[str, Any]:
    return {"accept": not given.no} | ({} if given.no else {"contact": given.contact})


def _meant(given: Given) -> dict[str, Any]:
    group = {} if given.group is None else {"group": given.group}
    return {"kind": given.kind, "ref": given.ref} | group


def _nothing(_given: Given) -> dict[str, Any]:
    return {}


_GROUPS = "groups/{id}"
_VERBS: dict[str, tuple[str, tuple[_Verb, ...]]] = {
    "roster": (
        "see who learns in your course, if you are on the roster yourself",
        (
            _Verb("show", "show the roster; also without a verb", path="roster"),
            _Verb(
                "join",
                "put a card of yours on the roster, or change it",
                ("handle", "country", "ladder"),
                "PUT",
                "roster",
                lambda g: {
                    "handle": g.handle,
                    "show_country": g.country,
                    "on_ladder": g.ladder,
                },
            ),
            _Verb(
                "ladder", "show those of similar progress, if you are on the ladder", path="ladder"
            ),
            _Verb("leave", "take your card back", (), "DELETE", "roster"),
        ),
    ),
    "groups": (
        "find a study group, or make one",
        (
            _Verb("list", "list your groups and those with free places", path="groups"),
            _Verb(
                "find", "list them by how well they fit", ("wish", "language", "utc"), path="groups"
            ),
            _Verb("show", "show a group; its contact, if you are in it", ("id",), path=_GROUPS),
            _Verb(
                "new",
                "make a group",
                ("modules", "language", "utc", "group-places", "pace", "about", "contact"),
                "POST",
                "groups",
                lambda g: (
                    _span(g)
                    | _place(g)
                    | {"places": g.places, "pace": g.pace, "about": g.about, "contact": g.contact}
                ),
            ),
            _Verb(
                "ask",
                "ask to join a group",
                ("id", "language", "utc"),
                "POST",
                f"{_GROUPS}/ask",
                _place,
            ),
            _Verb(
                "answer",
                "let one in who asks to join your group, or not",
                ("id", "handle", "no"),
                "POST",
                f"{_GROUPS}/answer",
                lambda g: {"handle": g.handle, "accept": not g.no},
            ),
            _Verb("leave", "leave a group", ("id",), "POST", f"{_GROUPS}/leave", _nothing),
            _Verb(
                "close", "end a group that you made", ("id",), "POST", f"{_GROUPS}/close", _nothing
            ),
        ),
    ),
    "mentors": (
        "find someone who is further on, or be one for others",
        (
            _Verb("show", "show your request, your offer and your matches", path="matches"),
            _Verb(
                "find",
                "ask for a mentor",
                ("module", "language", "utc"),
                "POST",
                "mentor/requests",
                lambda g: {"module": g.module} | _place(g),
            ),
            _Verb("cancel", "ask no more", (), "DELETE", "mentor/requests"),
            _Verb(
                "offer", "be a mentor", ("languages", "utc", "places"), "PUT", "mentor", _offered
            ),
            _Verb(
                "pause",
                "take no further learners for now; those you have stay",
                ("languages", "utc", "places"),
                "PUT",
                "mentor",
                lambda g: _offered(g, paused=True),
            ),
            _Verb("stop", "be no mentor any more; your matches end", (), "DELETE", "mentor"),
            _Verb(
                "answer",
                "say yes to a match with a contact for it, or no; a no also ends one",
                ("id", "maybe-contact", "no"),
                "POST",
                "matches/{id}/answer",
                _answered,
            ),
        ),
    ),
    "block": (
        "be gone for each other, at once; the other is not told",
        (_Verb("", "", ("kind", "ref", "group"), "POST", "blocks", _meant),),
    ),
    "blocks": (
        "show whom you have blocked",
        (_Verb("", "", path="blocks"),),
    ),
    "unblock": (
        "take a block back; what it ended stays ended",
        (_Verb("", "", ("id",), "DELETE", "blocks/{id}"),),
    ),
    "report": (
        "report a card, a group or a match; it is hidden from you at once",
        (
            _Verb(
                "",
                "",
                ("kind", "ref", "group", "reason"),
                "POST",
                "reports",
                lambda g: _meant(g) | {"reason": g.reason},
            ),
        ),
    ),
}
_ALSO = {"groups": ["group"], "mentors": ["mentor"]}


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verbs."""
    for name, (summary, verbs) in _VERBS.items():
        parser = subparsers.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.",
            aliases=_ALSO.get(name, []),
        )  # fmt: skip
        if not verbs[0].words:
            _fill(parser, name, verbs[0])
            continue
        add_common_options(parser)
        parser.set_defaults(run=run, what=name, verb=verbs[0])
        inner = parser.add_subparsers(title="verbs", metavar="VERB")
        for verb in verbs:
            text = f"{verb.help[0].upper()}{verb.help[1:]}."
            _fill(inner.add_parser(verb.words, help=verb.help, description=text), name, verb)
    inbox = subparsers.add_parser(
        "inbox",
        help="show what happened to your groups and matches",
        description="Show what happened to your groups and matches in the last 30 days.",
    )
    inbox.add_argument(
        "--watch", action="store_true", help="stay, and say what is new; Ctrl-C ends"
    )
    add_common_options(inbox)
    inbox.set_defaults(run=_inbox)


def _fill(parser: argparse.ArgumentParser, name: str, verb: _Verb) -> None:
    for option in verb.options:
        flag, more = _OPTIONS[option]
        parser.add_argument(flag, **more)
    if verb.method != "GET":
        parser.add_argument("--yes", action="store_true", help="send without asking")
        parser.add_argument("--dry-run", action="store_true", help="show what would be sent")
    add_common_options(parser)
    parser.set_defaults(run=run, what=name, verb=verb)


def run(options: Given, streams: Streams) -> int:
    """Ask or tell the community server what the verb says."""
    from urllib.parse import quote, urlencode

    from tito_bench.cli.community.community_context import open_session
    from tito_bench.cli.community.peers_shown import show
    from tito_bench.errors import UsageError

    verb: _Verb = options.verb
    if getattr(options, "contact", "") is None and not options.no:
        raise UsageError("--contact: a yes needs one; or say --no")
    session = open_session(options, streams)
    api = session.community_api()
    path = verb.path.format(id=quote(getattr(options, "id", ""), safe=""))
    if verb.method == "GET":
        if "wish" in verb.options:
            path += f"?{urlencode(_wish(options))}"
        found = api.peers(path)
        if not streams.json:
            show(session, verb.path, found)
        session.finish({"address": api.address.url, verb.path.partition("/")[0]: found})
        return Exit.OK
    body = None if verb.body is None else verb.body(options)
    if not _agreed(session, api.address.url, verb, path, body, options):
        return Exit.OK
    done = api.act(verb.method, path, body)
    session.say(_done(options.what, verb, done))
    session.finish({"address": api.address.url, "status": "done", **done})
    return Exit.OK


def _agreed(
    session: CommunityContext,
    address: str,
    verb: _Verb,
    path: str,
    body: Mapping[str, Any] | None,
    options: Given,
) -> bool:
    """Show the exact bytes, and ask."""
    from tito_bench.safe_text import safe_text
    from tito_bench.website.community_api import peer_bytes

    url = safe_text(f"{address}/api/community/{path}", 400)
    session.say(f"{verb.method} {url}", "    with your member key" + (", and:" if body else ""))
    if body:
        session.show_exactly(peer_bytes(body))
    if options.dry_run:
        session.say("Dry run: nothing was sent.")
        session.finish({"address": address, "status": "dry_run"})
        return False
    if not options.yes and not session.streams.confirm("Send this?", flag="--yes"):
        session.say("Nothing was sent.")
        session.finish({"address": address, "status": "kept"})
        return False
    return True


def _done(what: str, verb: _Verb, done: Mapping[str, Any]) -> str:
    """Say what holds now, and what can be done next."""
    from tito_bench.safe_text import safe_text

    name = safe_text(str(done.get("id", "")), 40)
    words = {
        ("roster", "join"): "You are on the roster: tito-bench community roster",
        ("roster", "leave"): "Your card is gone, and you see no others.",
        ("groups", "new"): f"Your group is {name}. Who asks to join: tito-bench community inbox",
        ("groups", "ask"): "You have asked. The answer: tito-bench community inbox",
        ("groups", "answer"): f"Answered: tito-bench community groups show {name}",
        ("groups", "leave"): "You have left the group.",
        ("groups", "close"): "The group is closed, its contact erased.",
        ("mentors", "find"): "You have asked. Whom you meet: tito-bench community mentors",
        ("mentors", "answer"): "Answered: tito-bench community mentors",
        ("block", ""): "Blocked: you are gone for each other.",
        ("unblock", ""): "You can meet each other again; what the block ended stays ended.",
        ("report", ""): "Reported: it is hidden from you, and somebody will look at it.",
    }
    return words.get((what, verb.words), "Done.")


def _inbox(options: Given, streams: Streams) -> int:
    from tito_bench.cli.community.community_context import open_session
    from tito_bench.cli.community.peers_shown import show

    session = open_session(options, streams)
    api = session.community_api()
    found = api.peers("inbox?after=0")
    if not streams.json:
        show(session, "inbox", found)
    session.finish({"address": api.address.url, "inbox": found})
    if not options.watch:
        return Exit.OK
    session.say("Watching; Ctrl-C ends.")
    streams.people.flush()
    last = found.get("last", 0)
    for _ in api.changes():
        found = api.peers(f"inbox?after={last}")
        if found.get("events"):
            show(session, "inbox", found)
            streams.people.flush()
        last = found.get("last", last)
    return Exit.OK
