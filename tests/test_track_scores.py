"""The laws of the four scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.score import (
    accuracy_score,
    compression_score,
    efficiency_score,
    overall_score,
)

RATIOS = st.lists(st.floats(1.0, 30.0), min_size=1, max_size=5)


def test_accuracy_is_relative_to_the_reference_and_never_above_it() -> None:
    assert accuracy_score([(0.9, 0.9)]) == 100.0
    assert accuracy_score([(0.95, 0.9)]) == 100.0
    assert accuracy_score([(0.45, 0.9), (0.9, 0.9)]) == 75.0


def test_what_fails_counts_nothing_and_what_is_missing_is_left_out() -> None:
    assert accuracy_score([(0.9, 0.9)], failed=1) == 50.0
    assert accuracy_score([], failed=1) == 0.0
    assert accuracy_score([]) is None


def test_a_ratio_of_four_is_the_reference_and_a_doubling_is_ten_points() -> None:
    assert compression_score([4.0]) == 100.0
    assert compression_score([2.0]) == pytest.approx(90.0)
    assert compression_score([16.0]) == 100.0
    assert compression_score([2.0, 4.0]) == 100.0


def test_compression_without_a_saving_or_with_lost_accuracy_scores_nothing() -> None:
    assert compression_score([1.0]) == 0.0
    assert compression_score([None]) == 0.0
    assert compression_score([]) is None


@given(RATIOS, RATIOS)
def test_twice_the_time_and_the_memory_costs_ten_points(
    times: list[float], memory: list[float]
) -> None:
    once = efficiency_score(times, memory)
    twice = efficiency_score([2 * t for t in times], [2 * m for m in memory])
    assert once is not None
    assert twice == pytest.approx(once - 10)


def test_efficiency_needs_both_and_overall_what_was_measured() -> None:
    assert efficiency_score([], [1.0]) is None
    assert efficiency_score([1.0], []) is None
    assert overall_score({"speed": 80.0, "accuracy": None, "compression": 100.0}) == 90.0
    assert overall_score({"speed": None}) is None
