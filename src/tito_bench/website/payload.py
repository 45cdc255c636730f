"""What goes to the website, and into an export: built from a list of allowed fields.

Nothing is taken from a file as a whole, so what is not named here cannot
leave the machine. The bytes made here are the bytes shown, kept and sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from tito_bench.records.standing import parse_time
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from tito_bench.community.profile import Profile

__all__ = ["body_bytes", "leave_payload", "profile_payload"]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST = 120


def profile_payload(profile: Profile) -> dict[str, Any]:
    """The shared part of a profile. Of the day of joining the day, not the second."""
    joined_at = parse_time(profile.joined_at)
    return {
        "schema": 1,
        "anonymous_id": _identifier(profile.anonymous_id),
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
    """What the website needs to forget a profile."""
    return {"schema": 1, "anonymous_id": _identifier(anonymous_id)}


def body_bytes(payload: dict[str, Any]) -> bytes:
    """The body of a request: indented, so that what is shown is what is sent."""
    return msgspec.json.format(msgspec.json.encode(payload), indent=2) + b"\n"


def _text(found: str | None) -> str | None:
    return safe_text(found, _LONGEST) if found else None


def _identifier(found: str | None) -> str | None:
    """A random UUID, or nothing: an id of another shape might say who someone is."""
    return found if found is not None and _UUID.fullmatch(found) else None
