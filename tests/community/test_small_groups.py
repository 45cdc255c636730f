"""No count, and no difference of counts, is about too few."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tito_bench.community.small_groups import OTHER, Bin, merge_bins, suppress_small_groups

COUNTS = st.dictionaries(st.text(max_size=4), st.integers(0, 12), max_size=7)


@settings(deadline=None)
@given(COUNTS, st.integers(3, 8))
def test_no_cell_and_no_difference_is_small(counts: dict[str, int], smallest: int) -> None:
    shown = suppress_small_groups(counts, smallest)
    total = sum(counts.values())
    if not shown:
        assert total < smallest
        return
    assert sum(shown.values()) == total
    cells = list(shown.values())
    for size in range(len(cells) + 1):
        for some in combinations(cells, size):
            for known in (sum(some), total - sum(some)):
                assert known == 0 or known >= smallest
    for name, count in shown.items():
        assert name == OTHER or counts[name] == count


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"a": 9, "b": 5, "c": 4, "d": 1}, {"a": 9, "b": 5, OTHER: 5}),
        ({"a": 9, "b": 5, "c": 4}, {"a": 9, OTHER: 9}),
        ({"a": 9, "b": 5}, {"a": 9, "b": 5}),
        ({"a": 9, "b": 1}, {OTHER: 10}),
        ({"a": 2, "b": 2, "c": 1}, {OTHER: 5}),
        ({"a": 2, "b": 2}, {}),
        ({"a": 4}, {}),
        ({}, {}),
        ({OTHER: 9, "a": 6}, {"a": 6, OTHER: 9}),
    ],
)
def test_groups(counts: dict[str, int], shown: dict[str, int]) -> None:
    assert suppress_small_groups(counts, 5) == shown


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), max_size=8), st.integers(3, 6))
def test_bins_hold_enough_and_cover_all(counts: list[int], smallest: int) -> None:
    bins = [Bin(float(i), float(i + 1), count) for i, count in enumerate(counts)]
    shown = merge_bins(bins, smallest)
    if not shown:
        assert sum(counts) < smallest
        return
    assert sum(one.count for one in shown) == sum(counts)
    assert all(one.count >= smallest for one in shown)
    assert (shown[0].low, shown[-1].high) == (0.0, float(len(counts)))
    assert all(one.high == two.low for one, two in pairwise(shown))


def test_those_without_a_value_merge_like_all_others():
    bins = [Bin(None, 0.0, 1), Bin(0.0, 50.0, 9), Bin(50.0, 100.0, 2)]
    assert merge_bins(bins, 5) == (Bin(None, 100.0, 12),)
