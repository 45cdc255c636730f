"""Sending what waits in the outbox: in order, with consent, each item once in effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tito_bench.community.consent import Consent, is_granted
from tito_bench.records.store import locked

if TYPE_CHECKING:
    from collections.abc import Callable

    from tito_bench.website.client import Answer
    from tito_bench.website.outbox import Action, Outbox, Queued

__all__ = ["PATHS", "Delivery", "Poster", "deliver", "has_forgotten", "may_go"]

PATHS: dict[Action, str] = {
    "join": "/api/community/join",
    "profile": "/api/community/profile",
    "leave": "/api/community/leave",
    "submit": "/api/benchmarks/submit",
}


_NOT_KNOWN = frozenset({404, 410})


class Poster(Protocol):
    """The part of the client that is needed."""

    def post(self, path: str, body: bytes, key: str) -> Answer:
        """Send one document."""


@dataclass
class Delivery:
    """What a sync did. `held` lacks consent, `stopped_by` ended it early."""

    sent: list[Queued] = field(default_factory=list)
    refused: list[tuple[Queued, str]] = field(default_factory=list)
    held: list[Queued] = field(default_factory=list)
    waiting: list[Queued] = field(default_factory=list)
    stopped_by: str | None = None
    unreadable: list[str] = field(default_factory=list)


def may_go(queued: Queued, consent: Consent, api_url: str) -> bool:
    """Return whether this item may be sent to this address.

    Asking the website to forget a profile needs no consent beyond having
    left: it holds nothing but the id that the website knows.
    """
    if queued.item.api_url != api_url:
        return False
    return queued.item.action == "leave" or is_granted(consent, queued.item.data, api_url)


def has_forgotten(answer: Answer) -> bool:
    """Return whether a leave is done: the website confirmed it, or knows nobody of this id.

    Only the website's own word counts: a proxy's 404 has forgotten nobody.
    """
    not_known = answer.status in _NOT_KNOWN and answer.document is not None
    return answer.outcome == "accepted" or not_known


def deliver(
    outbox: Outbox,
    poster: Poster,
    consent: Consent,
    api_url: str,
    before_sending: Callable[[Queued], None],
) -> Delivery:
    """Send all that may go. Stops at the first item that cannot be delivered now,
    so that a later one never overtakes it.

    Raises `FileBusy` where another process is sending.
    """
    delivery = Delivery()
    with locked(outbox.folder / "sending", timeout_s=1.0, disk=outbox.documents.disk):
        items, delivery.unreadable = outbox.items()
        for queued in items:
            if queued.item.refused is None:
                _deliver_one(queued, outbox, poster, consent, api_url, before_sending, delivery)
    return delivery


def _deliver_one(
    queued: Queued,
    outbox: Outbox,
    poster: Poster,
    consent: Consent,
    api_url: str,
    before_sending: Callable[[Queued], None],
    delivery: Delivery,
) -> None:
    item = queued.item
    if not may_go(queued, consent, api_url):
        delivery.held.append(queued)
        return
    if delivery.stopped_by is not None:
        delivery.waiting.append(queued)
        return
    before_sending(queued)
    answer = poster.post(PATHS[item.action], item.body.encode(), item.idempotency_key)
    left = item.action == "leave" and has_forgotten(answer)
    if answer.outcome == "accepted" or left:
        outbox.remove(queued)
        delivery.sent.append(queued)
    elif answer.outcome == "refused":
        outbox.park(queued, answer.reason)
        delivery.refused.append((queued, answer.reason))
    else:
        delivery.stopped_by = answer.reason
        delivery.waiting.append(queued)
