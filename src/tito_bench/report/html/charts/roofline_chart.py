"""The roofline on logarithmic axes: roofs as lines, kernels and the subject's code as points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from tito_bench.report.html.charts.scale import Scale, Tick, decades
from tito_bench.report.numbers import three_digits
from tito_bench.report.roofline import Level
from tito_bench.report.sections.roofline_section import Point, RooflineView, size_text

__all__ = ["DrawnPoint", "DrawnRoof", "RooflineChart", "roofline_chart"]

_HEIGHT_PX = 420
_NEAR_PX, _NEAR_PERCENT, _SAME_PERCENT = 13, 4, 1.5


@dataclass(frozen=True)
class DrawnRoof:
    """A line from left to right. `letter` stands where a bandwidth meets the peak."""

    x1: float
    y1: float
    x2: float
    y2: float
    letter: str
    name: str


@dataclass(frozen=True)
class DrawnPoint:
    """One operation: both speeds above one another.

    `label` is its number at the subject's speed; empty where a neighbour has
    it. `native_label` is that at the kernel's, where several stand above one
    another; it stands on the left where `native_left`.
    """

    point: Point
    at: float
    subject: float
    native: float
    label: str
    native_label: str
    native_left: bool


@dataclass(frozen=True)
class RooflineChart:
    """The chart; ticks across in percent, ticks down in pixels."""

    roofs: tuple[DrawnRoof, ...]
    points: tuple[DrawnPoint, ...]
    across: tuple[Tick, ...]
    down: tuple[Tick, ...]
    height: int


def roofline_chart(view: RooflineView) -> RooflineChart:
    """Draw the points; both axes hold all of them and the peak, rounded out to half decades."""
    x = _fitted([point.intensity for point in view.points])
    speeds = [s for p in view.points for s in (p.subject_gflops, p.native_gflops)]
    y = _fitted([*speeds, view.roofline.peak_gflops])
    return RooflineChart(
        tuple(_roofs(view, x, y)),
        tuple(_points(view.points, x, y)),
        tuple(Tick(x.across(value), f"{value:g}") for value in decades(x.low, x.high)),
        tuple(Tick(y.down(value, _HEIGHT_PX), f"{value:g}") for value in decades(y.low, y.high)),
        _HEIGHT_PX,
    )


def _fitted(values: Sequence[float]) -> Scale:
    low, high = math.log10(min(values)), math.log10(max(values))
    return Scale(
        10 ** (math.floor(2 * low - 0.2) / 2), 10 ** (math.ceil(2 * high + 0.2) / 2), log=True
    )


def _roofs(view: RooflineView, x: Scale, y: Scale) -> Iterator[DrawnRoof]:
    peak, levels = view.roofline.peak_gflops, view.roofline.levels
    top = y.down(peak, _HEIGHT_PX)
    begins = x.across(peak / max(level.gb_s for level in levels))
    yield DrawnRoof(
        begins, top, 100.0, top, "", f"peak {three_digits(peak)} GFLOP/s, {view.roofline.target}"
    )
    for letter, level in zip(ascii_lowercase, levels, strict=False):
        yield _slope(letter, level, peak, x, y)


def _slope(letter: str, level: Level, peak: float, x: Scale, y: Scale) -> DrawnRoof:
    """Draw a bandwidth: speed = bandwidth x intensity, from the edge of the chart to the peak."""
    begins = max(x.low, y.low / level.gb_s)
    ends = min(x.high, peak / level.gb_s)
    return DrawnRoof(
        x.across(begins),
        y.down(begins * level.gb_s, _HEIGHT_PX),
        x.across(ends),
        y.down(ends * level.gb_s, _HEIGHT_PX),
        letter,
        f"{three_digits(level.gb_s)} GB/s, data up to {size_text(level.up_to_kib)}",
    )


def _points(points: Sequence[Point], x: Scale, y: Scale) -> list[DrawnPoint]:
    across = [x.across(point.intensity) for point in points]
    subjects = [(x.across(p.intensity), y.down(p.subject_gflops, _HEIGHT_PX)) for p in points]
    natives = [(x.across(p.intensity), y.down(p.native_gflops, _HEIGHT_PX)) for p in points]
    numbers = {index: str(point.number) for index, point in enumerate(points)}
    labels = _shared(numbers, subjects)
    unclear = {
        index: number
        for index, number in numbers.items()
        if sum(abs(at - across[index]) < _SAME_PERCENT for at in across) > 1
    }
    native_labels = _shared(unclear, natives)
    return [
        DrawnPoint(
            point,
            across[index],
            subjects[index][1],
            natives[index][1],
            labels.get(index, ""),
            native_labels.get(index, ""),
            any(_near(natives[index], subjects[each]) for each in labels),
        )
        for index, point in enumerate(points)
    ]


def _shared(numbers: Mapping[int, str], places: Sequence[tuple[float, float]]) -> dict[int, str]:
    """Return the numbers by point, those of near neighbours at the first of them."""
    labels: dict[int, list[str]] = {}
    for index, number in numbers.items():
        host = next((each for each in labels if _near(places[each], places[index])), index)
        labels.setdefault(host, []).append(number)
    return {index: ", ".join(shared) for index, shared in labels.items()}


def _near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < _NEAR_PERCENT and abs(one[1] - other[1]) < _NEAR_PX
