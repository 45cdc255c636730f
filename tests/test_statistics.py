"""Robust statistics: known values and laws."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.statistics import (
    coefficient_of_variation,
    mdape,
    median_interval,
    quantile,
    student_t,
)

positive = st.floats(min_value=0.1, max_value=1e6)


def test_mdape_is_the_median_relative_distance_from_the_median() -> None:
    assert mdape([90.0, 100.0, 100.0, 120.0, 1000.0]) == pytest.approx(0.1)


def test_one_wild_value_leaves_mdape_alone() -> None:
    assert mdape([1.0, 1.0, 1.0, 1.0, 1e9]) == 0.0


def test_cv_of_known_values() -> None:
    assert coefficient_of_variation([2.0, 4.0, 4.0, 4.0, 6.0]) == pytest.approx(0.5**0.5 / 2 * 1.0)


def test_cv_of_one_value_is_zero() -> None:
    assert coefficient_of_variation([3.0]) == 0.0


@given(st.lists(positive, min_size=1, max_size=60))
def test_the_interval_lies_within_the_values_and_around_the_median(values: list[float]) -> None:
    interval = median_interval(values)
    if len(values) < 6:  # 2 * 0.5^5 is 6%
        assert interval is None
        return
    assert interval is not None
    (low, high), ordered = interval, sorted(values)
    assert ordered[0] <= low <= high <= ordered[-1]
    assert low <= ordered[(len(ordered) - 1) // 2]
    assert high >= ordered[len(ordered) // 2]


@pytest.mark.parametrize(
    ("count", "ranks"),
    # Exact 95% ranks of the sign test, from binomial tables.
    [(6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (30, (10, 21)), (40, (14, 27))],
)
def test_the_ranks_are_those_of_the_sign_test(count: int, ranks: tuple[int, int]) -> None:
    values = [float(rank) for rank in range(1, count + 1)]
    assert median_interval(values) == ranks


def test_the_interval_covers_the_true_median_as_often_as_it_says() -> None:
    draw = random.Random(20)
    hits = 0
    for _ in range(2000):
        interval = median_interval([draw.lognormvariate(0.0, 1.0) for _ in range(25)])
        assert interval is not None
        low, high = interval
        hits += low <= 1.0 <= high
    assert hits / 2000 >= 0.94


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values: list[float], share: float) -> None:
    ordered = sorted(values)
    assert quantile(ordered, share) == pytest.approx(np.quantile(ordered, share), abs=1e-6)


def test_there_is_no_quantile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        quantile([], 0.5)


@pytest.mark.parametrize(
    ("freedom", "tabulated", "within"),
    [
        (2, 4.3027, 0.01),
        (3, 3.1824, 0.002),
        (4, 2.7764, 0.001),
        (10, 2.2281, 1e-4),
        (60, 2.0003, 1e-4),
    ],
)
def test_student_t_as_tables_have_it(freedom, tabulated, within) -> None:
    assert student_t(freedom) == pytest.approx(tabulated, rel=within)
    assert student_t(freedom) > student_t(freedom + 0.5) > student_t(float("inf"))


def test_less_than_two_degrees_of_freedom_are_an_error() -> None:
    with pytest.raises(ValueError, match="freedom"):
        student_t(1.9)
