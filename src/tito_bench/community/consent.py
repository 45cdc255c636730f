"""`.tinytorch/community/consent.json`: which kind of data may go to which address.

A yes holds for one kind of data and one address, until it is withdrawn or the
student leaves. Anything else, a file that cannot be read included, is a no.
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

    from tito_bench.records.documents import Documents

__all__ = [
    "CONSENT",
    "Answer",
    "Consent",
    "DataKind",
    "answer_for",
    "effective_consent",
    "is_granted",
    "with_answer",
]

DataKind = Literal["profile", "benchmarks"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered, when (UTC), and for which address."""

    granted: bool
    answered_at: str
    api_url: str


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """The answers; null where nobody was asked."""

    profile: Answer | None = None
    benchmarks: Answer | None = None


CONSENT = DocumentKind("consent", Consent, 1)


def is_granted(consent: Consent, kind: DataKind, api_url: str) -> bool:
    """Whether this kind of data may go to this address."""
    answer = answer_for(consent, kind, api_url)
    return answer is not None and answer.granted


def answer_for(consent: Consent, kind: DataKind, api_url: str) -> Answer | None:
    """The answer given for this kind and address, or None."""
    answer: Answer | None = getattr(consent, kind)
    return answer if answer is not None and answer.api_url == api_url else None


def with_answer(
    consent: Consent | None, kind: DataKind, granted: bool, api_url: str, now: datetime
) -> Consent:
    """The consent with one more answer."""
    answer = Answer(granted=granted, answered_at=utc_text(now), api_url=api_url)
    return msgspec.structs.replace(consent or Consent(), **{kind: answer})


def effective_consent(documents: Documents, path: Path) -> tuple[Consent, str | None]:
    """The consent on disk, and why it could not be read if that is so: then nothing is granted."""
    try:
        document = documents.load(CONSENT, path)
    except StoreError as error:
        return Consent(), str(error)
    return (document.value if document else Consent()), None
