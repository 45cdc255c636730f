"""Approving names: from then on those who gave them are counted under them."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa

from tito_bench_server.members.decide import SHOWN
from tito_bench_server.members.messages import folded
from tito_bench_server.store.tables import cohort, institution, institution_alias, member, release

__all__ = ["approve_cohort", "approve_institution"]


def approve_cohort(connection: sa.Connection, course_id: int, name: str) -> int:
    """Make a cohort of a name and put those who gave it there; return how many.

    They leave the row of those without a cohort, which counts as a change of it.
    """
    wanted = folded(name)
    place = (cohort.c.course_id == course_id) & (cohort.c.folded == wanted)
    number = connection.execute(sa.select(cohort.c.id).where(place)).scalar()
    if number is None:
        number = connection.execute(
            sa.insert(cohort)
            .values(course_id=course_id, name=name, folded=wanted)
            .returning(cohort.c.id)
        ).scalar_one()
    kinds = [kind for kind in SHOWN if kind != "institution"]
    waiting = connection.execute(
        sa.select(
            member.c.id,
            member.c.cohort_id,
            member.c.cohort_text,
            *(member.c[f"shown_{kind}"] for kind in kinds),
        ).where(member.c.course_id == course_id, member.c.cohort_text.is_not(None))
    ).all()
    moved = [row for row in waiting if folded(row.cohort_text) == wanted]
    departures = Counter(
        (row.cohort_id, kind)
        for row in moved
        for kind in kinds
        if getattr(row, f"shown_{kind}") is not None
    )
    if moved:
        connection.execute(
            sa.update(member)
            .where(member.c.id == sa.bindparam("member"))
            .values(cohort_id=number, cohort_text=None)
            .values({f"shown_{kind}": None for kind in kinds}),
            [{"member": row.id} for row in moved],
        )
    for (row, kind), count in departures.items():
        connection.execute(
            sa.update(release)
            .where(
                release.c.course_id == course_id,
                release.c.cohort_id == row,
                release.c.kind == kind,
            )
            .values(departures=release.c.departures + count)
        )
    return len(moved)


def approve_institution(connection: sa.Connection, name: str, spellings: set[str]) -> int:
    """Count those who gave one of the (folded) spellings under a name; return how many."""
    number = connection.execute(
        sa.select(institution.c.id).where(institution.c.name == name)
    ).scalar()
    if number is None:
        number = connection.execute(
            sa.insert(institution).values(name=name).returning(institution.c.id)
        ).scalar_one()
    for spelling in sorted(spellings):
        connection.execute(
            sa.delete(institution_alias).where(institution_alias.c.folded == spelling)
        )
        connection.execute(
            sa.insert(institution_alias).values(folded=spelling, institution_id=number)
        )
    found = connection.execute(
        sa.select(member.c.id, member.c.institution_text).where(
            member.c.institution_text.is_not(None)
        )
    ).all()
    matching = [row.id for row in found if folded(row.institution_text) in spellings]
    if matching:
        connection.execute(
            sa.update(member)
            .where(member.c.id == sa.bindparam("member"))
            .values(institution_id=number),
            [{"member": one} for one in matching],
        )
    return len(matching)
