"""What goes to the website, and into an export: built from a list of allowed fields.

Nothing is taken from a file as a whole, so what is not named here cannot
leave the machine. The bytes made here are the bytes shown, kept and sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tito_bench.errors import NewerSchema
from tito_bench.foreign_json import NOT_JSON
from tito_bench.records.schema import Unreadable, decode
from tito_bench.records.store import parse_time
from tito_bench.records.submission import SUBMISSION, random_id, shared_part, submission_bytes
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from tito_bench.community.profile import Profile

__all__ = ["body_bytes", "is_body", "leave_payload", "profile_payload"]

_LONGEST = 120


def profile_payload(profile: Profile) -> dict[str, Any]:
    """Return the shared part of a profile. Of the day of joining the day, not the second."""
    joined_at = parse_time(profile.joined_at)
    return {
        "schema": 1,
        "anonymous_id": random_id(profile.anonymous_id),
        "joined_on": joined_at.date().isoformat() if joined_at else None,
        "location": {"country": _text(profile.location.country)},
        "institution": {"name": _text(profile.institution.name)},
        "context": {
            "course_type": _text(profile.context.course_type),
            "experience_level": _text(profile.context.experience_level),
            "cohort": _text(profile.context.cohort),
        },
        "progress": {
            "setup_verified": profile.progress.setup_verified,
            "milestones_passed": profile.progress.milestones_passed,
            "modules_completed": profile.progress.modules_completed,
            "capstone_score": profile.progress.capstone_score,
        },
    }


def leave_payload(anonymous_id: str) -> dict[str, Any]:
    """Return what the website needs to forget a profile."""
    return {"schema": 1, "anonymous_id": random_id(anonymous_id)}


def body_bytes(payload: dict[str, Any]) -> bytes:
    """Return the body of a request: indented, so that what is shown is what is sent."""
    return msgspec.json.format(msgspec.json.encode(payload), indent=2) + b"\n"


def is_body(action: str, body: bytes) -> bool:
    """Return whether a request of this kind may have this body: its fields and no others."""
    try:
        if action == "submit":
            return _is_submission(body)
        found = _decoded(action, body)
    except (*NOT_JSON, Unreadable, NewerSchema):
        return False
    identifier = found.anonymous_id
    return random_id(identifier) == identifier and body_bytes(msgspec.to_builtins(found)) == body


def _decoded(action: str, body: bytes) -> _LeaveBody | _ProfileBody:
    if action == "leave":
        return msgspec.json.decode(body, type=_LeaveBody)
    return msgspec.json.decode(body, type=_ProfileBody)


def _is_submission(body: bytes) -> bool:
    document = decode(SUBMISSION, body, "a submission")
    allowed = msgspec.json.decode(submission_bytes(shared_part(document.value)))
    return bool(_without_text(document.stored) == _without_text(allowed))


def _without_text(found: Any) -> Any:
    """Return the structure and the figures: text that was cut once may be cut once more."""
    if isinstance(found, dict):
        return {name: _without_text(item) for name, item in found.items()}
    if isinstance(found, list):
        return [_without_text(item) for item in found]
    return "" if found is None or isinstance(found, str) else found


class _LeaveBody(msgspec.Struct, forbid_unknown_fields=True):
    schema: Literal[1]
    anonymous_id: str


class _Location(msgspec.Struct, forbid_unknown_fields=True):
    country: str | None


class _Institution(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None


class _Context(msgspec.Struct, forbid_unknown_fields=True):
    course_type: str | None
    experience_level: str | None
    cohort: str | None


class _Progress(msgspec.Struct, forbid_unknown_fields=True):
    setup_verified: bool
    milestones_passed: int
    modules_completed: int
    capstone_score: float | None


class _ProfileBody(msgspec.Struct, forbid_unknown_fields=True):
    schema: Literal[1]
    anonymous_id: str | None
    joined_on: str | None
    location: _Location
    institution: _Institution
    context: _Context
    progress: _Progress


def _text(found: str | None) -> str | None:
    return safe_text(found, _LONGEST) if found else None
