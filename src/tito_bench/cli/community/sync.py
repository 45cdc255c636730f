"""`tito-bench community sync`: send what was agreed to, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tito_bench.cli.community.questions import add_share_flag
from tito_bench.cli.exits import Exit
from tito_bench.cli.options import Subparsers, add_common_options

if TYPE_CHECKING:
    import argparse

    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.cli.streams import Streams
    from tito_bench.website.outbox import Queued
    from tito_bench.website.sender import Delivery

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = subparsers.add_parser(
        "sync",
        help="send what you agreed to send",
        description="Send what waits in .tinytorch/outbox/. Off unless the website is enabled in "
        ".tinytorch/config.json; asks for each kind of data, after showing the exact bytes.",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--dry-run", action="store_true", help="show what would be sent, exactly")
    instead.add_argument(
        "--withdraw",
        choices=("profile", "benchmarks", "all"),
        help="take back your consent and what waits",
    )
    instead.add_argument(
        "--retry", action="store_true", help="offer again what the website refused"
    )
    instead.add_argument("--discard", action="store_true", help="drop what the website refused")
    add_share_flag(parser)
    add_common_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, streams: Streams) -> int:
    """Ask where needed, send, say what became of it."""
    from tito_bench.cli.community.community_context import open_session
    from tito_bench.website.sharing import (
        offer,
        parked_items,
        queued_items,
        report_delivery,
        report_parked,
        retry_parked,
        send_waiting,
    )

    session = open_session(options, streams)
    if options.withdraw:
        return _withdraw(options.withdraw, session)
    if options.dry_run:
        return _dry_run(session)
    if options.discard:
        return _discard(session)
    sharing = session.sharing()
    if options.retry:
        again = retry_parked(sharing)
        session.say(f"Offered again: {', '.join(one.path.name for one in again) or 'nothing'}")
    before = parked_items(sharing)
    if not session.permission.allowed:
        waiting = [one for one in queued_items(sharing) if one.item.refused is None]
        session.say(f"Nothing was sent: sending is {session.permission.reason}.")
        session.say(f"Waiting in the outbox: {len(waiting)}")
        report_parked(sharing, before)
        session.finish(_document(session, waiting, before))
        return Exit.OK
    offer(sharing, ("profile", "benchmarks"), options.share)
    delivery = send_waiting(sharing)
    report_delivery(sharing, delivery)
    if not (delivery.sent or delivery.refused or delivery.held or delivery.waiting):
        session.say("Nothing waits to be sent.")
    report_parked(sharing, before)
    session.finish(_delivered(session, delivery, parked_items(sharing)))
    return Exit.FAILED if delivery.stopped_by or delivery.refused else Exit.OK


def _dry_run(session: CommunityContext) -> int:
    """Show every request that a sync would make, were it agreed to: byte for byte."""
    from tito_bench.website.sender import PATHS
    from tito_bench.website.sharing import parked_items, queued_items, undelivered

    waiting = [one for one in queued_items(session.sharing()) if one.item.refused is None]
    for queued in waiting:
        session.say("", f"POST {PATHS[queued.item.action]}  ({queued.path.name})")
        session.show_exactly(queued.item.body)
    url = session.permission.address.url if session.permission.address else ""
    new = undelivered(session.sharing(), url)
    for draft in new:
        session.say("", f"POST {PATHS[draft.action]}  (not agreed to or not queued yet)")
        session.show_exactly(draft.body)
    session.say("", f"Dry run: nothing was sent. Sending is {session.permission.reason}.")
    document = _document(session, waiting, parked_items(session.sharing()))
    document["new"] = [{"action": one.action, "body": one.body.decode()} for one in new]
    session.finish(document)
    return Exit.OK


def _withdraw(kind: str, session: CommunityContext) -> int:
    from tito_bench.website.sharing import withdraw

    kinds = ("profile", "benchmarks") if kind == "all" else (kind,)
    removed = withdraw(session.sharing(), kinds)
    session.say(f"Consent withdrawn: {', '.join(kinds)}. Removed from the outbox: {len(removed)}")
    session.finish({"withdrawn": list(kinds), "removed": [one.path.name for one in removed]})
    return Exit.OK


def _discard(session: CommunityContext) -> int:
    from tito_bench.website.sharing import discard_parked

    dropped = discard_parked(session.sharing())
    session.say(f"Dropped: {', '.join(one.path.name for one in dropped) or 'nothing'}")
    session.finish({"discarded": [_shown(one) for one in dropped]})
    return Exit.OK


def _delivered(
    session: CommunityContext, delivery: Delivery, parked: list[Queued]
) -> dict[str, Any]:
    document = _document(session, [*delivery.waiting, *delivery.held], parked)
    document["sent"] = [_shown(one) for one in delivery.sent]
    document["refused"] = [{**_shown(one), "reason": why} for one, why in delivery.refused]
    document["stopped_by"] = delivery.stopped_by
    return document


def _document(
    session: CommunityContext, waiting: list[Queued], parked: list[Queued]
) -> dict[str, Any]:
    return {
        "state": session.permission.reason,
        "sent": [],
        "refused": [],
        "waiting": [_shown(one) for one in waiting],
        "parked": [{**_shown(one), "reason": one.item.refused} for one in parked],
        "stopped_by": None,
    }


def _shown(queued: Queued) -> dict[str, Any]:
    return {
        "file": queued.path.name,
        "action": queued.item.action,
        "idempotency_key": queued.item.idempotency_key,
        "body": queued.item.body,
    }
