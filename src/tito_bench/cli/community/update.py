"""`tito-bench community update`: change fields, and bring the progress up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tito_bench.cli.community.questions import (
    FIELDS,
    add_field_flags,
    add_share_flag,
    answers,
    with_answers,
)
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.community.profile import Profile
    from tito_bench.community.progress import Course

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "update",
        help="change your profile; refresh your progress",
        description="Change fields of your profile ('-' clears one) and refresh the progress from "
        "the course's files and your benchmark records.",
    )
    add_field_flags(parser, clearable=True)
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    add_share_flag(parser)
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Ask or read the flags, write, show what changed."""
    from tito_bench.cli.community.community_context import NotJoined, open_session
    from tito_bench.cli.community.progress import course_of
    from tito_bench.community.profile import PROFILE
    from tito_bench.website.sharing import offer, sync_if_enabled

    session = open_session(options, streams)
    session.check_local()
    before = session.joined_profile()
    flags = any(getattr(options, field.name) is not None for field in FIELDS) or options.cohort
    found = answers(options, session, before.value, ask=session.asks and not flags)
    course: Course = course_of(session)

    def change(current: Profile | None) -> Profile:
        if current is None:
            raise NotJoined("the profile was removed meanwhile; run: tito-bench community join")
        return _changed(current, found, course)

    after = session.documents.update(PROFILE, session.layout.profile, change)
    if after is None:
        raise AssertionError("an update never removes")
    changes = _changes(_flat(before.stored), _flat(after.stored))
    _show(session, changes)
    offer(session.sharing(), ("profile",), options.share)
    sync_if_enabled(session.sharing())
    session.finish({"changed": changes, "profile": after.stored})
    return Exit.OK


def _changed(current: Profile, found: dict[str, str | None], course: Any) -> Profile:
    import uuid

    from msgspec.structs import replace

    from tito_bench.community.progress import refreshed

    return replace(
        with_answers(current, found),
        # Files of the course may have none.
        anonymous_id=current.anonymous_id or str(uuid.uuid4()),
        progress=refreshed(current.progress, course),
    )


def _flat(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Turn `{"location": {"country": 1}}` into `{"location.country": 1}`."""
    flat: dict[str, Any] = {}
    for name, item in stored.items():
        if isinstance(item, dict):
            flat |= {f"{name}.{inner}": value for inner, value in item.items()}
        else:
            flat[name] = item
    return flat


def _changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, Any]]:
    names = [name for name in after if after[name] != before.get(name)]
    names = [name for name in names if name != "schema"]
    return {name: {"before": before.get(name), "after": after[name]} for name in names}


def _show(session: CommunityContext, changes: dict[str, dict[str, Any]]) -> None:
    if not changes:
        session.say("Nothing has changed.")
        return
    rows = [(name, _text(pair["before"]), _text(pair["after"])) for name, pair in changes.items()]
    session.table(("what", "before", "now"), rows, "What changed")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    return "-" if value is None else str(value)
