"""The bodies that students' machines send, exactly as docs/api.yaml says.

Decoding refuses every field that is not named here: what the server does not
know, it does not keep.
"""

from __future__ import annotations

import uuid
from collections.abc import Hashable
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from tito_bench_server.client_package import safe_text

__all__ = [
    "LeaveBody",
    "MalformedBody",
    "ProfileBody",
    "SessionBody",
    "SubmissionBody",
    "decode_body",
]

_Text = Annotated[str, msgspec.Meta(max_length=120)]
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Score = Annotated[float, msgspec.Meta(ge=0, le=100)]
T = TypeVar("T")


class MalformedBody(ValueError):
    """The body is not what the protocol says; the text says where."""


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All fields of the protocol, and no other."""


class LocationPart(_Body, frozen=True):
    country: _Text | None


class InstitutionPart(_Body, frozen=True):
    name: _Text | None


class ContextPart(_Body, frozen=True):
    course_type: _Text | None
    experience_level: _Text | None
    cohort: _Text | None


class ProgressPart(_Body, frozen=True):
    setup_verified: bool
    milestones_passed: _Count
    modules_completed: _Count
    capstone_score: _Score | None


class ProfileBody(_Body, frozen=True):
    """A profile. `joined_on` is checked and not kept: the day of arrival counts."""

    schema: Literal[1]
    anonymous_id: uuid.UUID | None
    joined_on: date | None
    location: LocationPart
    institution: InstitutionPart
    context: ContextPart
    progress: ProgressPart


class LeaveBody(_Body, frozen=True):
    schema: Literal[1]
    anonymous_id: uuid.UUID | None


class VerdictPart(_Body, frozen=True):
    status: _Text | None = None
    reasons: Annotated[list[dict[str, float | _Text | None]], msgspec.Meta(max_length=20)] = []


class SystemPart(_Body, frozen=True):
    machine: dict[str, float | _Text | None] = {}
    runtime: dict[str, float | _Text | None] = {}


class SubmissionBody(_Body, frozen=True):
    """A benchmark submission; figures are numbers, nulls, short lists and groups of them."""

    schema: Literal[1]
    kind: Literal["submission"]
    created_at: str
    tito_bench_version: str
    benchmark: Literal["baseline", "capstone", "other"]
    measured_at: str | None
    anonymous_id: uuid.UUID | None
    subject: dict[str, float | _Text | None]
    raw_metrics: dict[str, Any]
    normalized_metrics: dict[str, Any]
    verdict: VerdictPart
    system_info: SystemPart | None


class SessionBody(_Body, frozen=True):
    """The token of a link, handed over by the page that it opens."""

    token: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode_body(body: bytes, kind: type[T]) -> T:
    """Return the body as its type.

    Raises `MalformedBody` with one line that says what is wrong and where.
    """
    try:
        found: T = _decoder(kind).decode(body)  # type: ignore[arg-type]  # a class is hashable
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBody(safe_text(str(error) or "nested too deeply")) from error
    if isinstance(found, SubmissionBody):
        _check_figures(found.raw_metrics, "raw_metrics")
        _check_figures(found.normalized_metrics, "normalized_metrics")
    return found


_DEEPEST = 16


def _check_figures(found: dict[str, Any], where: str, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise MalformedBody(f"nested too deeply - at `$.{where}`")
    for value in found.values():
        if isinstance(value, dict):
            _check_figures(value, where, depth + 1)
        elif isinstance(value, list):
            if len(value) > 20 or not all(map(_is_figure, value)):
                raise MalformedBody(f"expected at most 20 numbers in a list - at `$.{where}`")
        elif not _is_figure(value):
            raise MalformedBody(f"expected numbers, got {type(value).__name__} - at `$.{where}`")


def _is_figure(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
