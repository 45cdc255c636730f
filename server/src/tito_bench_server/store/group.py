"""Reading what a group of messages may touch, and writing what it changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import sqlalchemy as sa

from tito_bench_server.members.decide import (
    SHOWN,
    CourseFacts,
    Group,
    MemberState,
    Outcome,
    decide,
)
from tito_bench_server.members.messages import (
    Message,
    ProfileFacts,
    ProfileMessage,
    folded,
    is_term,
)
from tito_bench_server.peers.departing import erase_peers
from tito_bench_server.settings import keyed_digest
from tito_bench_server.store import tables
from tito_bench_server.store.bodies import make_week, week_of
from tito_bench_server.store.bulk import Bulk, Row, bulk_for
from tito_bench_server.store.tables import day_of

__all__ = ["GroupStore", "id_digest", "utc_today"]

_MEMBER = (
    "id",
    "course_id",
    "anonymous_id",
    "key_digest",
    "cohort_id",
    "cohort_text",
    "country",
    "institution_text",
    "institution_id",
    "course_type",
    "experience",
    "modules",
    "milestones",
    "capstone",
    "setup",
    "joined_day",
    "seen_day",
    *(f"shown_{kind}" for kind in SHOWN),
)
_SUBMISSION = (
    "course_id",
    "member_id",
    "received_day",
    "benchmark",
    "score",
    "verdict",
    "digest",
)
_BODY = ("received_day", "submission_id", "body")


def utc_today() -> date:
    """Return the day in UTC."""
    return datetime.now(UTC).date()


def id_digest(secret: bytes, anonymous_id: bytes) -> bytes:
    """Return what a tombstone keeps of an anonymous id."""
    return keyed_digest(secret, "anonymous id", anonymous_id)


@dataclass
class GroupStore:
    """Applies groups of messages; holds nothing but what never changes (cohort numbers, and of
    which week there are bodies)."""

    secret: bytes
    today: Callable[[], date] = utc_today
    _cohorts: dict[tuple[int, str], int] = field(default_factory=dict)
    _week: int | None = None

    def apply(self, connection: sa.Connection, messages: Sequence[Message]) -> list[Outcome]:
        """Decide all messages in order and write the result; the caller commits."""
        bulk = bulk_for(connection)
        group = self._read(connection, bulk, messages)
        outcomes = [decide(group, message) for message in messages]
        week = week_of(group.today)
        if group.new_submissions and week != self._week and make_week(connection, week):
            self._week = week  # it was committed before
        _write(connection, bulk, group)
        return outcomes

    def _read(self, connection: sa.Connection, bulk: Bulk, messages: Sequence[Message]) -> Group:
        today = self.today()
        ids = {one.anonymous_id for one in messages if one.anonymous_id is not None}
        keys = {one.key_digest for one in messages if one.key_digest is not None}
        digests = {one: id_digest(self.secret, one) for one in ids}

        def digest_of(anonymous_id: bytes) -> bytes:
            found = digests.get(anonymous_id)
            return id_digest(self.secret, anonymous_id) if found is None else found

        rows = bulk.select(tables.member, _MEMBER, "anonymous_id", list(ids))
        known = {row[2] for row in rows}
        others = bulk.select(tables.member, _MEMBER, "key_digest", list(keys)) if keys else []
        rows += [row for row in others if row[2] not in known]
        members = [_member(row) for row in rows]
        buried = bulk.select(tables.tombstone, ("id_digest",), "id_digest", list(digests.values()))
        stored = bulk.select(
            tables.message, ("key", "digest"), "key", list({one.key for one in messages})
        )
        group = Group(
            digest_of=digest_of,
            today=day_of(today),
            next_id=(connection.execute(_LAST_MEMBER).scalar() or 0) + 1,
            courses=_courses(connection, messages, day_of(today)),
            members={one.anonymous_id: one for one in members},
            by_key={one.key_digest: one for one in members if one.key_digest is not None},
            messages=dict(_pairs(stored)),
            tombstones={row[0] for row in buried},
        )
        group.cohorts = self._cohorts_for(connection, group, messages, today)
        group.institutions = _institutions(bulk, messages)
        return group

    def _cohorts_for(
        self, connection: sa.Connection, group: Group, messages: Sequence[Message], today: date
    ) -> dict[tuple[int, str], int]:
        """Return the cohorts that the messages name; a term gets its row when first named."""
        found: dict[tuple[int, str], int] = {}
        for message in messages:
            name = message.facts.cohort if isinstance(message, ProfileMessage) else None
            if name is None:
                continue
            for course_id in _course_ids(group, message):
                place = (course_id, folded(name))
                if place not in found:
                    number = self._cohort(connection, place, name, today)
                    if number is not None:
                        found[place] = number
        return found

    def _cohort(
        self, connection: sa.Connection, place: tuple[int, str], name: str, today: date
    ) -> int | None:
        known = self._cohorts.get(place)
        if known is not None:
            return known
        table = tables.cohort
        number = connection.execute(
            sa.select(table.c.id).where(table.c.course_id == place[0], table.c.folded == place[1])
        ).scalar()
        if number is not None:
            self._cohorts[place] = number  # it was committed before, so it stays
        elif is_term(name, today):
            number = connection.execute(
                sa.insert(table)
                .values(course_id=place[0], name=name, folded=place[1])
                .returning(table.c.id)
            ).scalar_one()
        return number


# Made once: making a statement takes longer than running it.
_LAST_MEMBER = sa.select(sa.func.max(tables.member.c.id))
_COURSES = (
    sa.select(
        tables.course.c.code_digest,
        tables.course.c.id,
        tables.course.c.takes_members,
        tables.course.c.joins_per_day - sa.func.coalesce(tables.joining.c.joins, 0),
    )
    .select_from(
        tables.course.outerjoin(
            tables.joining,
            (tables.joining.c.course_id == tables.course.c.id)
            & (tables.joining.c.day == sa.bindparam("today")),
        )
    )
    .where(
        tables.course.c.code_digest.in_(sa.bindparam("codes", expanding=True))
        | (sa.bindparam("bare", type_=sa.Boolean) & tables.course.c.code_digest.is_(None))
    )
    .order_by(tables.course.c.id.desc())  # of several without a code the first one counts
)
_COUNT_JOINS = sa.text(
    "INSERT INTO joining (course_id, day, joins) VALUES (:course, :day, :joins)"
    " ON CONFLICT (course_id, day) DO UPDATE SET joins = joining.joins + excluded.joins"
)


def _institutions(bulk: Bulk, messages: Sequence[Message]) -> dict[str, int]:
    names = {
        folded(one.facts.institution)
        for one in messages
        if isinstance(one, ProfileMessage) and one.facts.institution
    }
    if not names:
        return {}
    columns = ("folded", "institution_id")
    rows = bulk.select(tables.institution_alias, columns, "folded", list(names))
    return {row[0]: row[1] for row in rows}


def _pairs(rows: Sequence[Row]) -> list[tuple[bytes, bytes]]:
    return [(row[0], row[1]) for row in rows]


def _course_ids(group: Group, message: Message) -> set[int]:
    """Return the courses in which this message may put its sender."""
    found: set[int] = set()
    course = group.courses.get(message.code_digest)
    if course is not None:
        found.add(course.id)
    if message.anonymous_id in group.members:
        found.add(group.members[message.anonymous_id].course_id)
    if message.key_digest in group.by_key:
        found.add(group.by_key[message.key_digest].course_id)
    return found


def _courses(
    connection: sa.Connection, messages: Sequence[Message], today: int
) -> dict[bytes | None, CourseFacts]:
    codes = {one.code_digest for one in messages}
    wanted = {"codes": list(codes - {None}), "bare": None in codes, "today": today}
    rows = connection.execute(_COURSES, wanted)
    return {code: CourseFacts(number, takes, left) for code, number, takes, left in rows}


def _member(row: Row) -> MemberState:
    found = dict(zip(_MEMBER, row, strict=True))
    key = found["key_digest"]
    facts = ProfileFacts(
        cohort=None,
        country=found["country"],
        institution=found["institution_text"],
        course_type=found["course_type"],
        experience=found["experience"],
        modules=found["modules"],
        milestones=found["milestones"],
        capstone=found["capstone"],
        setup=bool(found["setup"]),
    )
    return MemberState(
        id=found["id"],
        course_id=found["course_id"],
        anonymous_id=bytes(found["anonymous_id"]),
        key_digest=None if key is None else bytes(key),
        facts=facts,
        cohort_id=found["cohort_id"],
        cohort_text=found["cohort_text"],
        institution_id=found["institution_id"],
        joined_day=found["joined_day"],
        seen_day=found["seen_day"],
        shown=tuple(row[-len(SHOWN) :]),
    )


def _member_row(one: MemberState) -> Row:
    facts = one.facts
    return (
        one.id,
        one.course_id,
        one.anonymous_id,
        one.key_digest,
        one.cohort_id,
        one.cohort_text,
        facts.country,
        facts.institution,
        one.institution_id,
        facts.course_type,
        facts.experience,
        facts.modules,
        facts.milestones,
        facts.capstone,
        facts.setup,
        one.joined_day,
        one.seen_day,
        *one.shown,
    )


def _write(connection: sa.Connection, bulk: Bulk, group: Group) -> None:
    """Write what changed. Members go before they come: a key may pass from one row to another."""
    if group.removed or group.moved:
        erase_peers(connection, {*group.removed, *group.moved}, group.today)
    if group.removed:
        gone = list(group.removed)
        bulk.delete(tables.submission, "member_id", gone)
        bulk.delete(tables.member, "id", gone)
    if group.added:
        bulk.insert(tables.member, _MEMBER, [_member_row(one) for one in group.added.values()])
    if group.changed:
        bulk.update(tables.member, _MEMBER, [_member_row(one) for one in group.changed.values()])
    if group.new_submissions:
        submissions = [
            (
                one.course_id,
                one.member_id,
                group.today,
                one.message.facts.benchmark,
                one.message.facts.score,
                one.message.facts.verdict,
                one.message.digest,
            )
            for one in group.new_submissions
        ]
        bodies = {
            (one.member_id, one.message.digest): one.message.facts.body
            if one.member_id
            else one.message.facts.body_without_id
            for one in group.new_submissions
        }
        told = ("id", "member_id", "digest")
        new = bulk.insert_new(tables.submission, _SUBMISSION, submissions, told)
        rows = [(group.today, number, bodies[member, digest]) for number, member, digest in new]
        if rows:
            bulk.insert(tables.submission_body, _BODY, rows)
    if group.new_messages:
        messages = [(key, digest, group.today) for key, digest in group.new_messages.items()]
        bulk.insert(tables.message, ("key", "digest", "day"), messages)
    if group.new_tombstones:
        buried = [(digest, group.today) for digest in group.new_tombstones]
        bulk.insert(tables.tombstone, ("id_digest", "day"), buried)
    for course_id, joins in group.joins.items():
        counted = {"course": course_id, "day": group.today, "joins": joins}
        connection.execute(_COUNT_JOINS, counted)
    for (course_id, cohort_id, kind), count in group.departures.items():
        release = tables.release
        connection.execute(
            sa.update(release)
            .where(
                release.c.course_id == course_id,
                release.c.cohort_id == cohort_id,
                release.c.kind == kind,
            )
            .values(departures=release.c.departures + count)
        )
