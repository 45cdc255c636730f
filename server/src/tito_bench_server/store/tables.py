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

from datetime import date
from typing import Final

import sqlalchemy as sa

__all__ = [
    "ALL_COHORTS",
    "NO_COHORT",
    "cohort",
    "course",
    "day_of",
    "document",
    "institution",
    "institution_alias",
    "joining",
    "link",
    "member",
    "message",
    "metadata",
    "release",
    "session",
    "setting",
    "submission",
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
    sa.Column("anonymous_id", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("key_digest", sa.LargeBinary, unique=True),
    sa.Column("cohort_id", sa.Integer, nullable=False),
    sa.Column("cohort_text", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("institution_text", sa.Text),
    sa.Column("institution_id", sa.Integer),
    sa.Column("course_type", sa.SmallInteger, nullable=False),
    sa.Column("experience", sa.SmallInteger, nullable=False),
    sa.Column("modules", sa.SmallInteger, nullable=False),
    sa.Column("milestones", sa.SmallInteger, nullable=False),
    sa.Column("capstone", sa.Double),
    sa.Column("setup", sa.Boolean, nullable=False),
    sa.Column("joined_day", sa.Integer, nullable=False),
    sa.Column("seen_day", sa.Integer, nullable=False),
    sa.Column("shown_country", sa.Text),
    sa.Column("shown_modules", sa.SmallInteger),
    sa.Column("shown_milestones", sa.SmallInteger),
    sa.Column("shown_course_type", sa.SmallInteger),
    sa.Column("shown_capstone", sa.SmallInteger),
    sa.Column("shown_institution", sa.Integer),
)

message = sa.Table(
    "message",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
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
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary),
    sa.UniqueConstraint("member_id", "digest"),
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

sa.Index("ix_message_day", message.c.day)
sa.Index("ix_submission_received_day", submission.c.received_day)
sa.Index("ix_session_member_id", session.c.member_id)
sa.Index("ix_link_member_id", link.c.member_id)
