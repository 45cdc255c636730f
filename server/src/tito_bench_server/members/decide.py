"""What a group of messages does to the database: decided in memory, one after the other.

Pure: the store reads what the group may touch into a `Group`, `decide` is
called for each message in order, and the store writes what has changed in one
transaction. So a message sees what the ones before it in its group did, and
each is in effect once or not at all, whatever was lost on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from tito_bench_server.members.messages import (
    LeaveMessage,
    Message,
    ProfileFacts,
    ProfileMessage,
    SubmitMessage,
    folded,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "SHOWN",
    "CourseFacts",
    "Group",
    "MemberState",
    "NewSubmission",
    "Outcome",
    "decide",
]

SHOWN = ("country", "modules", "milestones", "course_type", "capstone", "institution")
"""The tables that a member is counted in, in the order of `MemberState.shown`."""

_OVER_ALL_COHORTS = frozenset({"institution"})
_NOWHERE: tuple[str | int | None, ...] = (None,) * len(SHOWN)


class Outcome(Enum):
    """What became of a message."""

    STORED = auto()
    STORED_BEFORE = auto()
    KEY_REUSED = auto()
    UNKNOWN_COURSE = auto()
    COURSE_CLOSED = auto()
    JOINS_SPENT = auto()
    WRONG_KEY = auto()
    GONE = auto()
    NOT_KNOWN = auto()


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What a message needs to know of a course. `joins_left` is of today."""

    id: int
    takes_members: bool
    joins_left: int


@dataclass(slots=True)
class MemberState:
    """One member's row; `shown` is where the last releases counted them."""

    id: int
    course_id: int
    anonymous_id: bytes
    key_digest: bytes | None
    facts: ProfileFacts
    cohort_id: int
    cohort_text: str | None
    institution_id: int | None
    joined_day: int
    seen_day: int
    shown: tuple[str | int | None, ...] = _NOWHERE


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """A submission to be stored."""

    course_id: int
    member_id: int | None
    message: SubmitMessage


@dataclass
class Group:
    """All that the messages of one group may touch, and what they changed.

    `digest_of` turns an anonymous id into what a tombstone keeps of it; `courses`
    is by the digest of their code; `cohorts` by course and folded name, and holds
    approved ones only; `institutions` by folded name. `tombstones` holds all that
    the messages could meet.
    """

    digest_of: Callable[[bytes], bytes]
    today: int
    next_id: int
    courses: dict[bytes | None, CourseFacts] = field(default_factory=dict)
    members: dict[bytes, MemberState] = field(default_factory=dict)
    by_key: dict[bytes, MemberState] = field(default_factory=dict)
    messages: dict[bytes, bytes] = field(default_factory=dict)
    tombstones: set[bytes] = field(default_factory=set)
    cohorts: dict[tuple[int, str], int] = field(default_factory=dict)
    institutions: dict[str, int] = field(default_factory=dict)
    # What changed:
    added: dict[int, MemberState] = field(default_factory=dict)
    changed: dict[int, MemberState] = field(default_factory=dict)
    removed: dict[int, MemberState] = field(default_factory=dict)
    new_messages: dict[bytes, bytes] = field(default_factory=dict)
    new_tombstones: set[bytes] = field(default_factory=set)
    new_submissions: list[NewSubmission] = field(default_factory=list)
    joins: dict[int, int] = field(default_factory=dict)
    departures: dict[tuple[int, int, str], int] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)  # to another course

    def place(self, course_id: int, cohort: str | None) -> tuple[int, str | None]:
        """Return the cohort's number, and its name where that waits for approval."""
        if cohort is None:
            return 0, None
        found = self.cohorts.get((course_id, folded(cohort)))
        return (0, cohort) if found is None else (found, None)

    def institution(self, name: str | None) -> int | None:
        """Return the number of an institution, None where its name is not approved."""
        return None if name is None else self.institutions.get(folded(name))


def decide(group: Group, message: Message) -> Outcome:
    """Apply one message to the group and return what became of it.

    Only what changed something is remembered by its key: a refusal may turn into
    a yes, when the course has been opened for example.
    """
    before = group.messages.get(message.key)
    if before is not None:
        return Outcome.STORED_BEFORE if before == message.digest else Outcome.KEY_REUSED
    if isinstance(message, LeaveMessage):
        outcome = _leave(group, message)
    elif isinstance(message, SubmitMessage):
        outcome = _submit(group, message)
    else:
        outcome = _profile(group, message)
    if outcome is Outcome.STORED:
        group.messages[message.key] = message.digest
        group.new_messages[message.key] = message.digest
    return outcome


def _profile(group: Group, message: ProfileMessage) -> Outcome:
    """A join, or a profile: of an unknown id it is a join whose first message was lost."""
    if group.digest_of(message.anonymous_id) in group.tombstones:
        return Outcome.GONE
    known = group.members.get(message.anonymous_id)
    if known is not None and not _may_speak(known, message):
        return Outcome.WRONG_KEY
    if known is None and message.key_digest is not None:
        known = group.by_key.get(message.key_digest)  # the same person with a new id
    course = group.courses.get(message.code_digest)
    # A code that was changed does not hurt members: they are known by themselves.
    if known is not None and (course is None or course.id == known.course_id):
        _change(group, message, known, known.course_id)
        return Outcome.STORED
    if course is None:
        return Outcome.UNKNOWN_COURSE
    if not course.takes_members:
        return Outcome.COURSE_CLOSED
    if group.joins.get(course.id, 0) >= course.joins_left:
        return Outcome.JOINS_SPENT
    if known is None:
        _add(group, message, course)
    else:
        _change(group, message, known, course.id)
    group.joins[course.id] = group.joins.get(course.id, 0) + 1
    return Outcome.STORED


def _add(group: Group, message: ProfileMessage, course: CourseFacts) -> None:
    cohort_id, waiting = group.place(course.id, message.facts.cohort)
    new = MemberState(
        id=group.next_id,
        course_id=course.id,
        anonymous_id=message.anonymous_id,
        key_digest=message.key_digest,
        facts=message.facts,
        cohort_id=cohort_id,
        cohort_text=waiting,
        institution_id=group.institution(message.facts.institution),
        joined_day=group.today,
        seen_day=group.today,
    )
    group.next_id += 1
    group.added[new.id] = new
    group.members[new.anonymous_id] = new
    if new.key_digest is not None:
        group.by_key[new.key_digest] = new


def _change(group: Group, message: ProfileMessage, known: MemberState, course_id: int) -> None:
    cohort_id, waiting = group.place(course_id, message.facts.cohort)
    if course_id != known.course_id:
        _depart(group, known, frozenset(SHOWN))
        known.joined_day = group.today  # a newcomer there settles like any other
        group.moved.add(known.id)
    elif cohort_id != known.cohort_id:
        _depart(group, known, frozenset(SHOWN) - _OVER_ALL_COHORTS)
    known.course_id, known.cohort_id, known.cohort_text = course_id, cohort_id, waiting
    known.institution_id = group.institution(message.facts.institution)
    known.facts = message.facts
    known.seen_day = group.today
    if message.anonymous_id != known.anonymous_id:
        _bury(group, known.anonymous_id)
        del group.members[known.anonymous_id]
        known.anonymous_id = message.anonymous_id
        group.members[known.anonymous_id] = known
    key = message.key_digest
    # A key that is somebody else's is not bound twice; `by_key` holds every known one.
    if known.key_digest is None and key is not None and key not in group.by_key:
        known.key_digest = key
        group.by_key[key] = known
    if known.id not in group.added:
        group.changed[known.id] = known


def _leave(group: Group, message: LeaveMessage) -> Outcome:
    known = group.members.get(message.anonymous_id)
    if known is None:
        # A join that is still on its way must not bring the person back.
        already = group.digest_of(message.anonymous_id) in group.tombstones
        _bury(group, message.anonymous_id)
        return Outcome.GONE if already else Outcome.NOT_KNOWN
    if not _may_speak(known, message):
        return Outcome.WRONG_KEY
    _depart(group, known, frozenset(SHOWN))
    _bury(group, known.anonymous_id)
    del group.members[known.anonymous_id]
    if known.key_digest is not None:
        group.by_key.pop(known.key_digest, None)
    group.changed.pop(known.id, None)
    if group.added.pop(known.id, None) is None:
        group.removed[known.id] = known
    group.new_submissions = [one for one in group.new_submissions if one.member_id != known.id]
    return Outcome.STORED


def _submit(group: Group, message: SubmitMessage) -> Outcome:
    known: MemberState | None = None
    if message.anonymous_id is not None:
        if group.digest_of(message.anonymous_id) in group.tombstones:
            return Outcome.GONE
        known = group.members.get(message.anonymous_id)
        if known is not None and not _may_speak(known, message):
            return Outcome.WRONG_KEY
    course = group.courses.get(message.code_digest)
    if known is not None:
        known.seen_day = group.today
        if known.id not in group.added:
            group.changed[known.id] = known
        group.new_submissions.append(NewSubmission(known.course_id, known.id, message))
        return Outcome.STORED
    if course is None:
        return Outcome.UNKNOWN_COURSE
    group.new_submissions.append(NewSubmission(course.id, None, message))
    return Outcome.STORED


def _may_speak(known: MemberState, message: Message) -> bool:
    return known.key_digest is None or known.key_digest == message.key_digest


def _depart(group: Group, known: MemberState, kinds: frozenset[str]) -> None:
    """Count one change in each of these tables that showed this member in its row."""
    for kind, cell in zip(SHOWN, known.shown, strict=True):
        if cell is not None and kind in kinds:
            row = 0 if kind in _OVER_ALL_COHORTS else known.cohort_id
            place = (known.course_id, row, kind)
            group.departures[place] = group.departures.get(place, 0) + 1
    known.shown = tuple(
        None if kind in kinds else cell for kind, cell in zip(SHOWN, known.shown, strict=True)
    )


def _bury(group: Group, anonymous_id: bytes) -> None:
    digest = group.digest_of(anonymous_id)
    if digest not in group.tombstones:
        group.tombstones.add(digest)
        group.new_tombstones.add(digest)
