"""Room in the pages of members on PostgreSQL, for what a release adds to a row"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        # Of a full page, a seventh of the rows moved away, and into all three indexes once more.
        op.execute("ALTER TABLE member SET (fillfactor = 87)")
        if connection.scalar(sa.text("SELECT EXISTS (SELECT 1 FROM member)")):
            op.execute("CLUSTER member USING pk_member")  # full pages get no room by themselves


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE member RESET (fillfactor)")
