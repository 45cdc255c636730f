"""Ratios with intervals: their laws, and that 95% is 95%."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.measure.comparison import Estimate, combine, compare, estimate
from tito_bench.statistics import median, median_interval

POSITIVE = st.floats(1e-3, 1e6)
ESTIMATES = st.builds(
    lambda values, rounds: Estimate(sorted(values)[1], min(values), max(values), rounds),
    st.lists(POSITIVE, min_size=3, max_size=3),
    st.integers(1, 45),
)
GROUPS = st.lists(
    st.lists(st.tuples(ESTIMATES, ESTIMATES), min_size=1, max_size=3), min_size=1, max_size=3
)
MIRROR = {"faster": "slower", "slower": "faster", "not separated": "not separated"}


@given(ESTIMATES)
def test_nothing_is_separated_from_itself(one: Estimate) -> None:
    same = compare(one, one)
    assert same.change == "not separated"
    assert same.value == 1.0
    assert same.low is None or same.low <= 1.0 <= same.high
    assert combine([[(one, one)], [(one, one), (one, one)]]).change == "not separated"


@given(GROUPS)
def test_exchanging_the_sides_mirrors_everything(groups: list) -> None:
    there = combine(groups)
    back = combine([[(after, before) for before, after in group] for group in groups])
    assert back.change == MIRROR[there.change]
    assert math.log(back.value) == pytest.approx(-math.log(there.value), abs=1e-9)
    assert (back.low is None) == (there.low is None)
    if back.low is not None:
        assert math.log(back.low) == pytest.approx(-math.log(there.high), abs=1e-9)
        assert math.log(back.high) == pytest.approx(-math.log(there.low), abs=1e-9)
    before, after = groups[0][0]
    assert compare(after, before).change == MIRROR[compare(before, after).change]


@given(ESTIMATES, ESTIMATES)
def test_the_word_follows_from_the_interval(before: Estimate, after: Estimate) -> None:
    found = compare(before, after)
    assert found.value == pytest.approx(after.value / before.value)
    if found.low is None:
        assert found.high is None
        assert found.change == "not separated"
        return
    assert min(before.rounds, after.rounds) > 1
    assert found.low <= found.value <= found.high
    assert (found.change == "slower") == (found.low > 1)
    assert (found.change == "faster") == (found.high < 1)


@given(ESTIMATES, ESTIMATES)
def test_one_pair_combined_is_the_pair(before: Estimate, after: Estimate) -> None:
    one, combined = compare(before, after), combine([[(before, after)]])
    assert combined.change == one.change
    assert (combined.low is None) == (one.low is None)
    if one.low is not None:
        assert (combined.low, combined.high) == pytest.approx((one.low, one.high))


def test_a_group_counts_once_however_many_operations_it_has() -> None:
    same, twice = Estimate(1, 1, 1, 45), Estimate(2, 2, 2, 45)
    found = combine([[(same, twice)], [(same, same)] * 5])
    assert found.value == pytest.approx(math.sqrt(2))


def test_one_round_separates_nothing() -> None:
    fast = Estimate(1.0, 1.0, 1.0, 45)
    for slow in (Estimate(9.0, 9.0, 9.0, 1), Estimate(9.0, 9.0, 9.0, 5)):  # alike: no scatter known
        both = combine([[(fast, fast), (fast, slow)]])
        for found in (compare(slow, fast), compare(fast, slow), both):
            assert (found.low, found.high, found.change) == (None, None, "not separated")


def test_few_rounds_have_a_wider_interval_and_can_be_separated() -> None:
    fast = Estimate(3.5, 3.4, 3.6, 36)
    loops = {rounds: Estimate(186.0, 181.0, 194.0, rounds) for rounds in range(2, 7)}
    found = [compare(fast, loops[rounds]) for rounds in sorted(loops)]
    assert {each.change for each in found} == {"slower"}
    reaches = [each.high / each.low for each in found]
    assert reaches == sorted(reaches, reverse=True)
    # A range of 1% in two rounds is not enough to tell 3% apart.
    near = Estimate(3.6, 3.58, 3.62, 2)
    assert compare(fast, near).change == "not separated"


def test_a_boundless_range_is_no_interval() -> None:
    wild = Estimate(1.0, 2.0**-60, 2.0**60, 2)
    assert compare(wild, wild).high is None


def test_the_equations_of_the_source() -> None:
    before, after = (
        Estimate(1.0, math.exp(-0.3), math.exp(0.4), 9),
        Estimate(math.e, math.exp(0.7), math.exp(1.1), 9),
    )
    found = compare(before, after)
    assert math.log(found.low) == pytest.approx(1 - math.hypot(0.3, 0.4))
    assert math.log(found.high) == pytest.approx(1 + math.hypot(0.1, 0.3))
    assert found.change == "slower"


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        (None, None),
        (1.0, None),
        (0.0, (0.0, 1.0)),
        (-1.0, (-2.0, -0.5)),
        (2.0, (3.0, 4.0)),
        (2.0, (3.0, 1.0)),
        (1e308 * 10, (1.0, 1e308 * 10)),
    ],
)
def test_what_cannot_be_a_slowdown_is_no_estimate(value, interval) -> None:
    assert estimate(value, interval, 45) is None


def test_a_ratio_of_nothing_is_an_error() -> None:
    for nothing in ([], [[]], [[(Estimate(1, 1, 1, 9),) * 2], []]):
        with pytest.raises(ValueError, match="nothing"):
            combine(nothing)


def measured(draw: random.Random, median_slowdown: float, rounds: int) -> Estimate:
    """Rounds that scatter as real ones do: most by 3%, one in ten by 15% upwards."""
    values = [
        median_slowdown
        * math.exp(draw.gauss(0, 0.03) + (draw.random() < 0.1) * draw.uniform(0, 0.15))
        for _ in range(rounds)
    ]
    low, high = median_interval(values)
    return Estimate(median(values), low, high, rounds)


@pytest.mark.parametrize("rounds", [2, 3, 4, 5])
def test_the_interval_of_few_rounds_holds_the_true_ratio_95_times_in_100(rounds: int) -> None:
    draw = random.Random(rounds)
    exact = Estimate(1.0, 1.0, 1.0, 45)
    held = 0
    for _ in range(4000):
        values = [math.exp(draw.gauss(0, 0.05)) for _ in range(rounds)]
        low, high = median_interval(values)
        found = compare(exact, Estimate(median(values), low, high, rounds))
        held += found.low <= 1 <= found.high
    assert held / 4000 == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize("rounds", [9, 20, 45])
def test_the_interval_holds_the_true_ratio_about_95_times_in_100(rounds: int) -> None:
    draw = random.Random(rounds)
    runs = 1500
    held = 0
    for _ in range(runs):
        found = compare(measured(draw, 2.0, rounds), measured(draw, 3.0, rounds))
        held += found.low <= 1.5 <= found.high
    assert 0.93 < held / runs < 0.99
