"""Scores over time as a chart of characters: one row for every doubling of speed.

The scale is always 0 to 100, so that two charts can be compared and a bar is
as long as its score says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

__all__ = ["Bar", "most_bars", "score_chart"]

_ROWS = 10
_LABELS = {0: "100", 5: " 50"}  # at the tops of these rows
_WIDEST_BAR = 4
_AXIS_WIDTH = 5
_EIGHTHS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Bar:
    """One record: its score, None without one, and whether it is comparable with the newest."""

    score: float | None
    comparable: bool = True


@dataclass(frozen=True)
class _Ink:
    """The characters of a chart: fillings of a cell, from empty to full."""

    solid: str
    faint: str
    nothing: str
    axis: str
    corner: str
    floor: str

    @classmethod
    def choose(cls, unicode: bool) -> _Ink:
        if unicode:
            return cls(_EIGHTHS, " ░", "×", "┤", "└", "─")
        return cls(" #", " :", "x", "|", "+", "-")


def most_bars(width: int) -> int:
    """Return how many columns a chart of that width has beside its axis."""
    return max(1, width - _AXIS_WIDTH)


def score_chart(
    bars: Sequence[Bar], width: int, unicode: bool, ends: tuple[str, str] = ("", "")
) -> list[str]:
    """Return the lines of a chart at most `width` characters wide.

    `ends` name the first and the last bar.
    Where there are more bars than columns, each column is the median of its
    neighbours: of those that are comparable, if any is.
    """
    ink = _Ink.choose(unicode)
    room = most_bars(width)
    shown = _merged(bars, room)
    wide = max(1, min(_WIDEST_BAR, room // max(1, len(shown)) - 1))
    gap = " " if wide > 1 or 2 * len(shown) <= room else ""
    columns = [_column(bar, ink) for bar in shown]
    lines = [
        f"{_LABELS.get(row, ''):>3} {ink.axis}"
        + gap.join(column[_ROWS - 1 - row] * wide for column in columns).rstrip()
        for row in range(_ROWS)
    ]
    across = len(shown) * wide + (len(shown) - 1) * len(gap)
    lines.append(f"  0 {ink.corner}{ink.floor * across}")
    first, last = ends
    if first:
        between = max(2, across - len(first) - len(last))
        named = first if first == last else f"{first}{' ' * between}{last}"
        lines.append(f"{'':{_AXIS_WIDTH}}{named}"[:width].rstrip())
    return lines


def _merged(bars: Sequence[Bar], most: int) -> list[Bar]:
    """Return at most `most` bars."""
    if len(bars) <= most:
        return list(bars)
    cuts = [len(bars) * index // most for index in range(most + 1)]
    return [_median_bar(bars[start:end]) for start, end in pairwise(cuts)]


def _median_bar(bars: Sequence[Bar]) -> Bar:
    for comparable in (True, False):
        scores = [b.score for b in bars if b.comparable == comparable and b.score is not None]
        if scores:
            return Bar(median(scores), comparable)
    return Bar(None)


def _column(bar: Bar, ink: _Ink) -> str:
    """Return the cells of one bar, from the bottom up; the smallest score still leaves a mark."""
    if bar.score is None:
        return ink.nothing.ljust(_ROWS)
    cell = ink.solid if bar.comparable else ink.faint
    steps = len(cell) - 1
    level = max(1, round(bar.score / 100 * _ROWS * steps))
    full, rest = divmod(level, steps)
    return (cell[-1] * full + cell[rest] * (rest > 0)).ljust(_ROWS)
