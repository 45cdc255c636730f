"""The line above a published table: of whom it is, and of when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from tito_bench.website.community_api import CohortTable, CommunityMap

__all__ = ["head", "of_whom"]


def of_whom(table: CohortTable | CommunityMap) -> str:
    """Return the cohort by its name, or the whole course."""
    return safe_text(table.cohort) if table.cohort else "the whole course"


def head(table: CohortTable | CommunityMap) -> str:
    """Say how many people of which cohort, released when, or why there is nothing yet: one line."""
    whom = safe_text(table.cohort) if table.cohort else "The whole course"
    if table.note is not None:
        return f"{whom}: {safe_text(table.note)}"
    day = f", as of {safe_text(table.released_on)}" if table.released_on else ""
    return f"{whom}: {table.people_at_least}+ people{day}"
