"""`.tinytorch/community/website.json`: what was handed to the outbox, and whom the website knows.

Digests only: enough to send nothing twice, and to know on leaving whether
there is something to be forgotten elsewhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tito_bench.foreign_json import NOT_JSON
from tito_bench.records.schema import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tito_bench.community.consent import DataKind
    from tito_bench.community.place import Place
    from tito_bench.website.outbox import Action

__all__ = [
    "SYNC_STATE",
    "Draft",
    "SyncState",
    "digest",
    "drafts",
    "forget_id",
    "identifier_in",
    "keep_known_id",
    "mark_queued",
    "noted_here",
    "sealed",
    "without",
]


class SyncState(msgspec.Struct, frozen=True, kw_only=True):
    """For one address. `known_id` is set before the first try of sending a profile,
    for a try whose answer was lost may have arrived. `seal` binds all of it to the
    person and place."""

    api_url: str | None = None
    known_id: str | None = None
    profile_digest: str | None = None
    submission_digests: list[str] = []
    seal: str | None = None


SYNC_STATE = DocumentKind("website ledger", SyncState, 1)


@dataclass(frozen=True)
class Draft:
    """Something that the website has not been told yet."""

    action: Action
    body: bytes

    @property
    def data(self) -> DataKind:
        """The kind of data that consent is asked for."""
        return "benchmarks" if self.action == "submit" else "profile"


def sealed(sync_state: SyncState, place: Place) -> SyncState:
    """Return the sync state bound to this person and place."""
    return msgspec.structs.replace(sync_state, seal=place.seal("ledger", *_said(sync_state)))


def noted_here(sync_state: SyncState | None, place: Place) -> SyncState | None:
    """Return the sync state if this person's tito-bench wrote it here, or else None."""
    if sync_state is None or not place.is_sealed(sync_state.seal, "ledger", *_said(sync_state)):
        return None
    return sync_state


def _said(sync_state: SyncState) -> tuple[str | None, ...]:
    return (
        sync_state.api_url,
        sync_state.known_id,
        sync_state.profile_digest,
        *sync_state.submission_digests,
    )


def digest(body: bytes) -> str:
    """Return what stands for a body in the sync state."""
    return hashlib.sha256(body).hexdigest()


def drafts(
    sync_state: SyncState, api_url: str, profile: bytes | None, submissions: Iterable[bytes]
) -> list[Draft]:
    """Return what is new since the last time, the profile first."""
    known = sync_state if sync_state.api_url == api_url else SyncState()
    found: list[Draft] = []
    if profile is not None and digest(profile) != known.profile_digest:
        first = known.profile_digest is None
        found.append(Draft(action="join" if first else "profile", body=profile))
    sent = set(known.submission_digests)
    found += [Draft(action="submit", body=one) for one in submissions if digest(one) not in sent]
    return found


def mark_queued(sync_state: SyncState | None, api_url: str, draft: Draft) -> SyncState:
    """Return the sync state after a draft went to the outbox."""
    known = (
        sync_state
        if sync_state is not None and sync_state.api_url == api_url
        else SyncState(api_url=api_url)
    )
    mark = digest(draft.body)
    if draft.action == "submit":
        digests = [*known.submission_digests, mark]
        return msgspec.structs.replace(known, submission_digests=digests)
    return msgspec.structs.replace(known, profile_digest=mark)


def without(sync_state: SyncState, withdrawn: set[str]) -> SyncState:
    """Return the sync state after bodies with these digests were taken out of the outbox."""
    kept = [one for one in sync_state.submission_digests if one not in withdrawn]
    profile = sync_state.profile_digest
    return msgspec.structs.replace(
        sync_state,
        submission_digests=kept,
        profile_digest=None if profile in withdrawn else profile,
    )


def identifier_in(body: str) -> str | None:
    """Return the anonymous id in the body of a request of ours."""
    try:
        found: Any = msgspec.json.decode(body)
    except NOT_JSON:
        return None  # not of ours: someone edited the outbox
    return found.get("anonymous_id") if isinstance(found, dict) else None


def keep_known_id(sync_state: SyncState) -> SyncState | None:
    """Return the sync state after leaving: who is still to be forgotten, or nothing."""
    if sync_state.known_id is None:
        return None
    return SyncState(api_url=sync_state.api_url, known_id=sync_state.known_id)


def forget_id(sync_state: SyncState, forgotten: str | None) -> SyncState | None:
    """Return the sync state after the website forgot this id; another one, joined since, stays."""
    if sync_state.known_id != forgotten:
        return sync_state
    rest = msgspec.structs.replace(sync_state, known_id=None)
    return rest if rest.profile_digest or rest.submission_digests else None
