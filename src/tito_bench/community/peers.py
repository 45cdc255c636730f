"""Where a student is in a cohort, worked out on the student's own machine.

A community server publishes how many members are how far: counts that are floors in
steps of five, some of them held back. Of one's own figure nothing is sent to anybody.
What is said here is certain whatever the counts leave open, and never that someone
is among the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

__all__ = ["Band", "Count", "Peers", "Span", "band_of_score", "peers_at"]

Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Band = Literal["first quarter", "middle half"]

_STEP = 5
_QUARTER = 4


class Span(msgspec.Struct, frozen=True, kw_only=True, rename={"low": "from", "high": "to"}):
    """At least so many people have finished `low` to `high` of something; None is no end."""

    low: Count
    high: Count | None
    at_least: Count

    def has(self, figure: int) -> bool:
        """Return whether this figure lies in it."""
        return self.low <= figure and (self.high is None or figure <= self.high)

    @property
    def text(self) -> str:
        """The figures as people write them: 6-10, 3, 6+."""
        if self.high is None:
            return f"{self.low}+"
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


@dataclass(frozen=True)
class Peers:
    """At least so many people are in the same span, and at least so many beyond it.

    `span` is None where the count of one's own span is held back; `next_figure` is where
    the next span begins, None in the last. `band` is None where it is not certain, and
    below the middle half.
    """

    span: Span | None
    alike: int
    beyond: int
    next_figure: int | None
    band: Band | None


def peers_at(spans: Sequence[Span], other_at_least: int, figure: int) -> Peers:
    """Return who is where beside someone with this figure.

    `spans` do not overlap; `other_at_least` counts the people of spans that are held back.
    """
    ordered = sorted(spans, key=lambda span: span.low)
    own = next((span for span in ordered if span.has(figure)), None)
    after = [span for span in ordered if span.low > figure]
    before = [span for span in ordered if span.high is not None and span.high < figure]
    beyond = sum(span.at_least for span in after)
    below = sum(span.at_least for span in before)
    total = sum(span.at_least for span in ordered) + other_at_least
    # A count of 20 may be of 24 people, and those held back may be anywhere.
    open_ones = len(ordered) * (_STEP - 1)
    held_back = other_at_least + (_STEP - 1 if other_at_least else 0)
    most_beyond = beyond + len(after) * (_STEP - 1) + held_back
    band: Band | None = None
    if total and most_beyond * _QUARTER <= total:
        band = "first quarter"
    elif total and below * _QUARTER >= total + open_ones + (held_back - other_at_least):
        band = "middle half"
    return Peers(
        own,
        own.at_least if own else 0,
        beyond,
        min((span.low for span in after), default=None),
        band,
    )


def band_of_score(quartiles: Sequence[int], score: float) -> Band | None:
    """Return the band of a score: a quarter of the scores is below each of three edges."""
    if score >= quartiles[2]:
        return "first quarter"
    return "middle half" if score >= quartiles[0] else None
