"""`tito-bench community profile`: all that is stored, and what of it may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    import argparse

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.community.profile import Profile

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "profile",
        help="show your profile and what may be sent",
        description="Show the whole profile, and whether anything of it may leave this machine.",
    )
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Show it."""
    from tito_bench.cli.community.community_context import open_session

    session = open_session(options, streams)
    document = session.joined_profile()
    sending = _sending(session)
    if not streams.json:
        session.table(("field", "value"), _rows(session, document.value), "Your profile")
        session.say(f"Sending is {sending['state']}.")
        for kind in ("profile", "benchmarks"):
            session.say(f"  consent for {kind}: {sending['consent'][kind]}")
        session.say(f"  waiting in the outbox: {sending['waiting']}")
        if sending["refused"]:
            session.say(
                f"  refused by the website and kept: {sending['refused']}; "
                "see: tito-bench community sync"
            )
        if sending["problem"]:
            session.say(f"  no consent: {sending['problem']}")
    session.finish({"profile": document.stored, "sending": sending})
    return Exit.OK


def _rows(session: CommunityContext, profile: Profile) -> list[tuple[str, str]]:
    from tito_bench.community.country import flag_of

    country = profile.location.country
    flag = f" {flag_of(country)}" if country and session.streams.unicode else ""
    progress = profile.progress
    score = progress.capstone_score
    return [
        ("Anonymous id", profile.anonymous_id or "none yet; update makes one"),
        ("Joined", profile.joined_at or "-"),
        ("Cohort", profile.context.cohort or "-"),
        ("Country", f"{country}{flag}" if country else "-"),
        ("Institution", profile.institution.name or "-"),
        ("Course type", profile.context.course_type or "-"),
        ("Experience", profile.context.experience_level or "-"),
        ("Setup verified", "yes" if progress.setup_verified else "not yet"),
        ("Modules completed", str(progress.modules_completed)),
        ("Milestones passed", str(progress.milestones_passed)),
        ("Capstone score", "not yet" if score is None else f"{score:.0f}/100"),
    ]


def _sending(session: CommunityContext) -> dict[str, Any]:
    """Return the effective state: the settings, the environment, and what was agreed to."""
    from tito_bench.community.consent import answer_for, effective_consent
    from tito_bench.errors import StoreError
    from tito_bench.website.sharing import queued_items

    consent, problem = effective_consent(session.documents, session.layout.consent, session.place())
    address = session.permission.address
    try:
        items = queued_items(session.sharing())
    except StoreError as error:  # without a home nobody knows whose they are
        items, problem = [], problem or str(error)

    def shown(kind: Any) -> str:
        url = session.config.website.api_url
        answer = answer_for(consent, kind, address.url) if url and address else None
        if answer is None:
            return "not asked"
        return f"{'yes' if answer.granted else 'no'}, {answer.answered_at}"

    return {
        "allowed": session.permission.allowed,
        "state": session.permission.reason,
        "consent": {"profile": shown("profile"), "benchmarks": shown("benchmarks")},
        "waiting": sum(one.item.refused is None for one in items),
        "refused": sum(one.item.refused is not None for one in items),
        "problem": problem,
    }
