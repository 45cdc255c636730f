"""Values in their order: the learning curve, and the score over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tito_bench.report.capstone_view import LearningCurve
from tito_bench.report.history_view import HistoryRow
from tito_bench.report.html.charts.scale import Scale, Tick, percent

__all__ = [
    "MOST_RECORDS",
    "LineChart",
    "LinePoint",
    "Segment",
    "accuracy_chart",
    "history_chart",
    "loss_chart",
]

MOST_RECORDS = 200
"""How many of a history are drawn, the newest."""

_HEIGHT_PX = 180
_MOST_NAMED = 12


@dataclass(frozen=True)
class LinePoint:
    """One value; hollow where it cannot be compared with the others. None has no score."""

    at: float
    down: float | None
    hollow: bool = False


@dataclass(frozen=True)
class Segment:
    """A line from one point to the next."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class LineChart:
    """Points with lines between neighbours; `level` is a dashed line across."""

    points: tuple[LinePoint, ...]
    segments: tuple[Segment, ...]
    across: tuple[Tick, ...]
    down: tuple[Tick, ...]
    level: Tick | None
    height: int


def accuracy_chart(curve: LearningCurve) -> LineChart:
    """Draw the accuracy after each epoch, beside that of NumPy after the same steps."""
    values = [point.accuracy for point in curve.points]
    low = math.floor(10 * min(*values, curve.expected)) / 10
    scale = Scale(min(low, 0.9), 1.0)
    ticks = (scale.low, (scale.low + 1) / 2, 1.0)
    level = Tick(scale.down(curve.expected, _HEIGHT_PX), f"NumPy {curve.expected:.1%}")
    return _chart(values, scale, [f"{t:.0%}" for t in ticks], ticks, _epochs(curve), level)


def loss_chart(curve: LearningCurve) -> LineChart:
    """Draw the mean loss of each epoch, from 0."""
    values = [point.loss for point in curve.points]
    scale = Scale(0.0, max(max(values), 1e-9))
    ticks = (0.0, scale.high / 2, scale.high)
    return _chart(values, scale, [f"{t:.2g}" for t in ticks], ticks, _epochs(curve), None)


def history_chart(rows: Sequence[HistoryRow]) -> LineChart:
    """Draw scores in the order of time, on the whole scale; lines join what can be compared."""
    ends = {0: rows[0].created_at, len(rows) - 1: rows[-1].created_at}
    one_day = len({moment.date() for moment in ends.values()}) == 1
    form = "%Y-%m-%d %H:%M" if one_day else "%Y-%m-%d"
    names = {index: f"{moment:{form}}" for index, moment in ends.items()}
    ticks = (0.0, 50.0, 100.0)
    return _chart(
        [row.score for row in rows],
        Scale(0.0, 100.0),
        [f"{t:.0f}" for t in ticks],
        ticks,
        names,
        None,
        [not row.comparable for row in rows],
    )


def _epochs(curve: LearningCurve) -> dict[int, str]:
    step = math.ceil(len(curve.points) / _MOST_NAMED)
    return {i: str(point.epoch) for i, point in enumerate(curve.points) if i % step == 0}


def _chart(
    values: Sequence[float | None],
    scale: Scale,
    labels: Sequence[str],
    ticks: Sequence[float],
    names: dict[int, str],
    level: Tick | None,
    hollow: Sequence[bool] = (),
) -> LineChart:
    last = max(1, len(values) - 1)
    points = [
        LinePoint(
            percent(index / last),
            None if value is None else scale.down(value, _HEIGHT_PX),
            bool(hollow) and hollow[index],
        )
        for index, value in enumerate(values)
    ]
    joined = [(p.at, p.down) for p in points if p.down is not None and not p.hollow]
    return LineChart(
        tuple(points),
        tuple(Segment(*one, *other) for one, other in pairwise(joined)),
        tuple(Tick(percent(index / last), name) for index, name in names.items()),
        tuple(
            Tick(scale.down(value, _HEIGHT_PX), label)
            for value, label in zip(ticks, labels, strict=True)
        ),
        level,
        _HEIGHT_PX,
    )
