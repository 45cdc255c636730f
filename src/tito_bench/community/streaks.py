"""A student's own way: scores over time, days of work in a row. For nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Streaks", "streaks"]


@dataclass(frozen=True)
class Streaks:
    """Days in a row on which something was finished or measured (UTC days)."""

    current_days: int
    longest_days: int
    active_days: int


def streaks(days: Iterable[date], today: date) -> Streaks:
    """Count them. The current streak lasts until a whole day has passed without work."""
    ordered = sorted({day for day in days if day <= today})
    longest = run = 0
    previous: date | None = None
    for day in ordered:
        run = run + 1 if previous is not None and day - previous == timedelta(days=1) else 1
        longest = max(longest, run)
        previous = day
    alive = previous is not None and today - previous <= timedelta(days=1)
    return Streaks(run if alive else 0, longest, len(ordered))
