"""From values to places on an axis, and the round numbers that mark it."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Scale", "Tick", "decades", "edge", "percent"]

_SHORT_LABEL = 3


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`; both above 0 where it is logarithmic."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Return how far along the axis a value is: 0 at `low`, 1 at `high`, never beyond."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = (math.log(max(each, 1e-300)) for each in (low, high, value))
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def across(self, value: float) -> float:
        """Return the place in percent of the width."""
        return percent(self.share(value))

    def down(self, value: float, height: float) -> float:
        """Return the place in pixels below the top of a chart of this height."""
        return round(height * (1 - self.share(value)), 1)


@dataclass(frozen=True)
class Tick:
    """A marked value: its place in percent or pixels, and how it is written."""

    at: float
    label: str


def percent(share: float) -> float:
    """Return a share in percent, to a hundredth: a tenth of a pixel on the widest screen."""
    return round(100 * share, 2)


def decades(low: float, high: float) -> tuple[float, ...]:
    """Return the powers of ten from `low` to `high`, both above 0."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return tuple(10.0**exponent for exponent in range(first, last + 1))


def edge(at: float, label: str | None = None) -> str:
    """Return how a label at `at` percent is anchored, so that it stays within its chart.

    A `label` that is short enough does so in any case.
    """
    if label is not None and len(label) <= _SHORT_LABEL:
        return "middle"
    return "start" if at < 1 else "end" if at > 99 else "middle"
