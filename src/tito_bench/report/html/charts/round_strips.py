"""The rounds of every operation as dots about their median."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tito_bench.report.html.charts.scale import Scale, Tick, percent
from tito_bench.report.sections.rounds import Strip, widest_deviation

__all__ = ["Dot", "DrawnStrip", "RoundStrips", "round_strips"]

_ROW_PX, _HALF_PX = 62, 13
_STEPS = 120
"""Dots that fall on the same of so many places across are stacked."""
_STACK_PX = 3.6


@dataclass(frozen=True)
class Dot:
    """One round; `beyond` where it lies outside the scale and is drawn at its end."""

    at: float
    down: float
    beyond: bool


@dataclass(frozen=True)
class DrawnStrip:
    """One operation; `band` is the 95% interval of its median, left and right, where it has one."""

    strip: Strip
    top: int
    middle: int
    band: tuple[float, float] | None
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class RoundStrips:
    """All strips under one scale of percent."""

    strips: tuple[DrawnStrip, ...]
    ticks: tuple[Tick, ...]
    height: int
    axis: int


def round_strips(strips: Sequence[Strip]) -> RoundStrips | None:
    """Return the chart, or None without any operation that was measured."""
    if not strips:
        return None
    half = widest_deviation(strips)
    scale = Scale(-half, half)
    drawn = tuple(_drawn(strip, scale, _ROW_PX * index) for index, strip in enumerate(strips))
    ticks = tuple(
        Tick(percent(share), "median" if share == 0.5 else f"{2 * half * (share - 0.5):+.1f}%")
        for share in (0.0, 0.5, 1.0)
    )
    axis = _ROW_PX * len(strips)
    return RoundStrips(drawn, ticks, axis + 24, axis)


def _drawn(strip: Strip, scale: Scale, top: int) -> DrawnStrip:
    middle = top + _ROW_PX - _HALF_PX - 6
    band = None
    if strip.interval is not None:
        low, high = strip.interval
        band = scale.across(low), scale.across(high)
    places = [round(scale.share(each) * _STEPS) for each in strip.deviations]
    tallest = max(Counter(places).values(), default=1)
    step = min(_STACK_PX, 2 * _HALF_PX / tallest)
    stacked: Counter[int] = Counter()
    dots = []
    for place, deviation in zip(places, strip.deviations, strict=True):
        count = stacked[place]
        stacked[place] += 1
        # Around the line: 0, one step up, one down, two up ...
        offset = (count + 1) // 2 * (-1 if count % 2 else 1) * step
        beyond = abs(deviation) > scale.high
        dots.append(Dot(percent(place / _STEPS), round(middle + offset, 1), beyond))
    return DrawnStrip(strip, top, middle, band, tuple(dots))
