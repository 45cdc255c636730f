"""Numbers as people read them: three digits, in the unit that fits; never in powers of ten."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

__all__ = [
    "bytes_text",
    "count_text",
    "counted",
    "duration",
    "interval_text",
    "local_moment",
    "local_time",
    "three_digits",
    "times",
]

_TIMES = ((1e-6, "us"), (1e-3, "ms"), (1.0, "s"))
_COUNTS = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T"))
_BYTES = ((1.0, " B"), (2.0**10, " KiB"), (2.0**20, " MiB"), (2.0**30, " GiB"))


def duration(ms: float) -> str:
    """Return a time in us, ms or s: `2.88us`, `35.8ms`, `1.20s`; one below 0 with its sign."""
    return _in_units(ms / 1e3, _TIMES)


def times(value: float) -> str:
    """Return a ratio: `1.14x`, `430x`."""
    return f"{three_digits(value)}x"


def count_text(value: float) -> str:
    """Return how many: `310`, `83.5M`."""
    return _in_units(value, _COUNTS)


def counted(number: int, one: str, more: str = "") -> str:
    """Return how many of what: `1 record`, `0 records`; `more` where the plural is no -s."""
    return f"{number} {one if number == 1 else more or f'{one}s'}"


def bytes_text(size: float) -> str:
    """Return a size: `392 B`, `98.3 KiB`."""
    return _in_units(size, _BYTES) if size >= 1000 else f"{size:.0f} B"


def three_digits(value: float) -> str:
    """Return three significant digits: `0.0441`, `1.14`, `43.0`, `14,300`."""
    if not math.isfinite(value) or value == 0:
        return f"{value:.0f}"
    rounded = _rounded(value)
    decimals = 2 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(0, decimals)}f}"


def interval_text(interval: tuple[float, float]) -> str:
    """Return the ends of an interval of a score: `39.8 to 42.6`, or one number for both ends."""
    low, high = (f"{end:.1f}" for end in interval)
    return f"{low}, to within 0.1" if low == high else f"{low} to {high}"


def local_time(at: datetime) -> str:
    """Return a moment on the clock on the wall, as tables have it: `2026-11-22 20:30`."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def local_moment(at: datetime, now: datetime) -> str:
    """Return a moment on the clock on the wall in a sentence: `23:16`, `yesterday 23:16`, or
    with its day. Both are aware times."""
    here, today = at.astimezone(), now.astimezone().date()
    if here.date() == today:
        return f"{here:%H:%M}"
    if here.date() == today - timedelta(days=1):
        return f"yesterday {here:%H:%M}"
    return local_time(at)


def _in_units(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """Return three digits in the largest unit of which there is at least one, once rounded."""
    rounded = abs(_rounded(value))
    scale, name = units[0]
    for larger, its_name in units[1:]:
        if rounded >= larger * (1 - 1e-9):
            scale, name = larger, its_name
    return f"{three_digits(value / scale)}{name}"


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
