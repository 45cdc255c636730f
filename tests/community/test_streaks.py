"""Days in a row."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tito_bench.community.streaks import Streaks, streaks

TODAY = date(2026, 11, 22)


def _days(*ago: int) -> list[date]:
    return [TODAY - timedelta(days) for days in ago]


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        ((), Streaks(0, 0, 0)),
        ((0,), Streaks(1, 1, 1)),
        ((1,), Streaks(1, 1, 1)),
        ((2,), Streaks(0, 1, 1)),
        ((0, 1, 2), Streaks(3, 3, 3)),
        ((0, 2, 3, 4, 5), Streaks(1, 4, 5)),
        ((2, 1, 1, 2), Streaks(2, 2, 2)),
        ((-1, 0), Streaks(1, 1, 1)),
    ],
)
def test_streaks(ago: tuple[int, ...], expected: Streaks) -> None:
    assert streaks(_days(*ago), TODAY) == expected


@settings(deadline=None)
@given(st.sets(st.integers(0, 60)))
def test_a_longer_past_never_shortens_a_streak(ago: set[int]) -> None:
    found = streaks(_days(*ago), TODAY)
    assert 0 <= found.current_days <= found.longest_days <= found.active_days == len(ago)
    more = streaks(_days(*ago, 0), TODAY)
    assert more.longest_days >= found.longest_days
    assert more.current_days >= 1
