"""What happened to a member's own things: numbers and kinds, never what somebody wrote."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tito_bench_server.store import tables
from tito_bench_server.store.database import touched

__all__ = ["KINDS", "last_of", "tell", "view"]

KINDS = (
    "group asked",
    "group accepted",
    "group declined",
    "group left",
    "group closed",
    "match proposed",
    "match met",
    "match over",
    "offer paused",
    "request lapsed",
)
_MOST = 100


def tell(connection: sa.Connection, member_id: int, kind: str, ref: str, today: int) -> None:
    """Put an event into an inbox; whoever watches it hears when the transaction is written."""
    number = connection.execute(_COUNT_UP, {"whose": member_id}).scalar_one()
    new = {"member_id": member_id, "number": number, "kind": kind, "ref": ref, "day": today}
    connection.execute(_NEW, new)
    touched(connection)[member_id] = number


# Made once: making a statement takes longer than running it, and matches make many.
_COUNT_UP = sa.text(
    "INSERT INTO inbox (member_id, last) VALUES (:whose, 1)"
    " ON CONFLICT (member_id) DO UPDATE SET last = inbox.last + 1 RETURNING last"
)
_NEW = sa.insert(tables.event)


def last_of(connection: sa.Connection, member_id: int) -> int:
    """Return the number of the newest event; 0 before the first."""
    inbox = tables.inbox
    found = connection.execute(
        sa.select(inbox.c.last).where(inbox.c.member_id == member_id)
    ).scalar()
    return found or 0


def view(connection: sa.Connection, member_id: int, after: int) -> dict[str, Any]:
    """Return the events after a number, the oldest first."""
    event = tables.event
    rows = connection.execute(
        sa.select(event)
        .where(event.c.member_id == member_id, event.c.number > after)
        .order_by(event.c.number)
        .limit(_MOST)
    )
    return {
        "last": last_of(connection, member_id),
        "events": [{"number": row.number, "kind": row.kind, "ref": row.ref} for row in rows],
    }
