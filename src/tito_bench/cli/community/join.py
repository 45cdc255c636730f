"""`tito-bench community join`: become one of a cohort. Nothing leaves the machine by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tito_bench.cli.community.questions import (
    add_field_flags,
    add_share_flag,
    answers,
    with_answers,
)
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.community.profile import Profile
    from tito_bench.records.schema import Document

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "join",
        help="join your cohort; every field is optional",
        description="Write a profile with a random id into .tinytorch/community/profile.json. "
        "Every field is optional, nothing is detected, nothing leaves this machine.",
    )
    add_field_flags(parser, clearable=False)
    parser.add_argument("--yes", action="store_true", help="ask nothing; skip what no flag gives")
    add_share_flag(parser)
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Ask, write the profile, show it."""
    from tito_bench.cli.community.community_context import open_session
    from tito_bench.website.sharing import share

    session = open_session(options, streams)
    session.check_local()
    if session.profile() is not None:
        return _already(session, options.share)
    if session.asks:
        session.say("Every question is optional: Enter skips it.")
    found = answers(options, session, None, ask=session.asks)
    profile = _new_profile(session, found)
    document = _write(session, profile)
    if document.value.anonymous_id != profile.anonymous_id:
        return _already(session, options.share)
    _welcome(session, document)
    share(session.sharing(), ("profile",), options.share)
    session.say(f"Next: {_next(session)}")
    session.finish(
        {
            "status": "joined",
            "path": session.layout.shown(session.layout.profile),
            "profile": document.stored,
            "sending": session.permission.reason,
        }
    )
    return Exit.OK


def _new_profile(session: CommunityContext, found: dict[str, str | None]) -> Profile:
    import uuid

    from tito_bench.cli.community.progress import refreshed_progress
    from tito_bench.community.cohort import cohort_of
    from tito_bench.community.profile import Profile, Progress
    from tito_bench.records.store import utc_text

    now = session.streams.now()
    progress = refreshed_progress(session, Progress())
    profile = Profile(
        anonymous_id=str(uuid.uuid4()),
        joined_at=utc_text(now),
        progress=progress,
    )
    return with_answers(profile, {"cohort": cohort_of(now.date()), **found})


def _write(session: CommunityContext, profile: Profile) -> Document[Profile]:
    """Write it unless another process was quicker; what is there now."""
    from tito_bench.community.profile import PROFILE
    from tito_bench.records.project_config import CONFIG, Config
    from tito_bench.records.schema import encode

    # Course repositories get published; the profile must not go with them unseen, so what keeps
    # it back is there first, also where this is killed in between.
    _write_missing(session, session.layout.profile.with_name(".gitignore"), b"*\n")
    _write_missing(session, session.layout.config, encode(CONFIG, Config()))
    document = session.documents.update(
        PROFILE, session.layout.profile, lambda there: there if there is not None else profile
    )
    if document is None:
        raise AssertionError("an update that returns a value leaves a file")
    return document


def _write_missing(session: CommunityContext, path: Path, data: bytes) -> None:
    """Write a file that is wanted but not there; one that is there is left as it is."""
    from tito_bench.records.store import FileExists, write_new

    try:
        write_new(path, data, session.documents.disk)
    except FileExists:
        return


def _welcome(session: CommunityContext, document: Document[Profile]) -> None:
    from tito_bench.community.profile import PROFILE
    from tito_bench.records.schema import encode
    from tito_bench.safe_text import safe_text

    profile = document.value
    pretty = session.streams.symbol("👋 ", "")
    cohort = safe_text(profile.context.cohort or "")
    home = f", from {safe_text(profile.location.country)}" if profile.location.country else ""
    flag = _flag(session, profile.location.country)
    session.say(
        f"{pretty}Welcome to TinyTorch's {cohort} cohort{home}{flag}!",
        "",
        f"This is all that was stored, in {session.layout.shown(session.layout.profile)}:",
    )
    session.show_exactly(encode(PROFILE, profile, document.stored))


def _flag(session: CommunityContext, country: str | None) -> str:
    if country is None or not session.streams.unicode:
        return ""
    from tito_bench.community.country import flag_of

    return f" {flag_of(country)}"


def _next(session: CommunityContext) -> str:
    """Return the step that the newest record leads to; a first record where there is none."""
    from tito_bench.records.read import load_record, read_history
    from tito_bench.report.outlook import next_step
    from tito_bench.report.wording import next_words
    from tito_bench.safe_text import safe_text

    folder, now = session.layout.benchmarks, session.streams.now()
    entries = read_history(folder, now).entries
    step = next_step(load_record(folder / entries[-1].file, now).record) if entries else None
    return safe_text(step or next_words("baseline"))


def _already(session: CommunityContext, agreed: bool) -> int:
    """Say so; who joined before the course was connected shares with the same words as others."""
    from tito_bench.website.sharing import share

    stored = session.joined_profile().stored
    shown = session.layout.shown(session.layout.profile)
    session.say(
        f"You have joined already ({shown}); nothing was changed.",
        "See it: tito-bench community profile. Change it: tito-bench community update",
    )
    if agreed:
        share(session.sharing(), ("profile",), agreed)
    session.finish({"status": "already_joined", "path": shown, "profile": stored})
    return Exit.OK
