"""What a student may ask a community server for: the course, its tables, oneself, a link.

Asking sends nothing but the question; the member key goes along only where nothing is
told without it, and only to the server that it was made for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import urlencode

import msgspec

from tito_bench.community.peers import Count, Span
from tito_bench.errors import TitoBenchError, UsageError
from tito_bench.safe_text import safe_text
from tito_bench.website.client import Answer, Client, Limits
from tito_bench.website.network_policy import parse_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tito_bench.website.member_key import MemberKeys
    from tito_bench.website.network_policy import WebsiteAddress

__all__ = [
    "LINKS",
    "About",
    "AskingFailed",
    "CohortTable",
    "CommunityApi",
    "CommunityMap",
    "CourseTypeCount",
    "Link",
    "peer_bytes",
]

S = TypeVar("S", bound=msgspec.Struct)

LINKS = "/api/community/links"
_ABOUT = "/api/community/about"
_MAP = "/api/community/map"
_COHORT = "/api/community/cohort"
_ME = "/api/community/me"
_PEERS = "/api/community/"
_AGAIN_S = 5.0
_ALL_OF_ME = Limits(answer_bytes=16 * 1024 * 1024)
"""Submissions of 90 days in full."""
_SAID = frozenset({403, 404, 409, 422})
"""What the server says no to in words for the student."""
_FOR_MEMBERS = frozenset({401, 404})


class AskingFailed(TitoBenchError):
    """The community server did not answer a question, or not as it should."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown before anything is sent."""

    course: str
    takes_members: bool
    operator: str | None
    contact: str | None
    privacy_note: str | None
    privacy_url: str
    minimum_age: int
    smallest_group: int
    public_map: bool
    cohorts: list[str]
    server: str


class CountryCount(msgspec.Struct, frozen=True):
    """At least so many people of a country."""

    country: str
    at_least: Count


class _Released(msgspec.Struct, frozen=True, kw_only=True):
    released_on: str | None
    cohort: str | None
    people_at_least: Count
    note: str | None = None


class CommunityMap(_Released, frozen=True, kw_only=True):
    """Members by country."""

    countries: list[CountryCount]
    not_given_at_least: Count
    other_at_least: Count


class CourseTypeCount(msgspec.Struct, frozen=True):
    """At least so many people of a kind of course."""

    course_type: str
    at_least: Count


class InstitutionCount(msgspec.Struct, frozen=True):
    """At least so many people of an institution."""

    name: str
    at_least: Count


class Capstone(msgspec.Struct, frozen=True):
    """The quartile edges of the capstone scores."""

    people_at_least: Count
    quartiles: Annotated[list[Count], msgspec.Meta(min_length=3, max_length=3)]


class CohortTable(_Released, frozen=True, kw_only=True):
    """How far a cohort is."""

    modules: list[Span]
    modules_other_at_least: Count
    milestones: list[Span]
    milestones_other_at_least: Count
    course_types: list[CourseTypeCount]
    course_types_other_at_least: Count
    capstone: Capstone | None
    institutions: list[InstitutionCount] = []


class Link(msgspec.Struct, frozen=True):
    """An address that opens the pages as a member, once."""

    url: str
    expires_s: Count


@dataclass(frozen=True)
class CommunityApi:
    """Asks the server at `address`. Each question raises `AskingFailed`."""

    address: WebsiteAddress
    keys: MemberKeys | None = None

    def about(self) -> About:
        """Ask which course this is, and who is responsible."""
        answer = self._client().get(_ABOUT)
        if answer.status == 404:
            said = "no course has this address; ask your instructor for it"
            if answer.document is not None:  # a community server's words, and no page of the web
                said = _own_words(answer)
            raise AskingFailed(f"{self._shown}: {said}")
        return self._read(answer, About)

    def community_map(self, cohort: str | None) -> tuple[CommunityMap, Mapping[str, Any]]:
        """Fetch members by country, and the document as it came; as a stranger if that will do."""
        path = _MAP + _query("cohort", cohort)
        answer = self._client().get(path)
        if answer.status in _FOR_MEMBERS:
            known = self._known_key()
            if known is not None:
                answer = self._client().get(path, known)
        found = self._read(answer, CommunityMap)
        return found, answer.document or {}

    def cohort(self, name: str | None) -> tuple[CohortTable, Mapping[str, Any]]:
        """Return how far a cohort is, and the document as it came. Nothing is said of who asks but
        that they are a member."""
        answer = self._client().get(_COHORT + _query("name", name), self._needed_key())
        found = self._read(answer, CohortTable)
        return found, answer.document or {}

    def me(self) -> Mapping[str, Any]:
        """Return all that the server holds about the member."""
        answer = Client(self.address, _ALL_OF_ME).get(_ME, self._needed_key())
        return self._document(answer)

    def new_link(self) -> Link:
        """Ask for a link that opens the pages; it leads to this server and nowhere else."""
        link = self._read(self._client().create(LINKS, self._needed_key()), Link)
        page, _, token = link.url.partition("#")
        try:
            origin = parse_address(page).origin
        except UsageError:
            origin = None
        if origin != self.address.origin or not token.isascii() or not token.isprintable():
            raise AskingFailed(
                f"{self._shown} answered with a link to another place ({safe_text(page, 100)}); "
                "it was not opened: tell whoever runs the server, whose public_url may be wrong"
            )
        return link

    def peers(self, path: str) -> Mapping[str, Any]:
        """Return what the server tells this member of peers: cards, groups, matches, the inbox."""
        return self._document(self._client().get(_PEERS + path, self._needed_key()))

    def act(self, method: str, path: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Do something among peers, with a body or without."""
        sent = None if body is None else peer_bytes(body)
        answer = self._client().change(method, _PEERS + path, sent, self._needed_key())
        return self._document(answer)

    def changes(self) -> Iterator[None]:
        """Yield once at the begin, and whenever there may be something new, without end.

        After a broken connection it begins again; what came meanwhile is not lost, for
        nothing but that there is something is told here.
        """
        key, client = self._needed_key(), self._client()
        while True:
            yield from client.listen(f"{_PEERS}events", key)
            client.sleep(_AGAIN_S)

    def _client(self) -> Client:
        return Client(self.address)

    @property
    def _shown(self) -> str:
        return safe_text(self.address.url)

    def _known_key(self) -> str | None:
        return self.keys.known(self.address.origin) if self.keys else None

    def _needed_key(self) -> str:
        key = self._known_key()
        if key is None:
            raise AskingFailed(
                f"nothing of you was sent to {self._shown} yet, so that it does not know you; run: "
                "tito-bench community join --share, or where you have joined: "
                "tito-bench community sync --share"
            )
        return key

    def _read(self, answer: Answer, kind: type[S]) -> S:
        document = self._document(answer)
        try:
            return msgspec.convert(document, kind)
        except msgspec.ValidationError as error:
            raise AskingFailed(
                f"the answer of {self._shown} is not that of a community server "
                f"({safe_text(str(error))}); is this the right address?"
            ) from error

    def _document(self, answer: Answer) -> Mapping[str, Any]:
        if answer.outcome == "accepted" and answer.document is not None:
            return answer.document
        if answer.status == 401:
            raise AskingFailed(
                f"{self._shown} does not know you ({_own_words(answer)}); join: "
                "tito-bench community join --share. Where you have joined, and lost your key or "
                "the server its members: tito-bench community leave, then join again"
            )
        if answer.status in _SAID and answer.document is not None:
            raise AskingFailed(f"{self._shown}: {_own_words(answer)}")
        raise AskingFailed(
            f"{self._shown} gives no answer ({answer.reason}); try again later, or ask whoever "
            "runs it"
        )


def peer_bytes(body: Mapping[str, Any]) -> bytes:
    """Return the bytes of a body as they are sent, and shown before."""
    return msgspec.json.encode(body)


def _query(name: str, value: str | None) -> str:
    return f"?{urlencode({name: value})}" if value is not None else ""


def _own_words(answer: Answer) -> str:
    return answer.reason.removeprefix(f"status {answer.status}: ")
