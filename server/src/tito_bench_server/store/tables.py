"""All tables, for SQLite and PostgreSQL alike.

The course stands first in every key that spans courses, so that a large
database can be distributed by it. Days are whole days since 1970-01-01 (UTC):
no time of day is kept of anybody. Ids, keys and digests are bytes.

`member.shown_*` is the cell in which a member was counted when the table of
that name was last released, or null: releases are made of these columns and
of nothing else, so that what is published and what counts as a change can
never disagree (see releases/marking.py).
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

__all__ = [
    "ALL_COHORTS",
    "NO_COHORT",
    "Bytes16",
    "audit",
    "block",
    "cohort",
    "course",
    "day_of",
    "document",
    "event",
    "group_contact",
    "inbox",
    "institution",
    "institution_alias",
    "joining",
    "link",
    "match_contact",
    "member",
    "mentor",
    "message",
    "metadata",
    "pairing",
    "release",
    "report",
    "request",
    "roster_card",
    "seat",
    "session",
    "setting",
    "study_group",
    "submission",
    "submission_body",
    "tombstone",
]

NO_COHORT: Final = 0
"""The row of those who gave no cohort, or one whose name is not approved."""

ALL_COHORTS: Final = -1
"""The row of a whole course in `release` and `document`."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts up only an INTEGER key

# Two bytes on PostgreSQL, where they make a member's row eight bytes shorter: up to 2059.
_Day = sa.Integer().with_variant(sa.SmallInteger, "postgresql")


class Bytes16(sa.types.TypeDecorator[bytes]):
    """Sixteen bytes. PostgreSQL keeps them as `uuid`: as `bytea` they have a length before them,
    which makes each entry of an index a third larger."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        kept = postgresql.UUID() if dialect.name == "postgresql" else sa.LargeBinary()
        return dialect.type_descriptor(kept)

    def process_bind_param(self, value: bytes | None, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name != "postgresql":
            return value
        return uuid.UUID(bytes=value)

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> bytes | None:
        return value.bytes if isinstance(value, uuid.UUID) else value


def day_of(day: date) -> int:
    """Return the days since 1970-01-01."""
    return day.toordinal() - _EPOCH


_EPOCH = date(1970, 1, 1).toordinal()

course = sa.Table(
    "course",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    # Keyed digest of the code; null for a course that anybody may join at the bare address.
    sa.Column("code_digest", sa.LargeBinary, unique=True),
    sa.Column("takes_members", sa.Boolean, nullable=False),
    sa.Column("public_map", sa.Boolean, nullable=False),
    sa.Column("school", sa.Boolean, nullable=False),
    sa.Column("joins_per_day", sa.Integer, nullable=False),
    # What members may find each other by; an operator turns each on or off.
    *(
        sa.Column(name, sa.Boolean, nullable=False, server_default=default)
        for name, default in (
            ("roster_on", sa.true()),
            ("ladder_on", sa.false()),
            ("groups_on", sa.true()),
            ("mentors_on", sa.true()),
        )
    ),
)

cohort = sa.Table(
    "cohort",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("course_id", sa.ForeignKey("course.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("folded", sa.Text, nullable=False),
    sa.UniqueConstraint("course_id", "folded"),
)

institution = sa.Table(
    "institution",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
)

institution_alias = sa.Table(
    "institution_alias",
    metadata,
    sa.Column("folded", sa.Text, primary_key=True),
    sa.Column(
        "institution_id", sa.ForeignKey("institution.id", ondelete="CASCADE"), nullable=False
    ),
)

member = sa.Table(
    "member",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=False),
    sa.Column("course_id", sa.ForeignKey("course.id"), nullable=False),
    # The wide ones first: PostgreSQL pads before each that is wider than what it stands behind.
    sa.Column("anonymous_id", Bytes16, nullable=False, unique=True),
    sa.Column("key_digest", Bytes16, unique=True),
    sa.Column("cohort_id", sa.Integer, nullable=False),
    sa.Column("joined_day", _Day, nullable=False),
    sa.Column("seen_day", _Day, nullable=False),
    sa.Column("institution_id", sa.Integer),
    sa.Column("shown_institution", sa.Integer),
    sa.Column("capstone", sa.Double),
    sa.Column("course_type", sa.SmallInteger, nullable=False),
    sa.Column("experience", sa.SmallInteger, nullable=False),
    sa.Column("modules", sa.SmallInteger, nullable=False),
    sa.Column("milestones", sa.SmallInteger, nullable=False),
    sa.Column("shown_modules", sa.SmallInteger),
    sa.Column("shown_milestones", sa.SmallInteger),
    sa.Column("shown_course_type", sa.SmallInteger),
    sa.Column("shown_capstone", sa.SmallInteger),
    sa.Column("setup", sa.Boolean, nullable=False),
    sa.Column("country", sa.Text),
    sa.Column("shown_country", sa.Text),
    sa.Column("institution_text", sa.Text),
    sa.Column("cohort_text", sa.Text),
)

message = sa.Table(
    "message",
    metadata,
    sa.Column("key", Bytes16, primary_key=True),
    sa.Column("digest", Bytes16, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

tombstone = sa.Table(
    "tombstone",
    metadata,
    sa.Column("id_digest", sa.LargeBinary, primary_key=True),
    sa.Column("day", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

submission = sa.Table(
    "submission",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("course_id", sa.ForeignKey("course.id"), nullable=False),
    # Null where the student sent no id: then nobody can know whose it is.
    sa.Column("member_id", sa.ForeignKey("member.id", ondelete="CASCADE")),
    sa.Column("received_day", sa.Integer, nullable=False),
    sa.Column("benchmark", sa.Text, nullable=False),
    sa.Column("score", sa.Double),
    sa.Column("verdict", sa.Text),
    sa.Column("digest", Bytes16, nullable=False),
    sa.UniqueConstraint("member_id", "digest"),
)

submission_body = sa.Table(
    "submission_body",
    metadata,
    # The day as in `submission`, by which PostgreSQL knows the partition; see bodies.py.
    sa.Column("received_day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("submission_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(
        ["received_day", "submission_id"],
        ["submission.received_day", "submission.id"],
        ondelete="CASCADE",
    ),
    postgresql_partition_by="RANGE (received_day)",
)

joining = sa.Table(
    "joining",
    metadata,
    sa.Column("course_id", sa.ForeignKey("course.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),
    sa.Column("joins", sa.Integer, nullable=False),
)

release = sa.Table(
    "release",
    metadata,
    sa.Column("course_id", sa.ForeignKey("course.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("cohort_id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("released_day", sa.Integer),
    # Members that this row counted and that are gone from it since.
    sa.Column("departures", sa.Integer, nullable=False),
    sa.Column("due", sa.Boolean, nullable=False),
    # The cells that are published, and the sum of the others, as JSON; null before the first.
    sa.Column("cells", sa.Text),
)

document = sa.Table(
    "document",
    metadata,
    sa.Column("course_id", sa.ForeignKey("course.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("cohort_id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("etag", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_digest", sa.LargeBinary, primary_key=True),
    sa.Column("member_id", sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=False),
    sa.Column("until_s", sa.BigInteger, nullable=False),
)

link = sa.Table(
    "link",
    metadata,
    sa.Column("token_digest", sa.LargeBinary, primary_key=True),
    sa.Column("member_id", sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=False),
    sa.Column("until_s", sa.BigInteger, nullable=False),
)

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# Peers: what members tell each other, which is all gone with the member (ON DELETE CASCADE).
# Cards, groups, requests and pairings are known outside by a random word, never by a number.


def _of_member(name: str = "member_id", *, key: bool = False) -> sa.Column[int]:
    return sa.Column(
        name, sa.ForeignKey("member.id", ondelete="CASCADE"), primary_key=key, nullable=False
    )


def _course_id() -> sa.Column[int]:
    return sa.Column("course_id", sa.ForeignKey("course.id"), nullable=False)


roster_card = sa.Table(
    "roster_card",
    metadata,
    _of_member(key=True),
    _course_id(),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("handle", sa.Text, nullable=False),
    sa.Column("folded", sa.Text, nullable=False),
    sa.Column("show_country", sa.Boolean, nullable=False),
    sa.Column("on_ladder", sa.Boolean, nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.UniqueConstraint("course_id", "folded"),
)

study_group = sa.Table(
    "study_group",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _course_id(),
    _of_member("maker_id"),
    sa.Column("from_module", sa.SmallInteger, nullable=False),
    sa.Column("to_module", sa.SmallInteger, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("utc_band", sa.SmallInteger, nullable=False),
    sa.Column("pace", sa.Text, nullable=False),
    sa.Column("places", sa.SmallInteger, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("about_approved", sa.Boolean, nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),
    # The day of the last sign of life; it lapses some time after.
    sa.Column("sign_day", sa.Integer, nullable=False),
)

group_contact = sa.Table(
    "group_contact",
    metadata,
    sa.Column("group_id", sa.ForeignKey("study_group.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

seat = sa.Table(
    "seat",
    metadata,
    sa.Column("group_id", sa.ForeignKey("study_group.id", ondelete="CASCADE"), primary_key=True),
    _of_member(key=True),
    sa.Column("handle", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # asked, in, declined, left
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("utc_band", sa.SmallInteger, nullable=False),
    sa.Column("since_day", sa.Integer, nullable=False),
    sa.UniqueConstraint("group_id", "handle"),
)

mentor = sa.Table(
    "mentor",
    metadata,
    _of_member(key=True),
    _course_id(),
    sa.Column("modules", sa.SmallInteger, nullable=False),
    # With a space before and after each, to be looked for as " en ".
    sa.Column("languages", sa.Text, nullable=False),
    sa.Column("utc_band", sa.SmallInteger, nullable=False),
    sa.Column("places", sa.SmallInteger, nullable=False),
    sa.Column("free", sa.SmallInteger, nullable=False),
    sa.Column("paused", sa.Boolean, nullable=False),
)

request = sa.Table(
    "request",
    metadata,
    # Counts up: who asked first is served first, and no time of day is kept.
    sa.Column("number", _Id, primary_key=True, autoincrement=True),
    _of_member(),
    _course_id(),
    sa.Column("module", sa.SmallInteger, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("utc_band", sa.SmallInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # open, proposed, met, withdrawn
    sa.Column("asked_day", sa.Integer, nullable=False),
    # When it was met or withdrawn.
    sa.Column("ended_day", sa.Integer),
)

pairing = sa.Table(
    "pairing",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _course_id(),
    sa.Column(
        "request_number", sa.ForeignKey("request.number", ondelete="CASCADE"), nullable=False
    ),
    _of_member("learner_id"),
    _of_member("mentor_id"),
    sa.Column("learner_yes", sa.Boolean, nullable=False),
    sa.Column("mentor_yes", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # proposed, met, over
    sa.Column("since_day", sa.Integer, nullable=False),
)

match_contact = sa.Table(
    "match_contact",
    metadata,
    sa.Column("pairing_id", sa.ForeignKey("pairing.id", ondelete="CASCADE"), primary_key=True),
    _of_member(key=True),
    sa.Column("text", sa.Text, nullable=False),
)

block = sa.Table(
    "block",
    metadata,
    _of_member(key=True),
    _of_member("other_id", key=True),
    # By which its owner knows it, and the words with which they named the other.
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
)

report = sa.Table(
    "report",
    metadata,
    sa.Column("number", _Id, primary_key=True, autoincrement=True),
    _of_member(),
    _of_member("about_id"),
    _course_id(),
    sa.Column("kind", sa.Text, nullable=False),  # card, group, match
    sa.Column("object_id", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
    sa.UniqueConstraint("member_id", "object_id"),
)

inbox = sa.Table(
    "inbox",
    metadata,
    _of_member(key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

event = sa.Table(
    "event",
    metadata,
    _of_member(key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", _Id, primary_key=True, autoincrement=True),
    sa.Column("day", sa.Integer, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
)

sa.Index("ix_study_group_course_id", study_group.c.course_id, study_group.c.sign_day)
sa.Index("ix_study_group_maker_id", study_group.c.maker_id)
sa.Index("ix_seat_member_id", seat.c.member_id)
sa.Index("ix_mentor_course_id", mentor.c.course_id, mentor.c.free, mentor.c.member_id)
sa.Index("ix_request_member_id", request.c.member_id)
sa.Index("ix_request_course_id", request.c.course_id, request.c.state, request.c.number)
sa.Index("ix_pairing_learner_id", pairing.c.learner_id)
sa.Index("ix_pairing_mentor_id", pairing.c.mentor_id)
sa.Index("ix_pairing_request_number", pairing.c.request_number)
sa.Index("ix_match_contact_member_id", match_contact.c.member_id)
sa.Index("ix_block_other_id", block.c.other_id)
sa.Index("ix_report_about_id", report.c.about_id)
sa.Index("ix_report_object_id", report.c.object_id)
sa.Index("ix_message_day", message.c.day)
sa.Index("uq_submission_received_day_id", submission.c.received_day, submission.c.id, unique=True)
sa.Index("ix_session_member_id", session.c.member_id)
sa.Index("ix_link_member_id", link.c.member_id)
