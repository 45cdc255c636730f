"""Asking whether something may go to the website, keeping it for that, and sending it.

Does nothing at all where the settings or the environment say no.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tito_bench.community.consent import (
    CONSENT,
    Consent,
    DataKind,
    answer_for,
    effective_consent,
    given_here,
    with_answer,
)
from tito_bench.community.consent import sealed as sealed_consent
from tito_bench.community.profile import PROFILE
from tito_bench.errors import CorruptFile
from tito_bench.records.submission import SUBMISSION, shared_part, submission_bytes
from tito_bench.safe_text import safe_text
from tito_bench.website.client import Answer, Client, WebsiteMissing
from tito_bench.website.member_key import MemberKeys
from tito_bench.website.outbox import Outbox, Queued
from tito_bench.website.payload import body_bytes, leave_payload, profile_payload
from tito_bench.website.sender import PATHS, Delivery, deliver, has_forgotten
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
    noted_here,
    sealed,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from tito_bench.community.place import Place
    from tito_bench.records.documents import Documents
    from tito_bench.records.project_config import Config
    from tito_bench.records.project_layout import Layout
    from tito_bench.website.network_policy import NetworkPolicy

__all__ = [
    "Sharing",
    "discard_parked",
    "forget_on_website",
    "known_at",
    "member_keys",
    "offer",
    "outbox_of",
    "parked_items",
    "queued_items",
    "report_delivery",
    "report_parked",
    "retry_parked",
    "send_waiting",
    "share",
    "sync_if_enabled",
    "undelivered",
    "withdraw",
]

_TITLES: dict[DataKind, str] = {"profile": "your profile", "benchmarks": "your submissions"}


@dataclass(frozen=True)
class Sharing:
    """One project and one person, who may be asked.

    `say` takes lines that are harmless already, `show` the very bytes of a request.
    `ask` takes a question and returns whether the answer was yes; it is None where
    nobody can be asked.
    """

    layout: Layout
    documents: Documents
    config: Config
    permission: NetworkPolicy
    place: Place
    now: Callable[[], datetime]
    say: Callable[..., None]
    show: Callable[[bytes | str], None]
    ask: Callable[[str], bool] | None


def outbox_of(sharing: Sharing) -> Outbox:
    """Return the outbox of the project."""
    return Outbox(sharing.layout.outbox, sharing.documents, sharing.place)


def member_keys(sharing: Sharing) -> MemberKeys:
    """Return the member keys of this person for this project."""
    return MemberKeys(sharing.documents, sharing.layout.member_keys, sharing.place)


@dataclass(frozen=True)
class _Signed:
    """Posts with the member key of the address: a profile makes one and binds it there.

    A submission without an id is nobody's, so it goes without the key. The key goes with
    the leave that the server confirmed, before anything else is sent, so that whoever
    joins again does so as somebody else.
    """

    client: Client
    keys: MemberKeys

    def post(self, path: str, body: bytes, key: str) -> Answer:
        origin = self.client.address.origin
        answer = self.client.post(path, body, key, self._member_key(path, body, origin))
        if path == PATHS["leave"] and has_forgotten(answer):
            self.keys.forget(origin)
        return answer

    def _member_key(self, path: str, body: bytes, origin: str) -> str | None:
        if identifier_in(body.decode()) is None:
            return None
        binds = path in {PATHS["join"], PATHS["profile"]}
        return self.keys.made(origin) if binds else self.keys.known(origin)


def _sync_state(sharing: Sharing) -> SyncState | None:
    document = sharing.documents.load(SYNC_STATE, sharing.layout.sync_state)
    return noted_here(document.value, sharing.place) if document else None


def known_at(sharing: Sharing) -> str | None:
    """Return the address that may know this person from here, or None."""
    sync_state = _sync_state(sharing)
    return (
        sync_state.api_url if sync_state is not None and sync_state.known_id is not None else None
    )


def update_sync_state(
    sharing: Sharing, change: Callable[[SyncState | None], SyncState | None]
) -> None:
    """Change what this person's sync state notes here; one from a clone counts as none."""

    def bound(old: SyncState | None) -> SyncState | None:
        new = change(noted_here(old, sharing.place))
        return sealed(new, sharing.place) if new is not None else None

    sharing.documents.update(SYNC_STATE, sharing.layout.sync_state, bound)


def _update_consent(sharing: Sharing, change: Callable[[Consent], Consent]) -> None:
    sharing.documents.update(
        CONSENT,
        sharing.layout.consent,
        lambda old: sealed_consent(change(given_here(old, sharing.place)), sharing.place),
    )


def queued_items(sharing: Sharing) -> list[Queued]:
    """Return everything in the outbox. What cannot be read there was set aside: that is
    said, and the sync state forgets what it noted, so that all is offered again."""
    items, problems = outbox_of(sharing).items()
    if problems:
        sharing.say(*problems)
        update_sync_state(sharing, lambda old: keep_known_id(old) if old else None)
    return items


def parked_items(sharing: Sharing) -> list[Queued]:
    """Return what the website refused and what is kept since."""
    return [one for one in queued_items(sharing) if one.item.refused is not None]


def retry_parked(sharing: Sharing) -> list[Queued]:
    """Have what the website refused wait to be sent again; return it."""
    outbox, parked = outbox_of(sharing), parked_items(sharing)
    for queued in parked:
        outbox.offer_again(queued)
    return parked


def discard_parked(sharing: Sharing) -> list[Queued]:
    """Drop what the website refused and return it. It counts as handed over: only what
    changes later is offered."""
    outbox, parked = outbox_of(sharing), parked_items(sharing)
    for queued in parked:
        outbox.remove(queued)
    left = any(queued.item.action == "leave" for queued in parked)
    if left and sharing.documents.load(PROFILE, sharing.layout.profile) is None:
        member_keys(sharing).forget_all()  # nobody is there to whom it would be of use
    return parked


def report_parked(sharing: Sharing, parked: list[Queued]) -> None:
    """Say what the website refused earlier, why, and what can be done about it."""
    for queued in parked:
        sharing.say(f"Refused earlier and kept: {queued.path.name} ({_refusal(queued)})")
    if parked:
        sharing.say(
            "Offer them again: tito-bench community sync --retry. "
            "Drop them: tito-bench community sync --discard"
        )


def _refusal(queued: Queued) -> str:
    return safe_text(queued.item.refused or "")


def undelivered(sharing: Sharing, api_url: str) -> list[Draft]:
    """Return what the website could be told and was not yet handed to the outbox."""
    profile = sharing.documents.load(PROFILE, sharing.layout.profile)
    known = _sync_state(sharing)
    bodies = []
    for path in sorted(sharing.layout.submissions.glob("*.json")):
        document = sharing.documents.load(SUBMISSION, path)
        if document is not None and document.stored.get("kind") == "submission":
            bodies.append(submission_bytes(shared_part(document.value)))
    return drafts(
        known or SyncState(),
        api_url,
        body_bytes(profile_payload(profile.value)) if profile else None,
        bodies,
    )


def offer(sharing: Sharing, kinds: tuple[DataKind, ...], agreed: bool) -> list[Queued]:
    """Put into the outbox what is new of these kinds and may be sent, asking where
    nobody was asked yet. The exact bytes are shown before the question."""
    if not sharing.permission.allowed or sharing.permission.address is None:
        if agreed:
            sharing.say(f"Not shared; sending is {sharing.permission.reason}.")
        return []
    api_url = sharing.permission.address.url
    queued: list[Queued] = []
    waiting = _not_queued(sharing, api_url)
    for kind in kinds:
        new = [draft for draft in waiting if draft.data == kind]
        if new and _agreed(sharing, kind, new, api_url, agreed):
            queued += [_queue(sharing, draft, api_url) for draft in new]
    return queued


def _not_queued(sharing: Sharing, api_url: str) -> list[Draft]:
    """Return what is new and not in the outbox; it may be there unnoted, where a run was killed."""
    bodies = {
        one.item.body.encode() for one in queued_items(sharing) if one.item.api_url == api_url
    }
    new = undelivered(sharing, api_url)
    for draft in new:
        if draft.body in bodies:
            _note_queued(sharing, draft, api_url)
    return [draft for draft in new if draft.body not in bodies]


def _agreed(sharing: Sharing, kind: DataKind, new: list[Draft], api_url: str, yes: bool) -> bool:
    consent, problem = effective_consent(sharing.documents, sharing.layout.consent, sharing.place)
    if problem is not None:
        sharing.say(f"No consent: {problem}")
    answer = answer_for(consent, kind, api_url)
    if answer is not None and not answer.granted and not yes:
        return False
    sharing.say("", f"Of {_TITLES[kind]}, exactly these bytes would go to {safe_text(api_url)}:")
    for draft in new:
        sharing.show(draft.body)
    if answer is not None and answer.granted:
        return True
    if not yes:
        if sharing.ask is None:
            sharing.say("Not shared: nobody agreed yet; --share agrees.")
            return False
        yes = sharing.ask(f"Send {_TITLES[kind]}, and changes of it later?")
    now = sharing.now()
    _update_consent(sharing, lambda old: with_answer(old, kind, yes, api_url, now))
    return yes


def _queue(sharing: Sharing, draft: Draft, api_url: str) -> Queued:
    queued = outbox_of(sharing).add(
        draft.action, draft.data, api_url, draft.body, _key(draft), sharing.now()
    )
    _note_queued(sharing, draft, api_url)
    return queued


def _note_queued(sharing: Sharing, draft: Draft, api_url: str) -> None:
    update_sync_state(sharing, lambda old: mark_queued(old, api_url, draft))


def _key(draft: Draft) -> str:
    """Return the key of a draft.

    A submission has one for ever; a profile may go back to what it was.
    """
    if draft.action == "submit":
        return str(uuid.uuid5(uuid.NAMESPACE_OID, draft.body.decode()))
    return str(uuid.uuid4())


def send_waiting(sharing: Sharing, client: Client | None = None) -> Delivery:
    """Send what waits and may go. The permission must have been looked at."""
    address = sharing.permission.address
    if address is None or not sharing.permission.allowed:
        raise AssertionError("sending without permission")
    consent, _problem = effective_consent(sharing.documents, sharing.layout.consent, sharing.place)

    def remember(queued: Queued) -> None:
        if queued.item.action in {"join", "profile"}:
            _note_known(sharing, queued, address.url)

    sender = _Signed(client or Client(address), member_keys(sharing))
    delivery = deliver(outbox_of(sharing), sender, consent, address.url, remember)
    for queued in delivery.sent:
        if queued.item.action == "leave":
            _note_forgotten(sharing, queued)
    return delivery


def _note_known(sharing: Sharing, queued: Queued, api_url: str) -> None:
    known = identifier_in(queued.item.body)
    update_sync_state(
        sharing,
        lambda old: msgspec.structs.replace(old or SyncState(api_url=api_url), known_id=known),
    )


def _note_forgotten(sharing: Sharing, queued: Queued) -> None:
    forgotten = identifier_in(queued.item.body)
    update_sync_state(sharing, lambda old: forget_id(old, forgotten) if old else None)


def forget_on_website(sharing: Sharing) -> str | None:
    """Withdraw what waits, on leaving, and queue the request to forget the profile
    where the website may know it. Return the address that is to be told, or None."""
    outbox = outbox_of(sharing)
    items = queued_items(sharing)
    for queued in items:
        if queued.item.action != "leave":
            outbox.remove(queued)
    sync_state = _sync_state(sharing)
    known = sync_state.known_id if sync_state else None
    api_url = sync_state.api_url if sync_state else None
    asked = {identifier_in(one.item.body) for one in items if one.item.action == "leave"}
    if known is not None and api_url is not None and known not in asked:
        body = body_bytes(leave_payload(known))
        sharing.say(f"The website {safe_text(api_url)} is to forget you, by exactly these bytes:")
        sharing.show(body)
        outbox.add("leave", "profile", api_url, body, str(uuid.uuid4()), sharing.now())
    update_sync_state(sharing, lambda old: keep_known_id(old) if old else None)
    return api_url if known is not None else None


def sync_if_enabled(sharing: Sharing) -> Delivery | None:
    """Send at once where `local.auto_sync` asks for it; what cannot go stays queued."""
    if not sharing.config.local.auto_sync or not sharing.permission.allowed:
        return None
    try:
        delivery = send_waiting(sharing)
    except (WebsiteMissing, CorruptFile) as error:
        sharing.say(f"Not sent yet: {error}")
        return None
    report_delivery(sharing, delivery)
    return delivery


def report_delivery(sharing: Sharing, delivery: Delivery) -> None:
    """Say what was sent, what was not, and why."""
    for queued in delivery.sent:
        sharing.say(f"Sent: {queued.path.name} to {safe_text(queued.item.api_url)}")
    for queued, reason in delivery.refused:
        sharing.say(f"Refused and kept: {queued.path.name} ({reason})")
    for queued in delivery.held:
        sharing.say(f"Not sent, nobody agreed: {queued.path.name}")
    for problem in delivery.unreadable:
        sharing.say(problem)
    if delivery.stopped_by is not None:
        names = ", ".join(queued.path.name for queued in delivery.waiting)
        sharing.say(f"Waiting for a later sync: {names} ({delivery.stopped_by})")


def share(sharing: Sharing, kinds: tuple[DataKind, ...], agreed: bool) -> None:
    """Offer what is new of these kinds, send it where that is to be at once, and say so
    where nothing has left the machine."""
    queued = offer(sharing, kinds, agreed)
    delivery = sync_if_enabled(sharing)
    tried = delivery is not None and (delivery.sent or delivery.refused or delivery.waiting)
    if queued and not tried:
        sharing.say("Nothing left this machine yet. Send it: tito-bench community sync")
    elif not tried:
        sharing.say("Nothing left this machine.")


def withdraw(sharing: Sharing, kinds: tuple[str, ...]) -> list[Queued]:
    """Take consent back and remove what waits of these kinds; a request to forget stays.

    What was removed is forgotten in the sync state too, so that a later yes sends it.
    """
    nothing: dict[str, Any] = dict.fromkeys(kinds)
    _update_consent(sharing, lambda old: msgspec.structs.replace(old, **nothing))
    outbox = outbox_of(sharing)
    items = queued_items(sharing)
    removed = [one for one in items if one.item.data in kinds and one.item.action != "leave"]
    for queued in removed:
        outbox.remove(queued)
    digests = {digest(queued.item.body.encode()) for queued in removed}
    update_sync_state(sharing, lambda old: without(old, digests) if old else None)
    return removed
