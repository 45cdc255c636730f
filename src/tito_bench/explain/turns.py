"""Times several calls in turns, so that what slows one of them slows all."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.measure.messages import Reading
from tito_bench.measure.sampling import reading_of
from tito_bench.measure.schedule import SLOW_CALL_NS, next_loops
from tito_bench.statistics import median

__all__ = ["Turn", "time_in_turns"]

_time_callable = _native.time_callable
_SAMPLE_NS = 300_000
_MOST_ROUNDS = 15
_FEWEST_ROUNDS = 3
_COLD_CALLS = 4


@dataclass(frozen=True)
class Turn:
    """One call to be timed; `inputs` are changed a little before each, as in a benchmark."""

    function: Callable[..., object]
    arguments: tuple[object, ...] = ()
    inputs: tuple[np.ndarray, ...] = ()


def time_in_turns(
    turns: Mapping[str, Turn], time_s: float, order: random.Random
) -> dict[str, float]:
    """CPU time of one call of each, in ns: the median over 3 to 15 rounds.

    Takes about `time_s` seconds, and one call of each at least. Raises what a call raises.
    """
    stands = {name: _Stand(turn, order.getrandbits(32)) for name, turn in turns.items()}
    round_ns = sum(stand.calibrate() for stand in stands.values())
    affordable = int(time_s * 1e9 / max(1.0, round_ns))
    rounds = min(_MOST_ROUNDS, affordable) if affordable >= _FEWEST_ROUNDS else 0
    names = list(stands)
    for _ in range(rounds):
        order.shuffle(names)
        for name in names:
            stands[name].sample()
    return {name: stand.call_ns for name, stand in stands.items()}


class _Stand:
    def __init__(self, turn: Turn, seed: int) -> None:
        self._turn = turn
        self._ring = (turn.arguments,)
        self._changes: Any = None
        if turn.inputs:
            self._changes = _native.Perturbation(turn.inputs, seed)
        self._loops = 1
        self._samples: list[float] = []
        self._first_ns = 0.0

    def calibrate(self) -> float:
        """Find how many calls make a sample; what a sample takes with its warm-up, in ns."""
        first = self._time(1)
        self._first_ns = first.call_ns
        if first.elapsed_ns > SLOW_CALL_NS:
            return first.elapsed_ns
        while True:
            reading = self._time(self._loops)
            spent_ns = reading.elapsed_ns * self._loops
            if (
                spent_ns >= _SAMPLE_NS
                or next_loops(self._loops, spent_ns, _SAMPLE_NS) == self._loops
            ):
                self._first_ns = reading.call_ns
                return 1.1 * spent_ns + _COLD_CALLS * reading.elapsed_ns
            self._loops = next_loops(self._loops, spent_ns, _SAMPLE_NS)

    def sample(self) -> None:
        if self._first_ns <= SLOW_CALL_NS:
            self._time(max(_COLD_CALLS, self._loops // 10))
        self._samples.append(self._time(self._loops).call_ns)

    @property
    def call_ns(self) -> float:
        """The median, or the only call where there was no time for more."""
        return median(self._samples) if self._samples else self._first_ns

    def _time(self, loops: int) -> Reading:
        timing, _ = _time_callable(self._turn.function, self._ring, loops, self._changes)
        return reading_of(timing, loops)
