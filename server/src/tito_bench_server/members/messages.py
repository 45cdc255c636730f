"""A message of a student, reduced to what is kept of it."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from tito_bench_server.client_package import (
    COURSE_TYPES,
    EXPERIENCE_LEVELS,
    UsageError,
    country_code,
    key_of,
    named_cohort,
    safe_text,
)
from tito_bench_server.contract.requests import (
    LeaveBody,
    MalformedBody,
    ProfileBody,
    SubmissionBody,
    decode_body,
)

__all__ = [
    "COURSE_TYPE_NAMES",
    "EXPERIENCE_NAMES",
    "Action",
    "LeaveMessage",
    "Message",
    "ProfileFacts",
    "ProfileMessage",
    "SubmissionFacts",
    "SubmitMessage",
    "digest_of",
    "folded",
    "is_term",
    "read_message",
]

COURSE_TYPE_NAMES = ("not given", *COURSE_TYPES)
EXPERIENCE_NAMES = ("not given", *EXPERIENCE_LEVELS)
_OTHER_COURSE_TYPE = COURSE_TYPE_NAMES.index("other")
_MODULES = 20
_MILESTONES = 99
_TERM = re.compile(r"(?:Spring|Summer|Fall) (\d{4})")
_TERM_YEARS = 2  # a term of this many years before or after today needs nobody's approval
_LONGEST_TEXT = 120


class Action(StrEnum):
    """The four kinds of messages, by the last part of their path."""

    JOIN = "join"
    PROFILE = "profile"
    LEAVE = "leave"
    SUBMIT = "submit"


class ProfileFacts(msgspec.Struct, frozen=True):
    """What of a profile is kept."""

    cohort: str | None
    country: str | None
    institution: str | None
    course_type: int
    experience: int
    modules: int
    milestones: int
    capstone: float | None
    setup: bool


class SubmissionFacts(msgspec.Struct, frozen=True):
    """What of a submission is kept; the body of one that no member sent names no id."""

    benchmark: str
    score: float | None
    verdict: str | None
    body: bytes
    body_without_id: bytes


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    """What every message has. `code_digest` is None at the bare address."""

    key: bytes
    digest: bytes
    key_digest: bytes | None
    code_digest: bytes | None


class ProfileMessage(_Header, frozen=True, kw_only=True):
    """A join or a profile."""

    anonymous_id: bytes
    facts: ProfileFacts


class LeaveMessage(_Header, frozen=True, kw_only=True):
    """The wish to be forgotten."""

    anonymous_id: bytes


class SubmitMessage(_Header, frozen=True, kw_only=True):
    """A submission, with or without the id of its sender."""

    anonymous_id: bytes | None
    facts: SubmissionFacts


Message = ProfileMessage | LeaveMessage | SubmitMessage


def digest_of(content: bytes) -> bytes:
    """Return the first 128 bits of SHA-256: as an index keeps them, and more than anybody finds
    the content to."""
    return hashlib.sha256(content).digest()[:16]


def read_message(
    action: Action,
    key: uuid.UUID,
    body: bytes,
    key_digest: bytes | None,
    code_digest: bytes | None,
) -> Message:
    """Decode a body and keep of it what the server knows.

    Raises `MalformedBody`.
    """
    header: dict[str, Any] = {
        "key": key.bytes,
        "digest": digest_of(action.encode() + b"\0" + body),
        "key_digest": key_digest,
        "code_digest": code_digest,
    }
    if action is Action.SUBMIT:
        return _submission(header, body)
    if action is Action.LEAVE:
        return LeaveMessage(
            anonymous_id=_identifier(decode_body(body, LeaveBody).anonymous_id), **header
        )
    found = decode_body(body, ProfileBody)
    return ProfileMessage(
        anonymous_id=_identifier(found.anonymous_id), facts=_profile_facts(found), **header
    )


def _submission(header: dict[str, Any], body: bytes) -> SubmitMessage:
    found = decode_body(body, SubmissionBody)
    identifier = None if found.anonymous_id is None else found.anonymous_id.bytes
    facts = _submission_facts(found, body)
    return SubmitMessage(anonymous_id=identifier, facts=facts, **header)


def _identifier(found: uuid.UUID | None) -> bytes:
    if found is None:
        raise MalformedBody("expected a uuid, got null - at `$.anonymous_id`")
    return found.bytes


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return what two spellings of a name have in common."""
    return key_of(text) + "".join(c for c in text if c.isdigit()) or text.casefold()


def is_term(name: str, today: date) -> bool:
    """Whether a cohort's name is a term about now, which no operator needs to approve."""
    term = _TERM.fullmatch(name)
    return term is not None and abs(int(term[1]) - today.year) <= _TERM_YEARS


def _profile_facts(found: ProfileBody) -> ProfileFacts:
    progress = found.progress
    return ProfileFacts(
        cohort=_cohort(found.context.cohort),
        country=country_code(found.location.country) if found.location.country else None,
        institution=_text(found.institution.name),
        course_type=_place_of(found.context.course_type, COURSE_TYPE_NAMES, _OTHER_COURSE_TYPE),
        experience=_place_of(found.context.experience_level, EXPERIENCE_NAMES, 0),
        modules=min(progress.modules_completed, _MODULES),
        milestones=min(progress.milestones_passed, _MILESTONES),
        capstone=progress.capstone_score,
        setup=progress.setup_verified,
    )


def _submission_facts(found: SubmissionBody, body: bytes) -> SubmissionFacts:
    metrics = found.normalized_metrics
    score = metrics.get("overall", metrics.get("score"))
    within = isinstance(score, int | float) and 0 <= score <= 100
    without: dict[str, Any] = json.loads(body) | {"anonymous_id": None}
    return SubmissionFacts(
        benchmark=found.benchmark,
        score=float(score) if within and score is not None else None,
        verdict=_text(found.verdict.status),
        body=body,
        body_without_id=msgspec.json.encode(without),
    )


@lru_cache(maxsize=4096)
def _cohort(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return named_cohort(text[:60])
    except UsageError:
        return None  # nothing that can be seen is left of it


def _text(found: str | None) -> str | None:
    return (safe_text(found, _LONGEST_TEXT) or None) if found else None


def _place_of(found: str | None, names: tuple[str, ...], otherwise: int) -> int:
    if not found:
        return 0
    return names.index(found) if found in names else otherwise
