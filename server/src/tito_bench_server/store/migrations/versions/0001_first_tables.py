"""Tables of members, releases and sessions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BYTES16 = sa.LargeBinary().with_variant(postgresql.UUID(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=True),
        sa.Column("takes_members", sa.Boolean(), nullable=False),
        sa.Column("public_map", sa.Boolean(), nullable=False),
        sa.Column("school", sa.Boolean(), nullable=False),
        sa.Column("joins_per_day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_course_code_digest")),
        sa.UniqueConstraint("slug", name=op.f("uq_course_slug")),
    )
    op.create_table(
        "institution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
        sa.UniqueConstraint("name", name=op.f("uq_institution_name")),
    )
    op.create_table(
        "message",
        sa.Column("key", _BYTES16, nullable=False),
        sa.Column("digest", _BYTES16, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_message")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_message_day", "message", ["day"])

    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "tombstone",
        sa.Column("id_digest", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id_digest", name=op.f("pk_tombstone")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cohort",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_cohort_course_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort")),
        sa.UniqueConstraint("course_id", "folded", name=op.f("uq_cohort_course_id_folded")),
    )
    op.create_table(
        "document",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_document_course_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("course_id", "cohort_id", "name", name=op.f("pk_document")),
    )
    op.create_table(
        "institution_alias",
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_institution_alias_institution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("folded", name=op.f("pk_institution_alias")),
    )
    op.create_table(
        "joining",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("joins", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_joining_course_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("course_id", "day", name=op.f("pk_joining")),
    )
    op.create_table(
        "member",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("anonymous_id", _BYTES16, nullable=False),
        sa.Column("key_digest", _BYTES16, nullable=True),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("joined_day", sa.Integer(), nullable=False),
        sa.Column("seen_day", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("shown_institution", sa.Integer(), nullable=True),
        sa.Column("capstone", sa.Double(), nullable=True),
        sa.Column("course_type", sa.SmallInteger(), nullable=False),
        sa.Column("experience", sa.SmallInteger(), nullable=False),
        sa.Column("modules", sa.SmallInteger(), nullable=False),
        sa.Column("milestones", sa.SmallInteger(), nullable=False),
        sa.Column("shown_modules", sa.SmallInteger(), nullable=True),
        sa.Column("shown_milestones", sa.SmallInteger(), nullable=True),
        sa.Column("shown_course_type", sa.SmallInteger(), nullable=True),
        sa.Column("shown_capstone", sa.SmallInteger(), nullable=True),
        sa.Column("setup", sa.Boolean(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("shown_country", sa.Text(), nullable=True),
        sa.Column("institution_text", sa.Text(), nullable=True),
        sa.Column("cohort_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_member_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("anonymous_id", name=op.f("uq_member_anonymous_id")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_member_key_digest")),
    )
    op.create_table(
        "release",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("released_day", sa.Integer(), nullable=True),
        sa.Column("departures", sa.Integer(), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_release_course_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("course_id", "cohort_id", "kind", name=op.f("pk_release")),
    )
    op.create_table(
        "link",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("until_s", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_link_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_link")),
    )
    op.create_index("ix_link_member_id", "link", ["member_id"])

    op.create_table(
        "session",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("until_s", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_session_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_session")),
    )
    op.create_index("ix_session_member_id", "session", ["member_id"])

    op.create_table(
        "submission",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("member_id", _ID, nullable=True),
        sa.Column("received_day", sa.Integer(), nullable=False),
        sa.Column("benchmark", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("digest", _BYTES16, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_submission_course_id")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_submission_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("member_id", "digest", name=op.f("uq_submission_member_id_digest")),
    )
    op.create_index("ix_submission_received_day", "submission", ["received_day"])


def downgrade() -> None:
    op.drop_table("submission")
    op.drop_table("session")
    op.drop_table("link")
    op.drop_table("release")
    op.drop_table("member")
    op.drop_table("joining")
    op.drop_table("institution_alias")
    op.drop_table("document")
    op.drop_table("cohort")
    op.drop_table("tombstone")
    op.drop_table("setting")
    op.drop_table("message")
    op.drop_table("institution")
    op.drop_table("course")
