"""What is stored of a member among peers, for the document of all that is stored."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tito_bench_server.peers.rules import band_span
from tito_bench_server.store import tables

__all__ = ["export_peers"]


def export_peers(connection: sa.Connection, member_id: int) -> dict[str, Any]:
    """Return one's card, groups, seats, offer, requests, matches, blocks, reports and events.

    What others wrote is theirs and not in it.
    """
    group, seat, pairing = tables.study_group, tables.seat, tables.pairing
    contact, match_contact = tables.group_contact, tables.match_contact

    def rows(statement: sa.Select[Any]) -> list[dict[str, Any]]:
        found = [dict(row) for row in connection.execute(statement).mappings()]
        for row in found:
            if "utc_band" in row:
                row["utc"] = band_span(row.pop("utc_band"))
        return found

    def of(table: sa.Table, *without: str, by: str = "member_id") -> list[dict[str, Any]]:
        hidden = {by, "course_id", *without}
        columns = [column for column in table.c if column.name not in hidden]
        return rows(sa.select(*columns).where(table.c[by] == member_id).order_by(columns[0]))

    return {
        "roster_card": of(tables.roster_card, "folded"),
        "groups_made": [
            row
            | {
                "contact": connection.execute(
                    sa.select(contact.c.text).where(contact.c.group_id == row["id"])
                ).scalar()
            }
            for row in of(group, by="maker_id")
        ],
        "seats": of(seat),
        "mentor_offer": of(tables.mentor),
        "mentor_requests": of(tables.request, "number"),
        "matches": rows(
            sa.select(
                pairing.c.id,
                sa.case((pairing.c.mentor_id == member_id, "mentor"), else_="learner").label(
                    "you_are"
                ),
                pairing.c.state,
                pairing.c.since_day,
                match_contact.c.text.label("your_contact"),
            )
            .outerjoin(
                match_contact,
                (match_contact.c.pairing_id == pairing.c.id)
                & (match_contact.c.member_id == member_id),
            )
            .where((pairing.c.learner_id == member_id) | (pairing.c.mentor_id == member_id))
            .order_by(pairing.c.id)
        ),
        "blocks": of(tables.block, "other_id"),
        "reports": of(tables.report, "number", "about_id"),
        "events": of(tables.event),
    }
