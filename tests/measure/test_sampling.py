"""The one sampler, with a clock of the test's own: calibration, rounds, slices, ratios."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.measure.messages import Reading
from tito_bench.measure.sampling import (
    SLOW_CALL_NS,
    Sample,
    Sampler,
    Slice,
    Stops,
    Timer,
    calibrate,
    cut,
    fastest,
    fastest_rounds,
    length_beside,
    next_loops,
    readings_by_side,
    waits,
    whole,
)

CALL_NS = st.floats(100.0, 5e9)
TARGET_NS = st.integers(100_000, 5_000_000)
SIDES = ("subject", "native", "dispatch")


def reading(
    loops: int, call_ns: float, *, wall: float = 1.0, process: float = 1.0, waits: int = 0
) -> Reading:
    """A loop of calls that take `call_ns`; `wall` and `process` are multiples of its CPU time."""
    spent = max(1, round(loops * call_ns))
    return Reading(loops, round(wall * spent), spent, round(process * spent), waits)


@dataclass
class FakeSides:
    """Sides whose calls take what the test says; notes every loop in order.

    `disturbance` is a factor for each loop in turn.
    """

    call_ns: Mapping[str, float]
    disturbance: Callable[[], float] = lambda: 1.0
    loops: list[tuple[str, int]] = field(default_factory=list)
    now_ns: float = 0.0

    def timers(self) -> dict[str, Timer]:
        return {side: self._timer(side) for side in self.call_ns}

    def _timer(self, side: str) -> Timer:
        def time(loops: int) -> Reading:
            self.loops.append((side, loops))
            found = reading(loops, self.call_ns[side] * self.disturbance())
            self.now_ns += found.wall_ns
            return found

        return time


def sampler(seed: int = 1, rounds: int = 12, **settings: float) -> Sampler:
    return Sampler(rounds, random.Random(seed), **settings)


# -- calibration -----------------------------------------------------------------------------


@given(CALL_NS, TARGET_NS)
def test_calibration_reaches_the_length_whatever_a_call_takes(
    call_ns: float, target_ns: int
) -> None:
    side = FakeSides({"a": call_ns})
    sample = calibrate(side.timers()["a"], target_ns)
    assert sample.call_ns == pytest.approx(call_ns, rel=1e-2)
    assert sample.loops * call_ns >= 0.999 * target_ns
    # Growth of a tenth beyond the target, and then a whole call more at most.
    assert sample.loops == 1 or sample.loops * call_ns <= 1.5 * target_ns + 2 * call_ns


@given(CALL_NS, TARGET_NS)
def test_calibration_takes_no_more_than_a_few_samples(call_ns: float, target_ns: int) -> None:
    """Where one call is a sample, it is that one twice."""
    side = FakeSides({"a": call_ns})
    calibrate(side.timers()["a"], target_ns)
    assert side.now_ns <= max(2.01 * call_ns, 5 * target_ns + 6 * call_ns)
    assert call_ns < target_ns or [loops for _, loops in side.loops] == [1, 1]


def test_one_cold_loop_does_not_make_a_sample_short() -> None:
    """Its 2 ms would be a sample of one call, and cold, in every round to come."""
    factors = iter([2000.0])
    side = FakeSides({"a": 1000.0}, lambda: next(factors, 1.0))
    assert calibrate(side.timers()["a"], 1_000_000).loops >= 1000


def test_a_first_call_that_is_slow_is_the_sample() -> None:
    side = FakeSides({"a": 5e9})
    assert calibrate(side.timers()["a"], 1_000_000, reading(1, 5e9)) == Sample(1, 0, 5e9)
    assert side.loops == []


def test_a_first_call_that_was_stopped_by_others_is_not_slow() -> None:
    side = FakeSides({"a": 2000.0})
    stopped = reading(1, 2000.0, wall=1e5)
    assert stopped.wall_ns > SLOW_CALL_NS
    assert calibrate(side.timers()["a"], 1_000_000, stopped).loops >= 500


def test_where_a_call_sleeps_its_sample_is_as_long_by_the_wall_clock() -> None:
    def sleeping(loops: int) -> Reading:
        return Reading(loops, loops * 100_000, loops * 1000, loops * 1000, loops)

    sample = calibrate(sleeping, 1_000_000)
    assert 10 <= sample.loops <= 15
    assert sample.call_ns == 100_000


@given(st.integers(1, 10**6), st.floats(0.0, 1e6))
def test_loops_grow_until_they_reach_the_target(loops: int, spent_ns: float) -> None:
    grown = next_loops(loops, spent_ns, 1_000_000)
    assert loops < grown <= 10 * loops + 1


def test_loops_do_not_grow_without_end() -> None:
    assert next_loops(10_000_000, 0.0, 1_000_000) == 10_000_000
    nothing = calibrate(lambda loops: Reading(loops, 0, 0, 0, 0), 1_000_000)
    assert nothing.loops == 10_000_000


@pytest.mark.parametrize(
    ("loops", "sample_s", "warmup"),
    [(1, 2.0, 0), (1, 0.002, 1), (1, 0.001, 2), (2, 0.001, 4), (500, 0.001, 50), (50, 1e-3, 5)],
    ids=["slow", "long", "medium", "short", "tenth", "many"],
)
def test_a_warm_up_is_a_tenth_or_warms_the_caches(loops: int, sample_s: float, warmup: int) -> None:
    sample = Sample.of(loops, sample_s * 1e9 / loops)
    assert (sample.loops, sample.warmup) == (loops, warmup)
    assert sample.round_ns == pytest.approx(sample_s * 1e9 * (1 + warmup / loops))


@given(st.floats(0.0, 1e10), TARGET_NS)
def test_a_sample_is_as_long_as_a_slow_call_beside_it(call_ns: float, usual_ns: int) -> None:
    length_ns = length_beside(call_ns, usual_ns)
    assert usual_ns <= length_ns <= 5 * usual_ns
    assert usual_ns in (length_ns, length_ns // 5) or length_ns == int(call_ns)


# -- a round ---------------------------------------------------------------------------------


@given(st.integers(1, 1000), st.integers(0, 100))
def test_a_sample_is_cut_into_four_slices_as_equal_as_can_be(loops: int, warmup: int) -> None:
    slices = cut({"a": Sample(loops, warmup, 1.0)}, random.Random(0))
    sizes = [piece.loops for piece in slices]
    assert sum(sizes) == loops
    assert len(sizes) == min(4, loops)
    assert max(sizes) - min(sizes) <= 1
    assert slices[0].warmup == warmup
    assert all(piece == Slice("a", piece.loops // 10, piece.loops) for piece in slices[1:])


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(4, 500), min_size=1))
def test_all_sides_take_part_in_each_turn(loops: dict[str, int]) -> None:
    samples = {side: Sample(count, 1, 1.0) for side, count in loops.items()}
    slices = cut(samples, random.Random(3))
    count = len(loops)
    turns = [[piece.side for piece in slices[i * count :][:count]] for i in range(4)]
    assert len(slices) == 4 * count
    assert all(sorted(turn) == sorted(loops) for turn in turns)


def test_the_order_of_the_sides_is_random_in_each_turn() -> None:
    samples = {side: Sample(100, 10, 1.0) for side in SIDES}
    order = random.Random(5)
    firsts: Counter[tuple[str, ...]] = Counter()
    for _ in range(600):
        slices = cut(samples, order)
        firsts[tuple(piece.side for piece in slices[:3])] += 1
        firsts[tuple(piece.side for piece in slices[9:])] += 1
    assert len(firsts) == 6
    assert all(150 < count < 250 for count in firsts.values())  # 200, and 3.9 deviations


@given(st.integers(0, 3), st.floats(1.001, 100.0), st.floats(1.0, 1e5))
def test_a_slice_that_was_not_disturbed_is_chosen(calm: int, factor: float, wall: float) -> None:
    """To be stopped costs the caches, and so CPU time too."""
    slices = [reading(100_000, 1000.0 * factor, wall=wall)] * 3
    slices.insert(calm, reading(100_000, 1000.0))
    assert fastest(slices) is slices[calm]


def test_of_equally_fast_slices_the_one_that_was_not_stopped_is_chosen() -> None:
    stopped, calm = reading(100, 1000.0, wall=7.0), reading(100, 1000.0, wall=1.01)
    assert fastest([stopped, calm, stopped]) is calm
    assert fastest([stopped, stopped]) is stopped


def test_readings_are_told_by_their_slices() -> None:
    slices = [Slice("b", 0, 1), Slice("a", 0, 2), Slice("a", 0, 3)]
    readings = [reading(1, 1.0), reading(2, 1.0), reading(3, 1.0)]
    found = readings_by_side(slices, readings)
    assert found == {"b": (readings[0],), "a": (readings[1], readings[2])}
    with pytest.raises(ValueError, match="zip"):
        readings_by_side(slices, readings[:2])


def test_all_slices_are_one_reading_together() -> None:
    parts = [Reading(1, 2, 3, 4, 5), Reading(10, 20, 30, 40, 50)]
    assert whole(parts) == Reading(11, 22, 33, 44, 55)


# -- many rounds -----------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from("abcde"), CALL_NS, min_size=1), st.integers(1, 9))
def test_each_side_is_timed_equally_often(call_ns: dict[str, float], rounds: int) -> None:
    sides = FakeSides(call_ns)
    sampled = sampler(rounds=rounds).take(sides.timers())
    assert len(sampled.rounds) == rounds
    for found in sampled.rounds:
        assert set(found) == set(call_ns)
        for side, slices in found.items():
            assert len(slices) == min(4, sampled.samples[side].loops)
            assert sum(piece.loops for piece in slices) == sampled.samples[side].loops


@given(CALL_NS, st.integers(0, 2**32))
def test_the_ratio_of_equal_sides_is_one_and_of_twice_the_work_two(
    call_ns: float, seed: int
) -> None:
    """Whatever the machine does from round to round, as long as it does it to both."""
    sides = FakeSides({"once": call_ns, "same": call_ns, "twice": 2 * call_ns})
    sampled = sampler(seed, rounds=3).take(sides.timers())
    assert sampled.ratios("once", "same") == pytest.approx([1.0] * 3, rel=1e-3)
    assert sampled.ratios("twice", "once") == pytest.approx([2.0] * 3, rel=1e-3)


@given(st.integers(0, 2**32))
def test_a_stroke_that_slows_one_slice_of_a_sample_is_not_seen(seed: int) -> None:
    draw = random.Random(seed)
    sides = FakeSides({"a": 2000.0, "b": 1000.0})
    rounds = sampler(seed, rounds=5)
    sampled = rounds.take(sides.timers())
    assert sampled.ratios("a", "b") == pytest.approx([2.0] * 5)
    # Once calibrated, every other loop is slow: of four slices one is not, in 15 rounds of 16.
    struck = FakeSides(
        {"a": 2000.0, "b": 1000.0}, lambda: draw.choice([1.0, 6.0]) if struck.now_ns > 2e7 else 1.0
    )
    many = Sampler(200, draw).take(struck.timers()).ratios("a", "b")
    assert sorted(many)[100] == pytest.approx(2.0)


def test_the_caches_are_warmed_before_each_sample_and_between_slices_a_little() -> None:
    sides = FakeSides({"a": 1000.0})
    sampled = sampler(rounds=1).take(sides.timers())
    loops = sampled.samples["a"].loops
    first, *others = [count for _, count in sides.loops[-8:]][::2]
    assert first == loops // 10
    assert all(abs(count - loops // 40) <= 1 for count in others)


def test_sides_after_a_slow_one_have_samples_as_long_as_its_call() -> None:
    sides = FakeSides({"subject": 3e6, "native": 1000.0})
    samples = sampler(rounds=1).take(sides.timers()).samples
    assert 3e6 <= samples["native"].round_ns <= 5e6


@given(st.floats(1e3, 1e8), st.floats(0.0, 1.0))
def test_time_is_kept_but_for_calibration_and_the_fewest_rounds(
    call_ns: float, time_s: float
) -> None:
    sides = FakeSides({"a": call_ns, "b": 1000.0})
    sampled = sampler(rounds=45, fewest_rounds=0, time_s=time_s).take(sides.timers())
    calibrated_ns = sides.now_ns if not sampled.rounds else 0
    round_ns = sum(sample.round_ns for sample in sampled.samples.values())
    assert sides.now_ns <= max(1.02 * 1e9 * time_s, calibrated_ns) + 0.02 * round_ns
    fewest = sampler(rounds=45, fewest_rounds=3, time_s=0.0).take(FakeSides({"a": 1e3}).timers())
    assert len(fewest.rounds) == 3


def test_every_sample_is_told_once() -> None:
    told: list[str] = []
    sides = FakeSides(dict.fromkeys(SIDES, 1000.0))
    Sampler(4, random.Random(1), tick=told.append).take(sides.timers())
    assert Counter(told) == dict.fromkeys(SIDES, 4)


def test_what_a_call_raises_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        sampler().take({"a": lambda _loops: reading(1, 1 // 0)})


@given(st.lists(st.floats(1.0, 1e9), max_size=90))
def test_the_fastest_rounds_are_a_quarter_and_what_an_interval_needs(spent: list[float]) -> None:
    chosen = fastest_rounds(spent)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(len(spent), max(6, -(-len(spent) // 4)))
    others = [spent[number] for number in range(len(spent)) if number not in chosen]
    assert not others or max(spent[number] for number in chosen) <= min(others)


# -- waiting ---------------------------------------------------------------------------------


def test_a_side_that_sleeps_pays_by_the_wall_clock() -> None:
    def sleeping(loops: int) -> Reading:
        return Reading(loops, loops * 3_000_000, loops * 1000, loops * 1000, loops)

    sides = {"model": sleeping, **FakeSides({"native": 1000.0}).timers()}
    sampled = sampler(rounds=6).take(sides)
    assert sampled.spent_ns("model", never_waiting=["native"]) == [3_000_000] * 6
    assert sampled.call_ns("model") == [1000] * 6


def test_a_side_that_is_stopped_as_often_as_others_pays_cpu_time() -> None:
    def stopped(loops: int) -> Reading:
        return Reading(loops, loops * 2000, loops * 1000, loops * 1000, loops // 10)

    sampled = sampler(rounds=6).take({"model": stopped, "native": stopped})
    assert sampled.spent_ns("model", never_waiting=["native"]) == [1000] * 6


def test_stops_are_counted_by_cpu_time_and_unknown_ones_are_none() -> None:
    stopped = [Reading(1, 9, 500, 500, 1), Reading(1, 9, 500, 500, 2)]
    assert Stops.of(stopped) == Stops(3, 1000)
    assert Stops.of([Reading(1, 9, 500, 500, -1)]) == Stops(0, 500)
    assert Stops.of([]) == Stops(0, 0)
    assert not waits([Reading(1, 10**9, 500, 500, -1)] * 5, Stops(0, 500))


@given(st.integers(0, 50), st.integers(1, 10**9), st.integers(1, 60), st.integers(1, 1000))
def test_who_is_stopped_as_often_as_others_never_waits(
    count: int, cpu_ns: int, rounds: int, times: int
) -> None:
    """However much longer it ran; and one switch more a call is seen if it is not too long."""
    ran = Reading(1, times * cpu_ns, times * cpu_ns, times * cpu_ns, times * count)
    assert not waits([ran] * rounds, Stops(count, cpu_ns))
    short = Reading(10, cpu_ns, cpu_ns // 100, cpu_ns // 100, 10)
    assert waits([short] * rounds, Stops(count, cpu_ns))
