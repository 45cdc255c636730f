"""Which cohort a day belongs to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tito_bench.errors import UsageError
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from datetime import date

__all__ = ["cohort_of", "named_cohort"]

_TERM = re.compile(r"(spring|summer|fall|autumn)\s*[- ]?\s*(\d{4})", re.IGNORECASE)
_LONGEST = 60


def cohort_of(day: date) -> str:
    """Return the term and the year.

    `Spring` is from January to May, `Summer` from June to August, `Fall` after.
    """
    term = "Spring" if day.month <= 5 else "Summer" if day.month <= 8 else "Fall"
    return f"{term} {day.year:04d}"


def named_cohort(text: str) -> str:
    """Return the cohort that a student names: `fall 2026` becomes `Fall 2026`, other names stay.

    Raises `UsageError` for an empty or very long one.
    """
    name = safe_text(text, _LONGEST)
    if not name or len(text.strip()) > _LONGEST:
        raise UsageError(f"--cohort: 1 to {_LONGEST} characters, such as 'Fall 2026'")
    term = _TERM.fullmatch(name)
    if term is None:
        return name
    season = term[1].capitalize().replace("Autumn", "Fall")
    return f"{season} {term[2]}"
