"""Paired rounds of several callables on the same changing inputs, inside one task."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.measure.messages import Step
from tito_bench.measure.sampling import reading_of, time_dispatch
from tito_bench.measure.schedule import next_loops

__all__ = ["Side", "take_rounds"]

_SAMPLE_NS = 1_000_000
_ROUNDS, _FEWEST_ROUNDS = 45, 3
_time_callable, _time_calls = _native.time_callable, _native.time_calls
_wall_clock_ns = _native.wall_clock_ns


@dataclass(frozen=True)
class Side:
    """One thing to be timed: a function with its argument, or a native call.

    `array` is what the argument holds; it is changed before every call.
    """

    function: Callable[..., Any] | None = None
    argument: Any = None
    array: np.ndarray | None = None
    native: _native.Call | None = None

    def time(self, loops: int, seed: int) -> float:
        """The CPU time of one call, in ns (the wall time where it waits)."""
        if self.native is not None:
            return reading_of(_time_calls((self.native,), loops), loops).call_ns
        if self.function is None:
            tiny = np.ones(1, dtype=np.float32)
            return time_dispatch((tiny, tiny), Step("dispatch", 0, loops)).call_ns
        changes = None
        if self.array is not None:
            # In every sample of the batch: a memory of single samples must not pay.
            spread = max(1, len(self.array)) if self.array.ndim else 1
            changes = _native.Perturbation([self.array], seed, spread)
        timing, _ = _time_callable(self.function, ((self.argument,),), loops, changes)
        reading = reading_of(timing, loops)
        return reading.elapsed_ns if reading.waits > 1 else reading.call_ns


def take_rounds(sides: Sequence[Side], seed: int, time_s: float) -> list[list[float]]:
    """Rounds of one sample of each side in random order; the times of one call, in ns."""
    order = random.Random(seed)  # noqa: S311 - of samples, not of secrets
    ends = _wall_clock_ns() + time_s * 1e9
    loops = [_calibrate(side, order) for side in sides]
    rounds: list[list[float]] = []
    while len(rounds) < _ROUNDS and (len(rounds) < _FEWEST_ROUNDS or _wall_clock_ns() < ends):
        times = [0.0] * len(sides)
        for index in order.sample(range(len(sides)), len(sides)):
            count = loops[index]
            if count > 1:
                sides[index].time(max(1, count // 10), order.getrandbits(32))
            times[index] = sides[index].time(count, order.getrandbits(32))
        rounds.append(times)
    return rounds


def _calibrate(side: Side, order: random.Random) -> int:
    loops, crossings = 1, 0
    while True:
        spent_ns = side.time(loops, order.getrandbits(32)) * loops
        if spent_ns >= _SAMPLE_NS:
            crossings += 1
            if crossings == 2 or loops == 1:
                return loops
            continue
        crossings = 0
        loops = next_loops(loops, spent_ns, _SAMPLE_NS)
