"""Which cohort a day belongs to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tito_bench.community.cohort import cohort_of, named_cohort
from tito_bench.errors import UsageError


@pytest.mark.parametrize(
    ("day", "cohort"),
    [
        (date(2025, 1, 1), "Spring 2025"),
        (date(2025, 5, 31), "Spring 2025"),
        (date(2025, 6, 1), "Summer 2025"),
        (date(2025, 8, 31), "Summer 2025"),
        (date(2024, 9, 1), "Fall 2024"),
        (date(2024, 12, 31), "Fall 2024"),
        (date(2024, 2, 29), "Spring 2024"),
    ],
)
def test_terms(day: date, cohort: str) -> None:
    assert cohort_of(day) == cohort


@settings(deadline=None)
@given(st.dates(date(1, 1, 1), date(9998, 12, 31)))
def test_every_day_has_one_and_three_make_a_year(day: date) -> None:
    year = {cohort_of(date(day.year, 1, 1) + timedelta(n)) for n in range(366 - 1)}
    assert cohort_of(day) in year
    assert len(year) == 3


@pytest.mark.parametrize(
    ("text", "cohort"),
    [
        ("fall 2026", "Fall 2026"),
        ("AUTUMN2026", "Fall 2026"),
        ("Spring-2027", "Spring 2027"),
        ("CS249r section 3", "CS249r section 3"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
    ],
)
def test_named(text: str, cohort: str) -> None:
    assert named_cohort(text) == cohort


@pytest.mark.parametrize("text", ["", "  ", "x" * 61])
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="1 to 60 characters"):
        named_cohort(text)
