"""`.tinytorch/community/consent.json`: which kind of data may go to which address.

A yes holds for one kind of data, one address and the person and place where it was
given, until it is withdrawn or the student leaves. Anything else, a file that cannot be
read or that came with a clone included, is a no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from tito_bench.errors import StoreError
from tito_bench.records.schema import DocumentKind
from tito_bench.records.store import utc_text

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tito_bench.community.place import Place
    from tito_bench.records.documents import Documents

__all__ = [
    "CONSENT",
    "ELSEWHERE",
    "Answer",
    "Consent",
    "DataKind",
    "answer_for",
    "effective_consent",
    "given_here",
    "is_granted",
    "sealed",
    "with_answer",
]

DataKind = Literal["profile", "benchmarks"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered, when (UTC), and for which address."""

    granted: bool
    answered_at: str
    api_url: str


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """The answers; null where nobody was asked. `seal` binds them to person and place."""

    profile: Answer | None = None
    benchmarks: Answer | None = None
    seal: str | None = None


ELSEWHERE = (
    "what was agreed to here was agreed to by another person or in another place; you are asked"
)
CONSENT = DocumentKind("consent", Consent, 1)


def is_granted(consent: Consent, kind: DataKind, api_url: str) -> bool:
    """Return whether this kind of data may go to this address."""
    answer = answer_for(consent, kind, api_url)
    return answer is not None and answer.granted


def answer_for(consent: Consent, kind: DataKind, api_url: str) -> Answer | None:
    """Return the answer given for this kind and address, or None."""
    answer: Answer | None = getattr(consent, kind)
    return answer if answer is not None and answer.api_url == api_url else None


def with_answer(
    consent: Consent | None, kind: DataKind, granted: bool, api_url: str, now: datetime
) -> Consent:
    """Return the consent with one more answer."""
    answer = Answer(granted=granted, answered_at=utc_text(now), api_url=api_url)
    return msgspec.structs.replace(consent or Consent(), **{kind: answer})


def sealed(consent: Consent, place: Place) -> Consent | None:
    """Return the consent bound to this person and place, or None where nothing was answered."""
    if consent.profile is None and consent.benchmarks is None:
        return None
    return msgspec.structs.replace(consent, seal=place.seal("consent", *_said(consent)))


def given_here(consent: Consent | None, place: Place) -> Consent:
    """Return the consent if this person gave it here, or else one without any answer.

    Raises `StoreError` if that cannot be found out.
    """
    if consent is None or not place.is_sealed(consent.seal, "consent", *_said(consent)):
        return Consent()
    return consent


def effective_consent(documents: Documents, path: Path, place: Place) -> tuple[Consent, str | None]:
    """Return the consent in force, and why nothing is granted where a file says otherwise."""
    try:
        document = documents.load(CONSENT, path)
        if document is None:
            return Consent(), None
        consent = given_here(document.value, place)
    except StoreError as error:
        return Consent(), str(error)
    answered = document.value.profile is not None or document.value.benchmarks is not None
    if answered and consent.seal is None:
        return consent, ELSEWHERE
    return consent, None


def _said(consent: Consent) -> tuple[str, ...]:
    return tuple(msgspec.json.encode(one).decode() for one in (consent.profile, consent.benchmarks))
