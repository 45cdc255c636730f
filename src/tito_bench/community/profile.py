"""`.tinytorch/community/profile.json`: who a student chose to be in the cohort.

Every field is optional. The anonymous id is random and says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from tito_bench.records.schema import DocumentKind
from tito_bench.safe_text import safe_text

__all__ = [
    "COURSE_TYPES",
    "EXPERIENCE_LEVELS",
    "PROFILE",
    "Context",
    "Institution",
    "Location",
    "Profile",
    "Progress",
    "institution_name",
]

CourseType = Literal["university", "bootcamp", "self-paced", "other"]
ExperienceLevel = Literal["beginner", "intermediate", "advanced", "expert"]
COURSE_TYPES: tuple[str, ...] = get_args(CourseType)
EXPERIENCE_LEVELS: tuple[str, ...] = get_args(ExperienceLevel)

_LONGEST_NAME = 120


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Where, by the ISO 3166 English name."""

    country: str | None = None


class Institution(msgspec.Struct, frozen=True, kw_only=True):
    """Where one learns; `type` is kept for files of the course, nothing here sets it."""

    name: str | None = None
    type: str | None = None


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """How one learns."""

    course_type: str | None = None
    experience_level: str | None = None
    cohort: str | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far one has come. `capstone_score` is 0..100, null before the first one."""

    setup_verified: bool = False
    milestones_passed: int = 0
    modules_completed: int = 0
    capstone_score: float | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The whole profile; the order of the fields is the order in the file."""

    anonymous_id: str | None = None
    joined_at: str | None = None
    location: Location = Location()
    institution: Institution = Institution()
    context: Context = Context()
    progress: Progress = Progress()


def institution_name(text: str) -> str | None:
    """Return an institution's name as it is kept; None for an empty one."""
    return safe_text(text, _LONGEST_NAME) or None


def _from_unversioned(found: dict[str, Any]) -> dict[str, Any]:
    """Migrate the files of the course: nested ones without `schema`, and upstream's
    flat `country` and `institution`. What is of another shape is left out of the
    model's fields and kept under `before_schema_1`."""
    migrated = dict(found)
    odd: dict[str, Any] = {}
    if isinstance(found.get("institution"), str):
        migrated["institution"] = {"name": found["institution"]}
    if isinstance(found.get("country"), str) and not isinstance(found.get("location"), Mapping):
        migrated["location"] = {"country": migrated.pop("country")}
    for name, group in _GROUPS.items():
        block = migrated.get(name)
        if isinstance(block, Mapping):
            migrated[name], strange = _fitting(block, group)
            odd |= {f"{name}.{field}": item for field, item in strange.items()}
        elif name in migrated:
            odd |= {} if block is None else {name: migrated[name]}
            del migrated[name]
    for name in ("anonymous_id", "joined_at"):
        if not isinstance(migrated.get(name), str | None):
            odd[name] = migrated.pop(name)
    return migrated | ({"before_schema_1": odd} if odd else {})


_GROUPS: dict[str, type[msgspec.Struct]] = {
    "location": Location,
    "institution": Institution,
    "context": Context,
    "progress": Progress,
}


def _fitting(
    block: Mapping[str, Any], group: type[msgspec.Struct]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a block: the entries that its model takes or does not know, and the others."""
    kept: dict[str, Any] = {}
    strange: dict[str, Any] = {}
    types = {field.name: field.type for field in msgspec.structs.fields(group)}
    for name, item in block.items():
        try:
            kept[name] = msgspec.convert(item, types.get(name, Any))
        except msgspec.ValidationError:
            if item is not None:
                strange[name] = item
    return kept, strange


PROFILE = DocumentKind("profile", Profile, 1, {0: _from_unversioned})
