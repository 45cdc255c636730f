"""Peers: roster cards, study groups, mentors, blocks, reports, and the inbox"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", _ID, autoincrement=True, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_table(
        "block",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("other_id", _ID, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_block_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["member.id"], name=op.f("fk_block_other_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "other_id", name=op.f("pk_block")),
        sa.UniqueConstraint("id", name=op.f("uq_block_id")),
    )
    op.create_index("ix_block_other_id", "block", ["other_id"])
    op.create_table(
        "event",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_event_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "number", name=op.f("pk_event")),
    )
    op.create_table(
        "inbox",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_inbox_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_inbox")),
    )
    op.create_table(
        "mentor",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("modules", sa.SmallInteger(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("utc_band", sa.SmallInteger(), nullable=False),
        sa.Column("places", sa.SmallInteger(), nullable=False),
        sa.Column("free", sa.SmallInteger(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_mentor_course_id")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_mentor_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_mentor")),
    )
    op.create_index("ix_mentor_course_id", "mentor", ["course_id", "free", "member_id"])
    op.create_table(
        "report",
        sa.Column("number", _ID, autoincrement=True, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("about_id", _ID, nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["about_id"], ["member.id"], name=op.f("fk_report_about_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_report_course_id")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_report_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_report")),
        sa.UniqueConstraint("member_id", "object_id", name=op.f("uq_report_member_id_object_id")),
    )
    op.create_index("ix_report_about_id", "report", ["about_id"])
    op.create_index("ix_report_object_id", "report", ["object_id"])
    op.create_table(
        "request",
        sa.Column("number", _ID, autoincrement=True, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("module", sa.SmallInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("utc_band", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_day", sa.Integer(), nullable=False),
        sa.Column("ended_day", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_request_course_id")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_request_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_request")),
    )
    op.create_index("ix_request_course_id", "request", ["course_id", "state", "number"])
    op.create_index("ix_request_member_id", "request", ["member_id"])
    op.create_table(
        "roster_card",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("show_country", sa.Boolean(), nullable=False),
        sa.Column("on_ladder", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_roster_card_course_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_roster_card_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_roster_card")),
        sa.UniqueConstraint("course_id", "folded", name=op.f("uq_roster_card_course_id_folded")),
        sa.UniqueConstraint("id", name=op.f("uq_roster_card_id")),
    )
    op.create_table(
        "study_group",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("maker_id", _ID, nullable=False),
        sa.Column("from_module", sa.SmallInteger(), nullable=False),
        sa.Column("to_module", sa.SmallInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("utc_band", sa.SmallInteger(), nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        sa.Column("places", sa.SmallInteger(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("about_approved", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("sign_day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_study_group_course_id")
        ),
        sa.ForeignKeyConstraint(
            ["maker_id"], ["member.id"], name=op.f("fk_study_group_maker_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_group")),
    )
    op.create_index("ix_study_group_course_id", "study_group", ["course_id", "sign_day"])
    op.create_index("ix_study_group_maker_id", "study_group", ["maker_id"])
    op.create_table(
        "group_contact",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["study_group.id"],
            name=op.f("fk_group_contact_group_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_group_contact")),
    )
    op.create_table(
        "pairing",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("request_number", _ID, nullable=False),
        sa.Column("learner_id", _ID, nullable=False),
        sa.Column("mentor_id", _ID, nullable=False),
        sa.Column("learner_yes", sa.Boolean(), nullable=False),
        sa.Column("mentor_yes", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since_day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_pairing_course_id")),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["member.id"], name=op.f("fk_pairing_learner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["mentor_id"], ["member.id"], name=op.f("fk_pairing_mentor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["request_number"],
            ["request.number"],
            name=op.f("fk_pairing_request_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing")),
    )
    op.create_index("ix_pairing_learner_id", "pairing", ["learner_id"])
    op.create_index("ix_pairing_mentor_id", "pairing", ["mentor_id"])
    op.create_index("ix_pairing_request_number", "pairing", ["request_number"])
    op.create_table(
        "seat",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("utc_band", sa.SmallInteger(), nullable=False),
        sa.Column("since_day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["study_group.id"], name=op.f("fk_seat_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_seat_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "member_id", name=op.f("pk_seat")),
        sa.UniqueConstraint("group_id", "handle", name=op.f("uq_seat_group_id_handle")),
    )
    op.create_index("ix_seat_member_id", "seat", ["member_id"])
    op.create_table(
        "match_contact",
        sa.Column("pairing_id", sa.Text(), nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_match_contact_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pairing_id"],
            ["pairing.id"],
            name=op.f("fk_match_contact_pairing_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pairing_id", "member_id", name=op.f("pk_match_contact")),
    )
    op.create_index("ix_match_contact_member_id", "match_contact", ["member_id"])
    op.add_column(
        "course", sa.Column("roster_on", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.add_column(
        "course", sa.Column("ladder_on", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "course", sa.Column("groups_on", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.add_column(
        "course", sa.Column("mentors_on", sa.Boolean(), server_default=sa.true(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("course", "mentors_on")
    op.drop_column("course", "groups_on")
    op.drop_column("course", "ladder_on")
    op.drop_column("course", "roster_on")
    op.drop_index("ix_match_contact_member_id", table_name="match_contact")
    op.drop_table("match_contact")
    op.drop_index("ix_seat_member_id", table_name="seat")
    op.drop_table("seat")
    op.drop_index("ix_pairing_request_number", table_name="pairing")
    op.drop_index("ix_pairing_mentor_id", table_name="pairing")
    op.drop_index("ix_pairing_learner_id", table_name="pairing")
    op.drop_table("pairing")
    op.drop_table("group_contact")
    op.drop_index("ix_study_group_maker_id", table_name="study_group")
    op.drop_index("ix_study_group_course_id", table_name="study_group")
    op.drop_table("study_group")
    op.drop_table("roster_card")
    op.drop_index("ix_request_member_id", table_name="request")
    op.drop_index("ix_request_course_id", table_name="request")
    op.drop_table("request")
    op.drop_index("ix_report_object_id", table_name="report")
    op.drop_index("ix_report_about_id", table_name="report")
    op.drop_table("report")
    op.drop_index("ix_mentor_course_id", table_name="mentor")
    op.drop_table("mentor")
    op.drop_table("inbox")
    op.drop_table("event")
    op.drop_index("ix_block_other_id", table_name="block")
    op.drop_table("block")
    op.drop_table("audit")
