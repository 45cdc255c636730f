"""Who acts, in which course, and what that course allows."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal, NoReturn

import sqlalchemy as sa

from tito_bench_server.courses import features_of
from tito_bench_server.problems import Problem
from tito_bench_server.store import tables

__all__ = ["Caller", "Feature", "caller_of", "new_id", "not_there", "refuse", "shunned"]

Feature = Literal["roster", "ladder", "groups", "mentors"]


@dataclass(frozen=True)
class Caller:
    """The member who acts today (days since 1970-01-01)."""

    id: int
    course_id: int
    modules: int
    milestones: int
    today: int
    is_open: bool
    features: frozenset[str]

    def need(self, feature: Feature) -> None:
        """Raise `Refusal` with 403 where the course does not have it."""
        if feature not in self.features:
            refuse(403, "Not in this course", f"this course has no {feature}")

    def need_open(self) -> None:
        """Raise `Refusal` with 409 where the course is closed: nothing new begins there."""
        if not self.is_open:
            refuse(409, "Course closed", "this course is closed: nothing new begins in it")


def caller_of(connection: sa.Connection, member_id: int, today: int) -> Caller:
    """Return who acts; raises `Refusal` with 401 for one who has just left."""
    row = connection.execute(_MEMBER, {"whose": member_id}).one_or_none()
    if row is None:
        refuse(401, "Not known", "this needs the member key of someone who has joined")
    features = features_of(
        roster=bool(row.roster_on) and row.code_digest is not None,
        ladder=bool(row.ladder_on),
        groups=bool(row.groups_on),
        mentors=bool(row.mentors_on),
        school=bool(row.school),
    )
    return Caller(
        id=member_id,
        course_id=row.course_id,
        modules=row.modules,
        milestones=row.milestones,
        today=today,
        is_open=bool(row.takes_members),
        features=frozenset(name for name, on in features.items() if on),
    )


_MEMBER = (
    sa.select(
        tables.member.c.course_id,
        tables.member.c.modules,
        tables.member.c.milestones,
        tables.course,
    )
    .join(tables.course, tables.course.c.id == tables.member.c.course_id)
    .where(tables.member.c.id == sa.bindparam("whose"))
)


def shunned(connection: sa.Connection, member_id: int) -> frozenset[int]:
    """Return those whom this member blocked or who blocked them: a block hides both ways."""
    block = tables.block
    return frozenset(
        connection.execute(
            sa.union_all(
                sa.select(block.c.other_id).where(block.c.member_id == member_id),
                sa.select(block.c.member_id).where(block.c.other_id == member_id),
            )
        ).scalars()
    )


def new_id() -> str:
    """Return a word that names a thing outside and tells nothing of it: 72 random bits."""
    return secrets.token_urlsafe(9)


def refuse(status: int, title: str, detail: str) -> NoReturn:
    """End the request with a problem."""
    raise Problem(status, title, detail).raised()


def not_there() -> NoReturn:
    """End the request as for a thing that never was: what is hidden looks the same."""
    refuse(404, "Not there", "there is nothing of this name for you; it may have ended")
