"""The figures of the rules among peers, and the arithmetic of hours and modules. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tito_bench_server.releases.kinds import MODULE_BINS

__all__ = [
    "ANSWER_DAYS",
    "ASK_DAYS",
    "EVENT_DAYS",
    "GROUP_DAYS",
    "LEAST_OVERLAP_H",
    "MATCH_DAYS",
    "MEDIAN_LEAST",
    "MODULES",
    "NEAR_PEER",
    "REPORTS_HIDE",
    "SMALLEST_LADDER",
    "band_span",
    "median_wait",
    "module_band",
    "module_gap",
    "overlap_h",
    "utc_band",
]

MODULES: Final = 20
ASK_DAYS: Final = 7
"""After that an ask to join a group that nobody answered is gone."""
GROUP_DAYS: Final = 60
"""Without a sign of life; then a group is gone."""
ANSWER_DAYS: Final = 3
"""For both to say yes to a match."""
MATCH_DAYS: Final = 30
"""A match ends by itself, and with it the contacts; so does a request that nobody met."""
EVENT_DAYS: Final = 30
NEAR_PEER: Final = (2, 8)
"""So many modules ahead is a near-peer; more is an expert, less is no mentor."""
LEAST_OVERLAP_H: Final = 3
REPORTS_HIDE: Final = 2
"""So many members have to report an object for it to be hidden from all."""
SMALLEST_LADDER: Final = 8
QUEUE_PER_PLACE: Final = 3
MEDIAN_LEAST: Final = 5
"""Of fewer requests no wait is told: it would be about a person."""

_BANDS = 8
_BAND_H = 24 // _BANDS
_STUDY_H = 10
"""People are taken to study within so many hours of their day, noon to ten in the evening."""


def utc_band(hours: int) -> int:
    """Return the band of three hours that a UTC offset from -12 to 14 is in, 0 to 7.

    UTC+13 has the same clock as UTC-11, and so the same band.
    """
    return (hours + 12) // _BAND_H % _BANDS


def band_span(band: int) -> dict[str, int]:
    """Return the UTC offsets of a band, first and last."""
    first = band * _BAND_H - 12
    return {"from": first, "to": first + _BAND_H - 1}


def overlap_h(one: int, other: int) -> int:
    """Return how many hours of the day people of two bands both study."""
    apart = abs(one - other)
    shift = _BAND_H * min(apart, _BANDS - apart)
    return max(0, _STUDY_H - shift)


def module_gap(low: int, high: int, wanted_low: int, wanted_high: int) -> int:
    """Return how many modules lie between two spans; 0 where they meet."""
    return max(0, low - wanted_high, wanted_low - high)


def module_band(modules: int) -> dict[str, int]:
    """Return the band in which a number of modules is shown."""
    low, high = next((low, high) for low, high in MODULE_BINS if modules <= high)
    return {"from": low, "to": high}


def median_wait(met: Sequence[int], waited: Sequence[int]) -> tuple[int, bool] | None:
    """Return the median wait in days, and whether it is only known to be longer.

    `waited` are those who were not met, or not yet: leaving them out would make the
    wait look short. So it is the product-limit median (Kaplan and Meier 1958). None
    for fewer requests than may be told of.
    """
    if len(met) + len(waited) < MEDIAN_LEAST:
        return None
    still = 1.0
    for day in sorted(set(met)):
        at_risk = sum(one >= day for one in (*met, *waited))
        still *= 1 - sum(one == day for one in met) / at_risk
        if still <= 0.5:
            return day, False
    return max((*met, *waited)), True
