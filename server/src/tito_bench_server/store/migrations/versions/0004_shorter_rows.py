"""On PostgreSQL, shorter rows of members, and room in their pages for a release"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _change("SET (fillfactor = 85)", "SMALLINT")


def downgrade() -> None:
    _change("RESET (fillfactor)", "INTEGER")


def _change(room: str, kind: str) -> None:
    """Write the table anew, once for both columns; SQLite has neither widths nor such room."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(sa.text(f"ALTER TABLE member {room}"))
    columns = ", ".join(f"ALTER COLUMN {name} TYPE {kind}" for name in ("joined_day", "seen_day"))
    op.execute(sa.text(f"ALTER TABLE member {columns}"))
