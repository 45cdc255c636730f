"""What a member may see and open: their own data, a link, a session."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from tito_bench_server.client_package import country_name
from tito_bench_server.members.messages import COURSE_TYPE_NAMES, EXPERIENCE_NAMES, digest_of
from tito_bench_server.peers.export import export_peers
from tito_bench_server.store import tables
from tito_bench_server.store.database import Database

__all__ = [
    "end_session",
    "export",
    "keep_link",
    "key_digest",
    "member_by_key",
    "member_by_session",
    "open_session",
    "place_of",
]


def key_digest(secret: str) -> bytes:
    """Return what is kept of a member key or token: 256 random bits need no salt."""
    return digest_of(secret.encode())


def member_by_key(database: Database, digest: bytes) -> int | None:
    """Return the number of the member with this key."""
    with database.read() as connection:
        return connection.execute(
            sa.select(tables.member.c.id).where(tables.member.c.key_digest == digest)
        ).scalar()


def member_by_session(database: Database, token: str, now_s: int) -> int | None:
    """Return the number of the member whose session this is, if it is not over."""
    session = tables.session
    with database.read() as connection:
        return connection.execute(
            sa.select(session.c.member_id).where(
                session.c.token_digest == key_digest(token), session.c.until_s > now_s
            )
        ).scalar()


def place_of(database: Database, member_id: int) -> tuple[int, int] | None:
    """Return course and cohort of a member."""
    member = tables.member
    with database.read() as connection:
        row = connection.execute(
            sa.select(member.c.course_id, member.c.cohort_id).where(member.c.id == member_id)
        ).one_or_none()
    return None if row is None else (row[0], row[1])


def keep_link(connection: sa.Connection, token: str, member_id: int, until_s: int) -> None:
    """Remember a link by its digest."""
    connection.execute(
        sa.insert(tables.link).values(
            token_digest=key_digest(token), member_id=member_id, until_s=until_s
        )
    )


def open_session(
    connection: sa.Connection, token: str, session: str, now_s: int, until_s: int
) -> bool:
    """Use a link up and begin a session; False where it was used before or is too old."""
    link = tables.link
    member_id = connection.execute(
        sa.delete(link)
        .where(link.c.token_digest == key_digest(token), link.c.until_s > now_s)
        .returning(link.c.member_id)
    ).scalar()
    if member_id is None:
        return False
    connection.execute(
        sa.insert(tables.session).values(
            token_digest=key_digest(session), member_id=member_id, until_s=until_s
        )
    )
    return True


def end_session(connection: sa.Connection, token: str) -> None:
    """Forget a session."""
    session = tables.session
    connection.execute(sa.delete(session).where(session.c.token_digest == key_digest(token)))


def export(database: Database, member_id: int) -> dict[str, Any] | None:
    """Return all that is stored of a member, as one JSON object; None where nobody is."""
    member, course, cohort = tables.member, tables.course, tables.cohort
    submission, body, session = tables.submission, tables.submission_body, tables.session
    with database.read() as connection:
        row = (
            connection.execute(
                sa.select(member, course.c.name.label("course"), cohort.c.name.label("cohort"))
                .select_from(
                    member.join(course, course.c.id == member.c.course_id).outerjoin(
                        cohort, cohort.c.id == member.c.cohort_id
                    )
                )
                .where(member.c.id == member_id)
            )
            .mappings()
            .one_or_none()
        )
        if row is None:
            return None
        submissions = connection.execute(
            sa.select(submission, body.c.body)
            .outerjoin(body)
            .where(submission.c.member_id == member_id)
            .order_by(submission.c.id)
        ).mappings()
        sessions = connection.execute(
            sa.select(session.c.until_s).where(session.c.member_id == member_id)
        ).scalars()
        return {
            "schema": 1,
            "anonymous_id": str(uuid.UUID(bytes=bytes(row["anonymous_id"]))),
            "course": row["course"],
            "key_bound": row["key_digest"] is not None,
            "joined_on": _day(row["joined_day"]),
            "last_heard_of_on": _day(row["seen_day"]),
            "location": {"country": country_name(row["country"]) if row["country"] else None},
            "institution": {"name": row["institution_text"]},
            "context": {
                "course_type": _name(COURSE_TYPE_NAMES, row["course_type"]),
                "experience_level": _name(EXPERIENCE_NAMES, row["experience"]),
                "cohort": row["cohort"] or row["cohort_text"],
                "cohort_waits_for_approval": row["cohort_text"] is not None,
            },
            "progress": {
                "setup_verified": bool(row["setup"]),
                "milestones_passed": row["milestones"],
                "modules_completed": row["modules"],
                "capstone_score": row["capstone"],
            },
            "counted_in": {
                kind: row[f"shown_{kind}"]
                for kind in (
                    "country",
                    "modules",
                    "milestones",
                    "course_type",
                    "capstone",
                    "institution",
                )
                if row[f"shown_{kind}"] is not None
            },
            "submissions": [
                {
                    "received_on": _day(one["received_day"]),
                    "benchmark": one["benchmark"],
                    "score": one["score"],
                    "verdict": one["verdict"],
                    "body": None
                    if one["body"] is None
                    else msgspec.json.decode(bytes(one["body"])),
                }
                for one in submissions
            ],
            "sessions_until": [
                datetime.fromtimestamp(until_s, UTC).isoformat() for until_s in sessions
            ],
            "peers": export_peers(connection, member_id),
        }


def _name(names: tuple[str, ...], place: int) -> str | None:
    return names[place] if place else None


def _day(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()
