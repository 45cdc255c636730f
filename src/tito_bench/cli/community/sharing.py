"""Asking whether something may go to the website, keeping it for that, and sending it.

Does nothing at all where the settings or the environment say no.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from tito_bench.community.consent import (
    CONSENT,
    DataKind,
    answer_for,
    effective_consent,
    with_answer,
)
from tito_bench.errors import CorruptFile
from tito_bench.records.submission import SUBMISSION, shared_part, submission_bytes
from tito_bench.safe_text import safe_text
from tito_bench.website.client import Client, WebsiteMissing
from tito_bench.website.outbox import Outbox, Queued
from tito_bench.website.payload import body_bytes, leave_payload, profile_payload
from tito_bench.website.sender import Delivery, deliver
from tito_bench.website.sync_state import (
    SYNC_STATE,
    Draft,
    SyncState,
    digest,
    drafts,
    forget_id,
    identifier_in,
    keep_known_id,
    mark_queued,
    without,
)

if TYPE_CHECKING:
    from tito_bench.cli.community.community_context import CommunityContext

__all__ = [
    "forget_on_website",
    "offer",
    "outbox_of",
    "queued_items",
    "report_delivery",
    "send_waiting",
    "sync_if_enabled",
    "undelivered",
    "withdraw",
]

_TITLES: dict[DataKind, str] = {"profile": "your profile", "benchmarks": "your submissions"}


def outbox_of(session: CommunityContext) -> Outbox:
    """The outbox of the project."""
    return Outbox(session.layout.outbox, session.documents)


def queued_items(session: CommunityContext) -> list[Queued]:
    """Everything in the outbox. What cannot be read there was set aside: that is
    said, and the ledger forgets what it noted, so that all is offered again."""
    items, problems = outbox_of(session).items()
    if problems:
        session.say(*problems)
        session.documents.update(
            SYNC_STATE, session.layout.ledger, lambda old: keep_known_id(old) if old else None
        )
    return items


def undelivered(session: CommunityContext, api_url: str) -> list[Draft]:
    """What the website could be told and was not yet handed to the outbox."""
    profile = session.profile()
    known = session.documents.load(SYNC_STATE, session.layout.ledger)
    bodies = []
    for path in sorted(session.layout.submissions.glob("*.json")):
        document = session.documents.load(SUBMISSION, path)
        if document is not None and document.stored.get("kind") == "submission":
            bodies.append(submission_bytes(shared_part(document.value)))
    return drafts(
        known.value if known else SyncState(),
        api_url,
        body_bytes(profile_payload(profile.value)) if profile else None,
        bodies,
    )


def offer(session: CommunityContext, kinds: tuple[DataKind, ...], agreed: bool) -> list[Queued]:
    """Put into the outbox what is new of these kinds and may be sent, asking where
    nobody was asked yet. The exact bytes are shown before the question."""
    if not session.permission.allowed or session.permission.address is None:
        if agreed:
            session.say(f"Not shared; sending is {session.permission.reason}.")
        return []
    api_url = session.permission.address.url
    queued: list[Queued] = []
    waiting = _not_queued(session, api_url)
    for kind in kinds:
        new = [draft for draft in waiting if draft.data == kind]
        if new and _agreed(session, kind, new, api_url, agreed):
            queued += [_queue(session, draft, api_url) for draft in new]
    return queued


def _not_queued(session: CommunityContext, api_url: str) -> list[Draft]:
    """What is new and not in the outbox; it may be there unnoted, where a run was killed."""
    bodies = {
        one.item.body.encode() for one in queued_items(session) if one.item.api_url == api_url
    }
    new = undelivered(session, api_url)
    for draft in new:
        if draft.body in bodies:
            _note_queued(session, draft, api_url)
    return [draft for draft in new if draft.body not in bodies]


def _agreed(
    session: CommunityContext, kind: DataKind, new: list[Draft], api_url: str, yes: bool
) -> bool:
    consent, problem = effective_consent(session.documents, session.layout.consent)
    if problem is not None:
        session.say(f"No consent: {problem}")
    answer = answer_for(consent, kind, api_url)
    if answer is not None and not answer.granted and not yes:
        return False
    session.say("", f"Of {_TITLES[kind]}, exactly these bytes would go to {safe_text(api_url)}:")
    for draft in new:
        session.show_exactly(draft.body)
    if answer is not None and answer.granted:
        return True
    if not yes:
        if not session.asks:
            session.say("Not shared: nobody agreed yet; --share agrees.")
            return False
        question = f"Send {_TITLES[kind]}, and changes of it later?"
        yes = session.streams.confirm(question, flag="--share")
    now = session.streams.now()
    session.documents.update(
        CONSENT, session.layout.consent, lambda old: with_answer(old, kind, yes, api_url, now)
    )
    return yes


def _queue(session: CommunityContext, draft: Draft, api_url: str) -> Queued:
    queued = outbox_of(session).add(
        draft.action, draft.data, api_url, draft.body, _key(draft), session.streams.now()
    )
    _note_queued(session, draft, api_url)
    return queued


def _note_queued(session: CommunityContext, draft: Draft, api_url: str) -> None:
    session.documents.update(
        SYNC_STATE, session.layout.ledger, lambda old: mark_queued(old, api_url, draft)
    )


def _key(draft: Draft) -> str:
    """A submission has one key for ever; a profile may go back to what it was."""
    if draft.action == "submit":
        return str(uuid.uuid5(uuid.NAMESPACE_OID, draft.body.decode()))
    return str(uuid.uuid4())


def send_waiting(session: CommunityContext, client: Client | None = None) -> Delivery:
    """Send what waits and may go. The permission must have been looked at."""
    address = session.permission.address
    if address is None or not session.permission.allowed:
        raise AssertionError("sending without permission")
    consent, _problem = effective_consent(session.documents, session.layout.consent)

    def remember(queued: Queued) -> None:
        if queued.item.action in {"join", "profile"}:
            _note_known(session, queued, address.url)

    sender = client or Client(address)
    delivery = deliver(outbox_of(session), sender, consent, address.url, remember)
    for queued in delivery.sent:
        if queued.item.action == "leave":
            _note_forgotten(session, queued)
    return delivery


def _note_known(session: CommunityContext, queued: Queued, api_url: str) -> None:
    known = identifier_in(queued.item.body)
    session.documents.update(
        SYNC_STATE,
        session.layout.ledger,
        lambda old: msgspec.structs.replace(old or SyncState(api_url=api_url), known_id=known),
    )


def _note_forgotten(session: CommunityContext, queued: Queued) -> None:
    forgotten = identifier_in(queued.item.body)
    session.documents.update(
        SYNC_STATE, session.layout.ledger, lambda old: forget_id(old, forgotten) if old else None
    )


def forget_on_website(session: CommunityContext) -> str | None:
    """On leaving: withdraw what waits, and queue the request to forget the profile
    where the website may know it. The address that is to be told, or None."""
    outbox = outbox_of(session)
    items = queued_items(session)
    for queued in items:
        if queued.item.action != "leave":
            outbox.remove(queued)
    ledger = session.documents.load(SYNC_STATE, session.layout.ledger)
    known = ledger.value.known_id if ledger else None
    api_url = ledger.value.api_url if ledger else None
    asked = {identifier_in(one.item.body) for one in items if one.item.action == "leave"}
    if known is not None and api_url is not None and known not in asked:
        body = body_bytes(leave_payload(known))
        session.say(f"The website {safe_text(api_url)} is to forget you, by exactly these bytes:")
        session.show_exactly(body)
        outbox.add("leave", "profile", api_url, body, str(uuid.uuid4()), session.streams.now())
    session.documents.update(CONSENT, session.layout.consent, lambda _old: None)
    session.documents.update(
        SYNC_STATE, session.layout.ledger, lambda old: keep_known_id(old) if old else None
    )
    return api_url if known is not None else None


def sync_if_enabled(session: CommunityContext) -> Delivery | None:
    """Send at once where `local.auto_sync` asks for it; what cannot go stays queued."""
    if not session.config.local.auto_sync or not session.permission.allowed:
        return None
    try:
        delivery = send_waiting(session)
    except (WebsiteMissing, CorruptFile) as error:
        session.say(f"Not sent yet: {error}")
        return None
    report_delivery(session, delivery)
    return delivery


def report_delivery(session: CommunityContext, delivery: Delivery) -> None:
    """Say what was sent, what was not, and why."""
    for queued in delivery.sent:
        session.say(f"Sent: {queued.path.name} to {safe_text(queued.item.api_url)}")
    for queued, reason in delivery.refused:
        session.say(f"Refused and kept: {queued.path.name} ({reason})")
    for queued in delivery.held:
        session.say(f"Not sent, nobody agreed: {queued.path.name}")
    for problem in delivery.unreadable:
        session.say(problem)
    if delivery.stopped_by is not None:
        names = ", ".join(queued.path.name for queued in delivery.waiting)
        session.say(f"Waiting for a later sync: {names} ({delivery.stopped_by})")


def withdraw(session: CommunityContext, kinds: tuple[str, ...]) -> list[Queued]:
    """Take consent back and remove what waits of these kinds; a request to forget stays.

    What was removed is forgotten in the ledger too, so that a later yes sends it.
    """
    nothing: dict[str, Any] = dict.fromkeys(kinds)
    session.documents.update(
        CONSENT,
        session.layout.consent,
        lambda old: msgspec.structs.replace(old, **nothing) if old else None,
    )
    outbox = outbox_of(session)
    items = queued_items(session)
    removed = [one for one in items if one.item.data in kinds and one.item.action != "leave"]
    for queued in removed:
        outbox.remove(queued)
    digests = {digest(queued.item.body.encode()) for queued in removed}
    session.documents.update(
        SYNC_STATE, session.layout.ledger, lambda old: without(old, digests) if old else None
    )
    return removed
