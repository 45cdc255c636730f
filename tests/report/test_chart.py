"""The chart: true to its scale, within its width, in any alphabet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.report.chart import Bar, most_bars, score_chart

SCORES = st.none() | st.floats(0, 100)
BARS = st.lists(st.builds(Bar, SCORES, st.booleans()), min_size=1, max_size=300)


@given(BARS, st.integers(20, 200), st.booleans())
def test_it_is_never_wider_or_higher_than_asked(bars: list[Bar], width: int, unicode: bool) -> None:
    lines = score_chart(bars, width, unicode, ("2026-01-01", "2026-11-22"))
    assert len(lines) == 12
    assert max(map(len, lines)) <= width
    assert unicode or "".join(lines).isascii()


@pytest.mark.parametrize("unicode", [True, False])
def test_a_bar_is_as_high_as_its_score(unicode: bool) -> None:
    full = "█" if unicode else "#"
    for score, rows in ((100, 10), (90, 9), (50, 5), (10, 1)):
        lines = score_chart([Bar(score)], 20, unicode)[:10]
        assert [full in line for line in lines] == [False] * (10 - rows) + [True] * rows
    assert "▁" in score_chart([Bar(0.0)], 20, True)[9], "a score of nothing is still a score"
    assert "#" in score_chart([Bar(0.0)], 20, False)[9]


def test_eighths_of_a_row_tell_scores_apart() -> None:
    assert score_chart([Bar(91.25)], 20, True)[0].endswith("▁▁▁▁")
    assert score_chart([Bar(98.75)], 20, True)[0].endswith("▇▇▇▇")


def test_what_is_not_comparable_or_has_no_score_looks_otherwise() -> None:
    text = "\n".join(score_chart([Bar(80), Bar(80, comparable=False), Bar(None)], 40, True))
    assert "████ ░░░░" in text
    assert "×" in text
    text = "\n".join(score_chart([Bar(80), Bar(80, comparable=False), Bar(None)], 40, False))
    assert "#### ::::" in text
    assert "xxxx" in text


def test_more_bars_than_columns_are_merged_into_medians() -> None:
    width = 25
    assert most_bars(width) == 20
    one, many = [Bar(10.0 * (index % 10)) for index in range(20)], []
    for bar in one:
        many += [Bar(0.0), bar, Bar(100.0)]
    assert score_chart(many, width, True) == score_chart(one, width, True)
    mixed = [Bar(90.0, comparable=False), Bar(30.0), Bar(None)] * 20
    assert score_chart(mixed, width, True) == score_chart([Bar(30.0)] * 20, width, True)


def test_the_ends_are_named_once_where_they_are_one_day() -> None:
    assert score_chart([Bar(5)] * 9, 60, True, ("a", "a"))[-1].split() == ["a"]
    assert score_chart([Bar(5)] * 9, 60, True, ("a", "b"))[-1].split() == ["a", "b"]
