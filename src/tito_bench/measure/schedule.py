"""How much is measured, and in which order: the arithmetic of a run, without its clock."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from tito_bench.measure.messages import Side
from tito_bench.measure.results import Failure, OperationResult, PairedRound
from tito_bench.measure.sampling import SAMPLE_NS, SLOW_CALL_NS, Sample, length_beside
from tito_bench.score import Work, operation_weights
from tito_bench.statistics import median
from tito_bench.workloads.operation import Operation

__all__ = [
    "QUICK",
    "STANDARD",
    "Budget",
    "Schedule",
    "is_due",
    "schedules_for",
    "share_time",
]

_DISPATCH_SHARE = 4
_FEWEST_ROUNDS = 30  # what is small is cheap, and disturbed most: a quarter of them has to be calm
_METERED_ROUNDS = 3
_SLOW_METERED_OF = 3


@dataclass(frozen=True)
class Budget:
    """How much to measure: at most `rounds` rounds with samples of `sample_ns`.

    A slow subject gets as many rounds as fit in `usual_s` seconds. A result
    that is not certain enough by then is measured again, `passes` times in all,
    as long as `time_s` is not over. The rounds are
    spread over `workers` fresh processes, because where memory comes to lie
    differs from process to process and stays so for its life.
    """

    rounds: int = 45
    time_s: float = 20.0
    usual_s: float = 6.0
    sample_ns: int = SAMPLE_NS
    workers: int = 3
    passes: int = 3

    def target_ns(self, side: Side, call_ns: float) -> int:
        """Return the ns that a sample of `side` is to take beside a subject's call of `call_ns`.

        Beside quick calls the dispatch cost is small, so that a shorter sample will do.
        """
        length_ns = length_beside(call_ns, self.sample_ns)
        quick = length_ns == self.sample_ns
        return length_ns // _DISPATCH_SHARE if side == "dispatch" and quick else length_ns


STANDARD = Budget()
QUICK = Budget(rounds=10, time_s=5.0, usual_s=2.0, sample_ns=500_000, workers=1)


@dataclass
class Schedule:
    """One operation during a run: its calibrated samples, its rounds so far, or its failure.

    `weight` is the share of its slowdown's logarithm in that of the composite.
    """

    operation: Operation
    weight: float = 1.0
    samples: dict[Side, Sample] = field(default_factory=dict)
    round_s: float = 0.0
    rounds_wanted: int = 0
    rounds: list[PairedRound] = field(default_factory=list)
    failure: Failure | None = None
    work: Work | None = None
    metered_rounds: frozenset[int] = frozenset()
    metered_shares: list[float] = field(default_factory=list)
    foreseen_shares: list[float] = field(default_factory=list)

    def set_sample(self, side: Side, sample: Sample) -> None:
        """Take this sample of the side in every round."""
        self.samples[side] = sample
        self.round_s += sample.round_ns / 1e9

    def choose_metered_rounds(self, order: random.Random) -> None:
        """Draw the rounds, of those wanted next, in which a call is looked at line by line.

        Code under test cannot foresee which these are, as it can the call that prepares. One of
        each third, so that they meet several worker processes; fewer where one more call costs as
        much as a round, and none where there is hardly time for any.
        """
        slow = self.round_s * 1e9 >= SLOW_CALL_NS
        wanted, begun = self.rounds_wanted, len(self.rounds)
        parts = min(_METERED_ROUNDS, wanted // _SLOW_METERED_OF if slow else wanted)
        ends = [wanted * part // parts for part in range(parts + 1)] if parts else []
        self.metered_rounds = frozenset(
            begun + order.randrange(first, end) for first, end in pairwise(ends)
        )

    def is_metered(self) -> bool:
        """Return whether a call of the next round is looked at line by line."""
        return len(self.rounds) in self.metered_rounds

    def tried_out(self, work: Work) -> None:
        """Note what one more worker found when it tried the operation out."""
        self.foreseen_shares.append(work.interpreter_share)
        self._set_work(work)

    def note_share(self, share: float, *, metered: bool) -> None:
        """Note the share of a `metered` call, or what is left of that of the last trying out."""
        if self.work is None:
            raise AssertionError("a round is taken of what was tried out")
        if metered:
            self.metered_shares.append(share)
        else:
            self.foreseen_shares[-1] = share
        self._set_work(self.work)

    def _set_work(self, work: Work) -> None:
        """Keep the median share: that of a single call differs by what else the machine does."""
        share = median(self.metered_shares or self.foreseen_shares)
        self.work = msgspec.structs.replace(work, interpreter_share=share)

    def result(self) -> OperationResult:
        """Return what is handed on."""
        return OperationResult(self.operation, tuple(self.rounds), self.failure, self.work)


def schedules_for(operations: Sequence[Operation]) -> list[Schedule]:
    """Return a schedule for each operation, with its weight in the composite of all of them."""
    scored = [operation for operation in operations if operation.scored]
    weights = operation_weights([operation.group for operation in scored])
    weight_of = dict(zip(scored, weights, strict=True))
    return [Schedule(operation, weight_of.get(operation, 0.0)) for operation in operations]


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
    """Return how many rounds it should have, up to a factor that is the same for all."""
    return schedule.weight / math.sqrt(max(schedule.round_s, 1e-6))


def is_due(wanted: int, number: int, rounds: int) -> bool:
    """Return whether an operation with `wanted` of `rounds` rounds takes part in round `number`.

    Spread them evenly over the run, the last in the last round: an operation
    that only affords one then cannot take the time of the others.
    """
    return ((number + 1) * wanted) % rounds < wanted
