"""The one way in which anything here is timed: paired rounds of sides that take turns in slices.

It is described in docs/design/score.md, "How the numbers are taken". A side is whatever calls
itself so often and says what that took, so that all of this is arithmetic: the clock, the worker
process and the student's code are the caller's.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from tito_bench.measure.messages import Reading
from tito_bench.statistics import FEWEST_FOR_INTERVAL

__all__ = [
    "SAMPLE_NS",
    "SLOW_CALL_NS",
    "Sample",
    "Sampled",
    "Sampler",
    "Slice",
    "Stops",
    "Timer",
    "calibrate",
    "cut",
    "fastest",
    "fastest_rounds",
    "length_beside",
    "next_loops",
    "readings_by_side",
    "waits",
    "whole",
]

SAMPLE_NS = 1_000_000
"""How long a sample usually is: long beside reading a clock, short beside what disturbs."""
SLOW_CALL_NS = 50_000_000
"""A call this long is its own sample: no calibration, no warm-up beside it."""
# What disturbs a sample comes in strokes of less than a millisecond, and only ever slows: of four
# slices the fastest differs from round to round by less than a whole sample of the same length.
_SLICES = 4
# After other work so many calls on large arrays run slower than the rest; fewer where they are
# long enough to have the caches warm by then.
_COLD_CALLS = 4
_COLD_NS = 2_000_000
_LONGEST_SAMPLES = 5
# Beside the other half of its core, Python slows by a third and a kernel by a tenth: a ratio of
# neighbours does not cancel that. It comes and goes within seconds, so that some rounds are free of
# it (docs/design/score.md, "The fastest quarter").
_SHARE_OF_ROUNDS = 0.25
_MOST_LOOPS = 10_000_000
_DEVIATIONS = 4.0

S = TypeVar("S", bound=str)
Timer = Callable[[int], Reading]
"""Makes so many calls of a side, and reads the clocks around them all."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a round takes of one side: `warmup` untimed calls of about `call_ns`, `loops` timed."""

    loops: int
    warmup: int
    call_ns: float

    @classmethod
    def of(cls, loops: int, call_ns: float) -> Sample:
        """Return a sample with its warm-up: a tenth, and the calls that find the caches cold."""
        if call_ns > SLOW_CALL_NS:
            return cls(loops, 0, call_ns)
        cold = min(_COLD_CALLS, math.ceil(_COLD_NS / max(1.0, call_ns)))
        return cls(loops, max(loops // 10, cold), call_ns)

    @property
    def round_ns(self) -> float:
        """What it adds to a round, in ns."""
        return (self.loops + self.warmup) * self.call_ns


class Slice(NamedTuple, Generic[S]):
    """A part of a sample: `warmup` untimed calls of `side`, then `loops` timed ones."""

    side: S
    warmup: int
    loops: int


# -- calibration -----------------------------------------------------------------------------


def calibrate(timer: Timer, target_ns: int, first: Reading | None = None) -> Sample:
    """Find how many calls take `target_ns`.

    They have to do so twice in a row: a single time may only have found the caches cold, or been
    disturbed. `first` is a call that was timed before, if there was one: one that is slow is the
    sample. Where a call waits, as many of them as CPU time asks for would take for ever: there
    the time is that of the wall clock.
    """
    if first is not None and first.spent_ns > SLOW_CALL_NS:
        return Sample.of(1, first.spent_ns)
    loops, crossings = 1, 0
    while True:
        reading = timer(loops)
        spent_ns = reading.spent_ns * loops
        if spent_ns >= target_ns:
            crossings += 1
            if crossings == 2:
                return Sample.of(loops, reading.spent_ns)
        else:
            crossings = 0
            grown = next_loops(loops, spent_ns, target_ns)
            if grown == loops:
                return Sample.of(loops, reading.spent_ns)
            loops = grown


def next_loops(loops: int, spent_ns: float, target_ns: int) -> int:
    """Return the loops to try after `loops` took `spent_ns`, less than `target_ns`."""
    growth = min(10.0, max(1.3, 1.1 * target_ns / max(1.0, spent_ns)))
    return min(_MOST_LOOPS, int(loops * growth) + 1)


def length_beside(call_ns: float, sample_ns: int) -> int:
    """Return how long a sample should be, in ns, beside a side whose call takes `call_ns`.

    As long as a slow call, up to five times the usual, so that all sides see the same of what
    else the machine does.
    """
    return max(sample_ns, min(_LONGEST_SAMPLES * sample_ns, int(call_ns)))


# -- a round ---------------------------------------------------------------------------------


def cut(samples: Mapping[S, Sample], order: random.Random) -> list[Slice[S]]:
    """Cut a sample of each side into slices that take turns in random order.

    The first slice of a side comes after its whole warm-up, others after a tenth of a slice.
    """
    sides = list(samples)
    slices = []
    for turn in range(_SLICES):
        order.shuffle(sides)
        for side in sides:
            sample = samples[side]
            loops = sample.loops // _SLICES + (turn < sample.loops % _SLICES)
            if loops > 0:
                slices.append(Slice(side, loops // 10 if turn > 0 else sample.warmup, loops))
    return slices


def readings_by_side(
    slices: Iterable[Slice[S]], readings: Iterable[Reading]
) -> dict[S, tuple[Reading, ...]]:
    """Return the readings of each side, of as many readings as there are slices."""
    found: dict[S, tuple[Reading, ...]] = {}
    for piece, reading in zip(slices, readings, strict=True):
        found[piece.side] = (*found.get(piece.side, ()), reading)
    return found


def fastest(slices: Iterable[Reading]) -> Reading:
    """Return the slice of a sample that was disturbed least: it stands for the side in its round.

    Of equally fast ones, the one that was stopped least.
    """
    return min(slices, key=lambda reading: (reading.call_ns, reading.preemption))


def fastest_rounds(spent: Sequence[float]) -> list[int]:
    """Return which rounds stand for a run, ascending: the quarter, and no fewer than an interval
    needs, for which `spent` is least."""
    count = max(FEWEST_FOR_INTERVAL, math.ceil(_SHARE_OF_ROUNDS * len(spent)))
    return sorted(sorted(range(len(spent)), key=spent.__getitem__)[:count])


def whole(slices: Iterable[Reading]) -> Reading:
    """Return all slices of a sample as one reading."""
    counted = [(r.loops, r.wall_ns, r.cpu_ns, r.process_cpu_ns, r.waits) for r in slices]
    return Reading(*map(sum, zip(*counted, strict=True)))


# -- waiting ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stops:
    """How often the system stopped code that never waits, in `cpu_ns` of its CPU time.

    A thread that is stopped by a signal has switched voluntarily, as one that sleeps.
    """

    count: int
    cpu_ns: int

    @classmethod
    def of(cls, never_waiting: Iterable[Reading]) -> Stops:
        """Count those of readings: of all slices, not of those chosen for having had none."""
        readings = list(never_waiting)
        count = sum(max(0, reading.waits) for reading in readings)
        return cls(count, sum(reading.cpu_ns for reading in readings))


def waits(readings: Sequence[Reading], stops: Stops) -> bool:
    """Return whether a side waits in its calls (sleeps, or lets another process work).

    It then pays by the wall clock, or waiting would be free. `readings` has the whole sample of
    each round. What `stops` explains is no waiting: as many by CPU time, give or take four
    standard deviations, of its own number and of that which is expected (both Poisson). What is
    left must be one in every second round: a page that is read from a disk does not matter.
    """
    seen = sum(max(0, reading.waits) for reading in readings)
    if stops.count == 0:
        return seen > len(readings) / 2
    expected = stops.count / stops.cpu_ns * sum(reading.cpu_ns for reading in readings)
    deviation = math.sqrt(expected + expected**2 / stops.count)
    return seen - expected > max(len(readings) / 2, _DEVIATIONS * deviation)


# -- many rounds -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Sampled(Generic[S]):
    """The calibrated samples of each side, and the readings of its slices in each round."""

    samples: Mapping[S, Sample]
    rounds: Sequence[Mapping[S, tuple[Reading, ...]]]

    def readings(self, side: S) -> list[Reading]:
        """Return what stands for a side in each round."""
        return [fastest(found[side]) for found in self.rounds]

    def call_ns(self, side: S) -> list[float]:
        """Return the CPU time of one call of a side in each round."""
        return [reading.call_ns for reading in self.readings(side)]

    def spent_ns(self, side: S, *, never_waiting: Iterable[S]) -> list[float]:
        """Return what one call of a side takes in each round: where it waits, by the wall clock.

        The stops of the sides that are `never_waiting` tell waiting from being stopped.
        """
        stops = Stops.of(chain.from_iterable(map(self._whole, never_waiting)))
        if waits(self._whole(side), stops):
            return [reading.elapsed_ns for reading in self.readings(side)]
        return self.call_ns(side)

    def _whole(self, side: S) -> list[Reading]:
        return [whole(found[side]) for found in self.rounds]

    def ratios(self, side: S, other: S) -> list[float]:
        """Return how many times as long as `other` a side takes, in each round."""
        return [
            one / beside
            for one, beside in zip(self.call_ns(side), self.call_ns(other), strict=True)
        ]


@dataclass(frozen=True)
class Sampler:
    """Times sides that run in this process.

    Takes `rounds` rounds; of those after the first `fewest_rounds` only what fits into `time_s`
    seconds of timed loops, calibration included. `tick` is told the side before each sample.
    Where it is not `warm`, nothing is called untimed.
    """

    rounds: int
    order: random.Random
    sample_ns: int = SAMPLE_NS
    fewest_rounds: int = 3
    time_s: float = math.inf
    tick: Callable[[str], None] = lambda _side: None
    warm: bool = True

    def take(self, timers: Mapping[S, Timer]) -> Sampled[S]:
        """Calibrate the sides in their order, the subject first, and take the rounds.

        Raises whatever a timer raises.
        """
        watch = _Stopwatch(timers)
        samples: dict[S, Sample] = {}
        longest_ns = 0.0
        for side in timers:
            first = watch.time(side, 1)
            target_ns = length_beside(longest_ns, self.sample_ns)
            found = calibrate(partial(watch.time, side), target_ns, first)
            samples[side] = found if self.warm else replace(found, warmup=0)
            longest_ns = max(longest_ns, samples[side].call_ns)
        rounds: list[dict[S, tuple[Reading, ...]]] = []
        round_ns = sum(sample.round_ns for sample in samples.values())
        while len(rounds) < self.rounds and (
            len(rounds) < self.fewest_rounds or watch.wall_ns + round_ns <= 1e9 * self.time_s
        ):
            rounds.append(self._take_round(samples, watch))
        return Sampled(samples, rounds)

    def _take_round(
        self, samples: Mapping[S, Sample], watch: _Stopwatch[S]
    ) -> dict[S, tuple[Reading, ...]]:
        slices = cut(samples, self.order)
        readings: list[Reading] = []
        begun: set[S] = set()
        for piece in slices:
            if piece.side not in begun:
                self.tick(piece.side)
                begun.add(piece.side)
            if piece.warmup:
                watch.time(piece.side, piece.warmup)
            readings.append(watch.time(piece.side, piece.loops))
        return readings_by_side(slices, readings)


class _Stopwatch(Generic[S]):
    """Adds up what all loops took by the wall clock."""

    def __init__(self, timers: Mapping[S, Timer]) -> None:
        self._timers = timers
        self.wall_ns = 0

    def time(self, side: S, loops: int) -> Reading:
        reading = self._timers[side](loops)
        self.wall_ns += reading.wall_ns
        return reading
