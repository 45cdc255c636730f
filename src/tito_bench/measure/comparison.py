"""Whether one measurement is faster than another: ratios with intervals. Pure arithmetic.

What two runs of the same code differ by has two sources, and the interval of a ratio has both:

    reach = sqrt(max(rounds, processes)^2 + drift^2)

**Rounds.** Each slowdown is a median with a distribution-free interval from the order
statistics of its rounds; a logarithm keeps both, because it keeps the order.
The interval of the difference of two such medians, taken independently, is
recovered from their two intervals (MOVER: Zou and Donner, "Construction of
confidence limits about effect measures: a general approach", Statistics in
Medicine 27(10), 2008, equation 3):

    d     = log after - log before
    lower = d - sqrt((log after - log after.low)^2 + (log before.high - log before)^2)
    upper = d + sqrt((log after.high - log after)^2 + (log before - log before.low)^2)

It need not be symmetric. Exchanging the two sides exchanges and negates the limits exactly.

**Processes.** The rounds of one worker process share where its memory lies, so that they are
no independent draws. Each third of the rounds that count, in their order, is much of one process
in a standard run, and counts as one draw (the cluster's own mean as the unit of analysis: Donner
and Klar, "Design and Analysis of Cluster Randomization Trials in Health Research", 2000, section
6). Three draws say little of their variance, so that it is moderated (Smyth, below) by what the
rounds let expect of them, unless they lie further apart than that. The two sides are set side by
side by Welch's test ("The generalization of 'Student's' problem when several different population
variances are involved", Biometrika 34, 1947).

**Drift.** What differs from run to run and stays so all through a run (the minute, where
pages lie, the load that others make) cannot be seen from inside of one. It is learned from
pairs of runs of the same code: `learn_drift`. Such pairs differ by the noise inside of runs
too, which must not count twice. Without enough of them it is a floor.
All operations of a run may drift together, so that over several operations drifts add up
linearly, and not in quadrature as what is independent does.

Of two to five rounds no order statistics give 95%. There the logarithm of the
slowdown is taken as normally distributed, and the interval of its median is

    log slowdown +- t * (log high - log low)

low and high being the ends of the whole range (Dean and Dixon, "Simplified
statistics for small numbers of observations", Analytical Chemistry 23(4),
1951). They tabulate t for the mean; `_RANGES` has it for the median. One round
has no interval, nor have a few that are all the same. They are separated only
beyond `_FURTHEST`, by more than any single round was ever off; and a range of
few rounds never counts for more than that, unless it is itself wider.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import variance
from typing import Literal

from tito_bench.score import operation_weights
from tito_bench.statistics import FEWEST_FOR_INTERVAL, median, student_t

__all__ = [
    "FEWEST_PAIRS",
    "Change",
    "Drift",
    "Estimate",
    "Ratio",
    "combine",
    "compare",
    "estimate",
    "learn_drift",
    "process_medians",
    "seen_reach",
]

Change = Literal["faster", "slower", "not separated"]

_Z = student_t(math.inf)
_OF_MEDIAN = math.sqrt(math.pi / 2)
"""The standard error of a median over that of the mean, of a normal distribution."""

_RANGES = {2: 6.353, 3: 1.342, 4: 0.738, 5: 0.560}
"""By the number of values from a normal distribution: |median - mean of the distribution| is at
most so many times their range with a probability of 95% (for 3 to 5 by simulation)."""

_FURTHEST = math.log(3)
"""How far a slowdown of one round may be off: three times. `benchmarks/comparison.py` prints the
furthest single round: of 10,941 on a busy machine (AMD EPYC) it was 1.53 times off."""

_BOUNDLESS = 50.0
"""An interval whose logarithm reaches further (1e21 times) says nothing."""

_PROCESSES = 3
_FEWEST_ROUNDS_OF_PROCESS = 3

_PROCESSES_VARY = 2.0
"""How many times the variance that their rounds let expect the medians of processes have: 1.3 to
2.9 of each operation's in 60 runs on an Intel Xeon."""

_EXPECTED_FREEDOM = 4
"""What is expected of processes counts as much as five that were seen."""

_UNEXPECTED = 3.0
"""So many times the expected variance are seen in one of twenty runs (F of 2 and many degrees)."""

_FLOOR_DEVIATION = 0.01
"""Standard deviation of log slowdown between runs that is not visible in them, of one operation,
where nothing is known.

`benchmarks/comparison.py` prints that of each operation, with what is visible: on an AMD EPYC (2
shared cores, others at work) 0.22% to 0.75%, on an Intel Xeon 0.3% to 0.9%, and 1.5% where three
arrays of 1 MB wait for a shared cache. Where that is too little, a machine's own repeated runs say
so."""

_NOISY = 0.35
"""What disturbs rounds disturbs runs: the floor's deviation is at least so much of that of a single
round. Of 435 pairs of runs beside four busy processes on two cores 1% alone called 6.5% of the
operations' lines different, and 16% of the overall ones; with this 3% and 3%."""

_FLOOR_FREEDOM = 4
"""The floor counts as much as so many pairs of runs: a few that agree by chance prove little."""

FEWEST_PAIRS = 6
"""From so many pairs of runs of the same code on, what they differ by is learned from."""


@dataclass(frozen=True)
class Drift:
    """How far apart two runs of the same code may be for no reason that is visible in either.

    `reach` is the half-width of the 95% interval of the log ratio, `pairs` of how many pairs of
    runs it was learned, and `seen` how much of it was visible inside of those. The floor is of
    none, and of what is not visible alone.
    """

    reach: float
    pairs: int = 0
    seen: float = 0.0

    @classmethod
    def floor(cls, *sides: Estimate) -> Drift:
        """Return the drift of these runs where nothing is known of it: 2.8% to each side, and more
        where their rounds are noisy."""
        squares = [(_standard_error(side) / _OF_MEDIAN) ** 2 * side.rounds for side in sides]
        noise = math.sqrt(math.fsum(squares) / max(1, len(squares)))
        return cls(_Z * math.sqrt(2) * max(_FLOOR_DEVIATION, _NOISY * noise))


@dataclass(frozen=True)
class Estimate:
    """A slowdown and from how many rounds: the ends are those of its 95% interval, of fewer
    than six rounds those of their whole range. `processes` are the medians of its parts
    that have a worker process of their own; none where the rounds are too few."""

    value: float
    low: float
    high: float
    rounds: int
    processes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Ratio:
    """After over before: 2.0 means that it takes twice as long now.

    `low` and `high` are its 95% interval; None where rounds are too few to have one.
    `change` is the one word for it: only an interval that leaves out 1 separates the
    two, or, without one, a ratio far beyond what a single round can be off.
    """

    value: float
    low: float | None
    high: float | None
    change: Change


@dataclass(frozen=True)
class _Reach:
    """How far a logarithm reaches to each side; `known` where that is a 95% interval."""

    below: float
    above: float
    known: bool = True


@dataclass(frozen=True)
class _LogRatio:
    """log(after / before), and its reach."""

    centre: float
    reach: _Reach


def learn_drift(differences: Sequence[float], seen: Sequence[float] = ()) -> Drift:
    """Return the drift, from log ratios of runs of the same code, one for each pair of runs, and
    how far each of them reaches by what is visible in the runs: `seen_reach`.

    Their mean square about 0 and the floor's are averaged by their degrees of freedom
    (moderated variance: Smyth, "Linear models and empirical Bayes methods for assessing
    differential expression in microarray experiments", Statistical Applications in Genetics
    and Molecular Biology 3(1), 2004, section 3), so that a few runs that agree by chance do
    not make the drift small; where they alone say more than with the floor, that counts.
    """
    pairs = len(differences)
    if pairs < FEWEST_PAIRS:
        return Drift.floor()
    squares = math.fsum(each * each for each in differences)
    floor = _FLOOR_FREEDOM * 2 * _FLOOR_DEVIATION**2
    moderated = (floor + squares) / (_FLOOR_FREEDOM + pairs)
    alone = squares / pairs
    reach = max(
        student_t(_FLOOR_FREEDOM + pairs) * math.sqrt(moderated),
        student_t(pairs) * math.sqrt(alone),
    )
    return Drift(reach, pairs, math.sqrt(math.fsum(each * each for each in seen) / pairs))


def seen_reach(before: Estimate, after: Estimate) -> float:
    """Return how far the log ratio of two runs reaches by what their rounds show."""
    reach = _log_ratio(before, after).reach
    return (reach.below + reach.above) / 2


def process_medians(slowdowns: Sequence[float]) -> tuple[float, ...]:
    """Return the median slowdown of each third of the rounds that count, in their order.

    A standard run starts a fresh process for each third of its rounds. Nothing where a third
    would have fewer than three.
    """
    count = len(slowdowns)
    if count < _PROCESSES * _FEWEST_ROUNDS_OF_PROCESS:
        return ()
    ends = [count * part // _PROCESSES for part in range(_PROCESSES + 1)]
    return tuple(median(slowdowns[ends[i] : ends[i + 1]]) for i in range(_PROCESSES))


def estimate(
    value: float | None,
    interval: tuple[float, float] | None,
    rounds: int,
    processes: tuple[float, ...] = (),
) -> Estimate | None:
    """Return an estimate of a record's figures, with the range of its rounds where these are too
    few for an interval; None where that is no positive number within its
    interval, as it is in every record that was measured."""
    if value is None or interval is None:
        return None
    low, high = interval
    if not 0 < low <= value <= high < math.inf:
        return None
    sound = all(0 < each < math.inf for each in processes)
    return Estimate(value, low, high, rounds, processes if sound else ())


def compare(before: Estimate, after: Estimate, drift: Drift | None = None) -> Ratio:
    """Return the ratio of two slowdowns of runs that may drift apart by `drift`; by the floor
    where nothing is known of it."""
    log = _log_ratio(before, after)
    drift = drift or Drift.floor(before, after)
    return _ratio(_LogRatio(log.centre, _drifting(log.reach, drift)))


def combine(
    groups: Sequence[Sequence[tuple[Estimate, Estimate]]],
    drifts: Sequence[Sequence[Drift | None]] | None = None,
) -> Ratio:
    """Return the geometric mean of the groups, each that of its (before, after) pairs.

    Operations are measured independently, so that what their runs show adds in
    quadrature, each with its weight; `drifts`, in the shape of the groups and by default
    the floor, add up. Raises ValueError without any pair.
    """
    if not groups or not all(groups):
        raise ValueError("a ratio of nothing")
    pairs = [(str(number), pair) for number, group in enumerate(groups) for pair in group]
    weights = operation_weights([group for group, _ in pairs])
    known = [None] * len(pairs) if drifts is None else [each for group in drifts for each in group]
    flat = [drift or Drift.floor(*pair) for drift, (_, pair) in zip(known, pairs, strict=True)]
    logs = [_log_ratio(before, after) for _, (before, after) in pairs]
    reach = _Reach(
        math.hypot(*(w * log.reach.below for w, log in zip(weights, logs, strict=True))),
        math.hypot(*(w * log.reach.above for w, log in zip(weights, logs, strict=True))),
        all(log.reach.known for log in logs),
    )
    drift = Drift(
        math.fsum(w * each.reach for w, each in zip(weights, flat, strict=True)),
        seen=math.hypot(*(w * each.seen for w, each in zip(weights, flat, strict=True))),
    )
    centre = math.fsum(w * log.centre for w, log in zip(weights, logs, strict=True))
    return _ratio(_LogRatio(centre, _drifting(reach, drift)))


def _log_ratio(before: Estimate, after: Estimate) -> _LogRatio:
    was, now = _reach(before), _reach(after)
    processes = _process_reach(before, after)
    return _LogRatio(
        math.log(after.value) - math.log(before.value),
        _Reach(
            max(processes, math.hypot(now.below, was.above)),
            max(processes, math.hypot(now.above, was.below)),
            was.known and now.known,
        ),
    )


def _drifting(reach: _Reach, drift: Drift) -> _Reach:
    """Add what is not visible, in quadrature; no less than runs of the same code were apart."""
    unseen = math.sqrt(max(0.0, drift.reach**2 - drift.seen**2))
    below, above = (
        max(drift.reach, math.hypot(side, unseen)) for side in (reach.below, reach.above)
    )
    return _Reach(below, above, reach.known)


def _process_reach(before: Estimate, after: Estimate) -> float:
    """Return how far the log ratio reaches by what processes differ.

    It has the degrees of freedom of Welch and Satterthwaite, and is 0 where no process is known.
    """
    sides = [_squared_error(side) for side in (before, after)]
    total = math.fsum(error for error, _ in sides)
    if total == 0:
        return 0.0
    shares = [(error / total) ** 2 / freedom for error, freedom in sides if freedom]
    fewest = min(freedom for _, freedom in sides if freedom)  # below it by rounding alone
    return student_t(max(fewest, 1 / math.fsum(shares))) * math.sqrt(total)


def _squared_error(side: Estimate) -> tuple[float, int]:
    """Return the squared standard error of the mean logarithm of its processes, and its freedom."""
    count = len(side.processes)
    if count < 2:
        return 0.0, 0
    expected = _PROCESSES_VARY * count * _standard_error(side) ** 2
    seen = variance(map(math.log, side.processes))
    if seen > _UNEXPECTED * expected:  # they differ as rounds do not tell
        return seen / count, count - 1
    freedom = count - 1 + _EXPECTED_FREEDOM
    moderated = (_EXPECTED_FREEDOM * expected + (count - 1) * seen) / freedom
    return moderated / count, freedom


def _standard_error(side: Estimate) -> float:
    """Return that of the logarithm of a slowdown, by the 95% interval that its rounds give."""
    return (math.log(side.high) - math.log(side.low)) / 2 / _Z


def _reach(one: Estimate) -> _Reach:
    """Return how far the logarithm of a slowdown reaches by its rounds."""
    low, value, high = map(math.log, (one.low, one.value, one.high))
    if one.rounds >= FEWEST_FOR_INTERVAL:
        return _Reach(value - low, high - value)
    if one.rounds not in _RANGES or low == high:
        return _Reach(_FURTHEST, _FURTHEST, known=False)
    whole = high - low
    reach = min(_RANGES[one.rounds] * whole, max(whole, _FURTHEST))
    return _Reach(reach, reach)


def _ratio(log: _LogRatio) -> Ratio:
    value = math.exp(log.centre)
    low, high = log.centre - log.reach.below, log.centre + log.reach.above
    change: Change = "slower" if low > 0 else "faster" if high < 0 else "not separated"
    if not log.reach.known or max(log.reach.below, log.reach.above) > _BOUNDLESS:
        return Ratio(value, None, None, change)
    return Ratio(value, math.exp(low), math.exp(high), change)
