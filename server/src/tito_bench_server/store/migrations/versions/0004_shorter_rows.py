"""Shorter rows of members on PostgreSQL: days in two bytes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _keep_days_as("SMALLINT")


def downgrade() -> None:
    _keep_days_as("INTEGER")


def _keep_days_as(kind: str) -> None:
    """Both at once, for each time the whole table is written anew; SQLite has no widths."""
    if op.get_bind().dialect.name == "postgresql":
        columns = ", ".join(f"ALTER COLUMN {day} TYPE {kind}" for day in ("joined_day", "seen_day"))
        op.execute(sa.text(f"ALTER TABLE member {columns}"))
