"""The roofline of one core: how fast any code can be at a given number of FLOP per byte.

Williams, Waterman and Patterson, "Roofline: an insightful visual performance
model for multicore architectures", CACM 52(4), 2009. Peak and bandwidths are
those that `benchmark calibrate` measured on this machine, nothing from a data
sheet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from tito_bench.records.calibration import Bandwidth, Calibration

__all__ = ["Bound", "Level", "Roof", "Roofline", "roofline_of"]

Bound = Literal["compute", "memory"]

_SAME_LEVEL = 0.7
"""A bandwidth that falls below this part of the one before has left a cache."""


@dataclass(frozen=True)
class Level:
    """Working sets that share a bandwidth: a cache, or memory; the largest one measured."""

    up_to_kib: int
    gb_s: float


@dataclass(frozen=True)
class Roof:
    """The most that is possible for some work, and which of the two bounds it."""

    gflops: float
    bound: Bound


@dataclass(frozen=True)
class Roofline:
    """One core of one machine: the multiply-add peak of its kernels, GB/s by working set."""

    target: str
    peak_gflops: float
    levels: tuple[Level, ...]
    bandwidth: tuple[tuple[int, float], ...]

    def roof(self, flops: int, size: int) -> Roof:
        """Return the roof over work of `flops` whose data are `size` bytes."""
        by_memory = flops / size * self.gb_s(size)
        if by_memory < self.peak_gflops:
            return Roof(by_memory, "memory")
        return Roof(self.peak_gflops, "compute")

    def gb_s(self, size: int) -> float:
        """Return GB/s at a working set of `size` bytes, by a power law between measured ones."""
        kib = size / 1024
        before = self.bandwidth[0]
        for after in self.bandwidth:
            if kib <= after[0]:
                if after is before:
                    break
                share = math.log(kib / before[0]) / math.log(after[0] / before[0])
                return math.exp((1 - share) * math.log(before[1]) + share * math.log(after[1]))
            before = after
        return before[1]


def roofline_of(card: Calibration) -> Roofline | None:
    """Return the roofline of a calibration, for its kernels; None where it lacks a figure."""
    target = card.fingerprint.kernel_target
    peaks = [speed.peak_gflops.median for speed in card.targets if speed.target == target]
    flows = [
        flow
        for flow in sorted(card.bandwidth, key=lambda flow: flow.working_set_kib)
        if flow.working_set_kib > 0 and _usable(flow.triad_gb_s.median)
    ]
    if not peaks or not _usable(peaks[0]) or not flows:
        return None
    return Roofline(
        target,
        peaks[0],
        _levels(flows),
        tuple((flow.working_set_kib, flow.triad_gb_s.median) for flow in flows),
    )


def _levels(flows: Sequence[Bandwidth]) -> tuple[Level, ...]:
    groups: list[list[Bandwidth]] = []
    for flow in flows:
        if groups and flow.triad_gb_s.median >= _SAME_LEVEL * groups[-1][-1].triad_gb_s.median:
            groups[-1].append(flow)
        else:
            groups.append([flow])
    return tuple(
        Level(group[-1].working_set_kib, median(flow.triad_gb_s.median for flow in group))
        for group in groups
    )


def _usable(figure: float) -> bool:
    """Tell whether a machine can have it, in GFLOP/s or GB/s; a file may hold anything."""
    return 1e-9 < figure < 1e12
