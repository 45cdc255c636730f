"""Who acts, in which course, and what that course allows."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

import sqlalchemy as sa

from tito_bench_server.courses import features_of
from tito_bench_server.problems import Problem
from tito_bench_server.store import tables

__all__ = [
    "Caller",
    "Feature",
    "caller_of",
    "id_of",
    "new_id",
    "not_there",
    "refuse",
    "reported",
    "shunned",
]

ID_BYTES = 10
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


def caller_of(connection: sa.Connection, sender: int | bytes, today: int) -> Caller:
    """Return who acts, by number or by the digest of the member key.

    Raises `Refusal` with 401 for nobody's key, and for one who has just left.
    """
    statement = _BY_KEY if isinstance(sender, bytes) else _BY_NUMBER
    row = connection.execute(statement, {"whose": sender}).one_or_none()
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
        id=row.member_id,
        course_id=row.course_id,
        modules=row.modules,
        milestones=row.milestones,
        today=today,
        is_open=bool(row.takes_members),
        features=frozenset(name for name, on in features.items() if on),
    )


_MEMBER = sa.select(
    tables.member.c.id.label("member_id"),
    tables.member.c.course_id,
    tables.member.c.modules,
    tables.member.c.milestones,
    tables.course,
).join(tables.course, tables.course.c.id == tables.member.c.course_id)
_BY_NUMBER = _MEMBER.where(tables.member.c.id == sa.bindparam("whose"))
_BY_KEY = _MEMBER.where(tables.member.c.key_digest == sa.bindparam("whose"))
_SHUNNED = sa.union_all(
    sa.select(tables.block.c.other_id).where(tables.block.c.member_id == sa.bindparam("whose")),
    sa.select(tables.block.c.member_id).where(tables.block.c.other_id == sa.bindparam("whose")),
)
_REPORTED = sa.select(tables.report.c.about_id, tables.report.c.object_id).where(
    tables.report.c.member_id == sa.bindparam("whose"),
    tables.report.c.kind == sa.bindparam("kind"),
)


def shunned(connection: sa.Connection, member_id: int) -> frozenset[int]:
    """Return those whom this member blocked or who blocked them: a block hides both ways."""
    return frozenset(connection.execute(_SHUNNED, {"whose": member_id}).scalars())


def reported(
    connection: sa.Connection, caller: Caller, kind: Literal["card", "group"]
) -> Mapping[str, int]:
    """Return what the caller reported, and whose it is: it is hidden from them at once."""
    rows = connection.execute(_REPORTED, {"whose": caller.id, "kind": kind})
    return {row.object_id: row.about_id for row in rows}


def new_id() -> str:
    """Return a word that names a thing outside and tells nothing of it."""
    return id_of(secrets.token_bytes(ID_BYTES))


def id_of(random: bytes) -> str:
    """Return 80 bits as 16 small letters and digits: with a hyphen, a word could begin like an
    option of the command line."""
    return base64.b32encode(random[:ID_BYTES]).decode().lower()


def refuse(status: int, title: str, detail: str) -> NoReturn:
    """End the request with a problem."""
    raise Problem(status, title, detail).raised()


def not_there() -> NoReturn:
    """End the request as for a thing that never was: what is hidden looks the same."""
    refuse(404, "Not there", "there is nothing of this name for you; it may have ended")
