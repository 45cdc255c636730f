"""The bodies by which members find each other, exactly as docs/api.yaml says."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from tito_bench_server.client_package import safe_text

__all__ = [
    "GROUP_PLACES",
    "LANGUAGE",
    "PACES",
    "REASONS",
    "AnswerAskBody",
    "AnswerMatchBody",
    "AskBody",
    "CardBody",
    "EmptyBody",
    "GroupBody",
    "ObjectBody",
    "OfferBody",
    "ReportBody",
    "RequestBody",
    "WishBody",
]

LANGUAGE = r"^[a-z]{2,3}$"
PACES = ("relaxed", "steady", "fast")
REASONS = ("spam", "unkind", "personal data", "other")
GROUP_PLACES = (3, 6)
_Pace = Literal["relaxed", "steady", "fast"]
_Reason = Literal["spam", "unkind", "personal data", "other"]
_Kind = Literal["card", "group", "seat", "match"]
_Language = Annotated[str, msgspec.Meta(pattern=LANGUAGE)]
_Offset = Annotated[int, msgspec.Meta(ge=-12, le=14)]
_Module = Annotated[int, msgspec.Meta(ge=1, le=20)]
_Contact = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
# PostgreSQL's texts hold no NUL, so that nothing is called so.
_Ref = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[^\0]+$")]
_HANDLE = re.compile(r"\w[\w -]{0,22}\w")
_ADDRESS = re.compile(r"://|www\.|@|\w\.\w{2,}(/|\b)|(\d[ ()/.-]*){7}", re.IGNORECASE)


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All fields of the protocol, and no other."""


class EmptyBody(_Body, frozen=True, kw_only=True):
    """Nothing is to be said beside the address."""


class CardBody(_Body, frozen=True, kw_only=True):
    """A card of the roster."""

    handle: Annotated[str, msgspec.Meta(min_length=2, max_length=24)]
    show_country: bool = False
    on_ladder: bool = False

    def __post_init__(self) -> None:
        if _HANDLE.fullmatch(self.handle) is None or safe_text(self.handle) != self.handle:
            raise ValueError("a handle has 2 to 24 letters, digits, spaces and hyphens")
        if _ADDRESS.search(self.handle):
            raise ValueError("a handle holds no address and no telephone number")


class GroupBody(_Body, frozen=True, kw_only=True):
    """A new study group. `contact` is shown to nobody but those who were accepted."""

    from_module: _Module
    to_module: _Module
    language: _Language
    utc_hours: _Offset
    places: Annotated[int, msgspec.Meta(ge=GROUP_PLACES[0], le=GROUP_PLACES[1])]
    contact: _Contact
    pace: _Pace = "steady"
    about: Annotated[str, msgspec.Meta(max_length=280)] = ""

    def __post_init__(self) -> None:
        if self.from_module > self.to_module:
            raise ValueError("from_module comes after to_module")
        if _ADDRESS.search(self.about):
            raise ValueError("about holds an address or a number; that belongs into contact")
        _check_contact(self.contact)


class AskBody(_Body, frozen=True, kw_only=True):
    """Asking to join a group: what its maker is shown beside a handle and the band of modules."""

    language: _Language
    utc_hours: _Offset


class AnswerAskBody(_Body, frozen=True, kw_only=True):
    """The maker's answer to one who asks."""

    handle: _Ref
    accept: bool


class OfferBody(_Body, frozen=True, kw_only=True):
    """An offer to be a mentor; how far one is, the profile says."""

    languages: Annotated[list[_Language], msgspec.Meta(min_length=1, max_length=5)]
    utc_hours: _Offset
    places: Annotated[int, msgspec.Meta(ge=1, le=3)]
    paused: bool = False


class RequestBody(_Body, frozen=True, kw_only=True):
    """A wish for a mentor."""

    module: _Module
    language: _Language
    utc_hours: _Offset


class AnswerMatchBody(_Body, frozen=True, kw_only=True):
    """An answer to a proposed match; `contact` is for this match alone."""

    accept: bool
    contact: _Contact | None = None

    def __post_init__(self) -> None:
        if self.accept != (self.contact is not None):
            raise ValueError("a yes comes with a contact, a no without")
        if self.contact is not None:
            _check_contact(self.contact)


class ObjectBody(_Body, frozen=True, kw_only=True):
    """Whom or what: a card's handle, a group's or match's id, a handle within a group."""

    kind: _Kind
    ref: _Ref
    group: _Ref | None = None


class ReportBody(ObjectBody, frozen=True, kw_only=True):
    """A report, for one of a few reasons: nothing is written about anybody."""

    reason: _Reason


class WishBody(_Body, frozen=True, kw_only=True):
    """What kind of group is looked for; the query of the list, so that numbers are text."""

    from_module: _Module | None = None
    to_module: _Module | None = None
    language: _Language | None = None
    utc_hours: _Offset | None = None


def _check_contact(text: str) -> None:
    if safe_text(text, 200) != text or not text.strip():
        raise ValueError("a contact is one line without control characters")
