"""Bodies of submissions: a table of their own, on PostgreSQL with a partition for each week"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tito_bench_server.store.bodies import make_week

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_index(
        "uq_submission_received_day_id", "submission", ["received_day", "id"], unique=True
    )
    op.drop_index("ix_submission_received_day", "submission")
    op.create_table(
        "submission_body",
        sa.Column("received_day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("submission_id", _ID, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["received_day", "submission_id"],
            ["submission.received_day", "submission.id"],
            name=op.f("fk_submission_body_received_day_submission_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("received_day", "submission_id", name=op.f("pk_submission_body")),
        postgresql_partition_by="RANGE (received_day)",
    )
    connection = op.get_bind()
    with_body = "FROM submission WHERE body IS NOT NULL"
    days = connection.scalars(sa.text(f"SELECT DISTINCT received_day {with_body}")).all()
    for day in days:
        make_week(connection, day)
    op.execute(f"INSERT INTO submission_body SELECT received_day, id, body {with_body}")
    op.drop_column("submission", "body")
    if days and connection.dialect.name == "postgresql":
        # Only a table that is written anew gives back the room of a column. Not an empty one: it
        # would be planned for as one that stays small, and searched through for each new body.
        op.execute("CLUSTER submission USING pk_submission")


def downgrade() -> None:
    op.add_column("submission", sa.Column("body", sa.LargeBinary(), nullable=True))
    op.execute(
        "UPDATE submission SET body = (SELECT body FROM submission_body AS b WHERE"
        " b.received_day = submission.received_day AND b.submission_id = submission.id)"
    )
    op.drop_table("submission_body")
    op.create_index("ix_submission_received_day", "submission", ["received_day"])
    op.drop_index("uq_submission_received_day_id", "submission")
