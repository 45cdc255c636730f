"""How much is measured, and in which order: the arithmetic of a run, without its clock."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from tito_bench.measure.messages import Side, Step
from tito_bench.measure.results import Failure, OperationResult, PairedRound
from tito_bench.score import Work, operation_weights
from tito_bench.workloads.operation import Operation

__all__ = [
    "QUICK",
    "SLOW_CALL_NS",
    "STANDARD",
    "Budget",
    "Schedule",
    "is_due",
    "next_loops",
    "schedules_for",
    "share_time",
    "warmup_calls",
]

SLOW_CALL_NS = 50_000_000
"""A call this long is its own sample: no calibration, no warm-up beside it."""
# After other work so many calls on large arrays run slower than the rest; fewer where they are
# long enough to have the caches warm by then.
_COLD_CALLS = 4
_COLD_NS = 2_000_000
_DISPATCH_SHARE = 4
# What disturbs a sample comes in strokes of less than a millisecond, and only ever slows: of four
# slices the fastest differs from round to round by less than a whole sample of the same length.
_SLICES = 4
_FEWEST_ROUNDS = 12  # leaves an interval and a drift to look at
_LONGEST_SAMPLES = 5
_MOST_LOOPS = 10_000_000


@dataclass(frozen=True)
class Budget:
    """How much to measure: at most `rounds` rounds with samples of `sample_ns`.

    A slow subject gets as many rounds as fit in `usual_s` seconds. A result
    that is not certain enough by then is measured again, `passes` times in all,
    as long as `time_s` is not over. The rounds are
    spread over `workers` fresh processes, because where memory comes to lie
    differs from process to process and stays so for its life.
    """

    rounds: int = 60
    time_s: float = 20.0
    usual_s: float = 6.0
    sample_ns: int = 1_000_000
    workers: int = 3
    passes: int = 3

    def target_ns(self, side: Side, call_s: float) -> int:
        """How long a sample of this side should be, in ns, beside a subject's call of `call_s`.

        As long as a slow call, up to five times the usual, so that all see the
        same of what else the machine does. Beside quick ones the dispatch cost
        is small, so that a shorter sample will do.
        """
        call_ns = int(call_s * 1e9)
        if call_ns > self.sample_ns:
            return min(_LONGEST_SAMPLES * self.sample_ns, call_ns)
        return self.sample_ns // _DISPATCH_SHARE if side == "dispatch" else self.sample_ns


STANDARD = Budget()
QUICK = Budget(rounds=10, time_s=5.0, usual_s=2.0, sample_ns=500_000, workers=1)


@dataclass
class Schedule:
    """One operation during a run: its calibrated samples, its rounds so far, or its failure.

    `weight` is the share of its slowdown's logarithm in that of the composite.
    """

    operation: Operation
    weight: float = 1.0
    loops: dict[Side, int] = field(default_factory=dict)
    warmups: dict[Side, int] = field(default_factory=dict)
    round_s: float = 0.0
    rounds_wanted: int = 0
    metered_round: int = 0
    rounds: list[PairedRound] = field(default_factory=list)
    failure: Failure | None = None
    work: Work | None = None

    def steps(self, order: random.Random) -> tuple[Step, ...]:
        """A sample of each side, in slices that take turns in random order.

        The first slice of a side comes after its whole warm-up, others after a tenth of a slice.
        """
        sides = list(self.loops)
        steps = []
        for turn in range(_SLICES):
            order.shuffle(sides)
            for side in sides:
                loops = self.loops[side] // _SLICES + (turn < self.loops[side] % _SLICES)
                if loops > 0:
                    warmup = loops // 10 if turn > 0 else self.warmups[side]
                    steps.append(Step(side, warmup, loops))
        return tuple(steps)

    def set_sample(self, side: Side, loops: int, sample_s: float) -> None:
        """A sample of this side is `loops` calls, which take `sample_s` seconds."""
        self.loops[side] = loops
        self.warmups[side] = warmup_calls(loops, sample_s * 1e9 / loops)
        self.round_s += (1 + self.warmups[side] / loops) * sample_s

    def is_metered(self) -> bool:
        """Whether a call of the next round is looked at line by line.

        Code under test cannot foresee which round that is, as it can the call
        that prepares; only where one more call would cost much, that must do.
        """
        quick = self.round_s * 1e9 < SLOW_CALL_NS
        return quick and len(self.rounds) == self.metered_round

    def set_loop_share(self, share: float | None) -> None:
        """Note what metering has found, if this round was metered."""
        if share is not None and self.work is not None:
            self.work = msgspec.structs.replace(self.work, interpreter_share=share)

    def result(self) -> OperationResult:
        """What is handed on."""
        return OperationResult(self.operation, tuple(self.rounds), self.failure, self.work)


def schedules_for(operations: Sequence[Operation]) -> list[Schedule]:
    """Return a schedule for each operation, with its weight in the composite of all of them."""
    scored = [operation for operation in operations if operation.scored]
    weights = operation_weights([operation.group for operation in scored])
    weight_of = dict(zip(scored, weights, strict=True))
    return [Schedule(operation, weight_of.get(operation, 0.0)) for operation in operations]


def warmup_calls(loops: int, call_ns: float) -> int:
    """Untimed calls before a sample of `loops` calls.

    A tenth of the sample, and at least the calls that find the caches cold.
    """
    if call_ns > SLOW_CALL_NS:
        return 0
    return max(loops // 10, min(_COLD_CALLS, math.ceil(_COLD_NS / call_ns)))


def next_loops(loops: int, spent_ns: float, target_ns: int) -> int:
    """The loops to try after `loops` took `spent_ns`, less than `target_ns`."""
    growth = min(10.0, max(1.3, 1.1 * target_ns / max(1.0, spent_ns)))
    return min(_MOST_LOOPS, int(loops * growth) + 1)


def share_time(schedules: Sequence[Schedule], rounds: int, left_s: float) -> None:
    """Decide how many rounds each operation gets, so that all end within `left_s` seconds.

    For the composite to be known best, rounds go as the weight of an operation
    over the square root of what one costs (Neyman, "On the two different
    aspects of the representative method", JRSS 97(4), 1934, with costs; one
    round tells about as much of any operation). The one that should have most
    gets `rounds`, where time allows it; the cheapest is served first, and what
    it leaves goes to the others. Each gets at least one round.
    """
    waiting = sorted(schedules, key=lambda schedule: schedule.round_s)
    most = max((_worth(schedule) for schedule in schedules), default=0.0)
    for served, schedule in enumerate(waiting):
        deserved = round(rounds * _worth(schedule) / most) if most else rounds
        share_s = left_s / (len(waiting) - served)
        affordable = int(share_s / schedule.round_s) if schedule.round_s > 0 else rounds
        schedule.rounds_wanted = min(rounds, max(_FEWEST_ROUNDS, deserved), max(1, affordable))
        left_s -= schedule.rounds_wanted * schedule.round_s


def _worth(schedule: Schedule) -> float:
    """How many rounds it should have, up to a factor that is the same for all."""
    return schedule.weight / math.sqrt(max(schedule.round_s, 1e-6))


def is_due(wanted: int, number: int, rounds: int) -> bool:
    """Whether an operation with `wanted` of `rounds` rounds takes part in round `number`.

    Spreads them evenly over the run, the last in the last round: an operation
    that only affords one then cannot take the time of the others.
    """
    return ((number + 1) * wanted) % rounds < wanted
