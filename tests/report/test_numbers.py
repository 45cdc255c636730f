"""Numbers as people read them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.report.numbers import (
    bytes_text,
    count_text,
    counted,
    duration,
    interval_text,
    local_moment,
    local_time,
    three_digits,
    times,
)

NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0.000390, "0.390us"),
        (0.00512345, "5.12us"),
        (0.123456, "123us"),
        (0.9994, "999us"),
        (0.9996, "1.00ms"),
        (2.34567, "2.35ms"),
        (45.2, "45.2ms"),
        (512.4, "512ms"),
        (999.7, "1.00s"),
        (12345.6, "12.3s"),
        (-0.0051, "-5.10us"),
        (0.0, "0us"),
    ],
)
def test_a_time_has_three_digits_and_the_unit_that_fits(ms: float, shown: str) -> None:
    assert duration(ms) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.136, "1.14x"), (9.996, "10.0x"), (43, "43.0x"), (429.6, "430x"), (14332.1, "14,300x")],
)
def test_a_ratio(value: float, shown: str) -> None:
    assert times(value) == shown


def test_counts_and_sizes_have_units() -> None:
    assert [count_text(value) for value in (7, 310, 9301, 83_478_508)] == [
        *("7.00", "310", "9.30k", "83.5M")
    ]
    assert [bytes_text(value) for value in (392, 100_700, 2_180_000)] == [
        *("392 B", "98.3 KiB", "2.08 MiB")
    ]


@given(st.floats(1e-9, 1e12))
def test_no_number_has_more_than_three_digits_or_a_power_of_ten(value: float) -> None:
    text = three_digits(value)
    assert re.fullmatch(r"[\d,]+(\.\d+)?", text)
    assert len(text.replace(",", "").replace(".", "").strip("0")) <= 3
    assert float(text.replace(",", "")) == pytest.approx(value, rel=0.006)


def test_an_interval_whose_ends_read_the_same_is_said_once() -> None:
    assert interval_text((96.91, 96.94)) == "96.9, to within 0.1"
    assert interval_text((39.8, 42.6)) == "39.8 to 42.6"


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A clock on the wall one hour before UTC."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system has no tzset")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "CET-1")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_times_are_those_of_the_clock_on_the_wall() -> None:
    assert local_time(NOW) == "2026-11-22 21:30"
    assert local_moment(NOW, NOW + timedelta(hours=2)) == "21:30"
    assert local_moment(NOW, NOW + timedelta(hours=3)) == "yesterday 21:30"  # 0:30 there
    assert local_moment(NOW, NOW + timedelta(days=9)) == "2026-11-22 21:30"


def test_one_is_no_plural() -> None:
    assert [counted(n, "record") for n in (0, 1, 2)] == ["0 records", "1 record", "2 records"]
    assert [counted(n, "person", "people") for n in (1, 2)] == ["1 person", "2 people"]
