"""The rounds of a record as deviations from its median."""

from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.made_record import made_record
from tito_bench.measure.results import Failure
from tito_bench.report.sections.rounds import MOST_DOTS, Strip, strips_of, widest_deviation

RATIOS = st.lists(st.floats(0.5, 50.0), min_size=1, max_size=60)


def strip_of(ratios: list[float]) -> Strip:
    record = made_record(rounds={"matmul_100": ratios})
    return {strip.name: strip for strip in strips_of(record.operations)}["matmul 100"]


def test_every_round_is_a_deviation_from_the_median() -> None:
    strip = strip_of([2.0, 2.2, 1.8, 2.0, 4.0])
    assert strip.deviations == pytest.approx((-10.0, 0.0, 0.0, 10.0, 100.0), abs=0.05)
    assert strip.slowdown_text == "2.00x"
    assert strip.rounds_text == "5 rounds"


@given(RATIOS)
def test_the_median_of_the_dots_is_that_of_the_record(ratios: list[float]) -> None:
    strip = strip_of(ratios)
    assert median(strip.deviations) == pytest.approx(0.0, abs=1e-6)
    if len(ratios) < 6:
        assert (strip.interval, strip.interval_text) == (None, "too few rounds")
        return
    assert strip.interval is not None
    low, high = strip.interval
    assert low <= 1e-9
    assert high >= -1e-9


def test_of_many_rounds_quantiles_are_drawn_and_that_is_said() -> None:
    strip = strip_of([1 + index / 1000 for index in range(1001)])
    assert len(strip.deviations) == MOST_DOTS
    assert strip.deviations == tuple(sorted(strip.deviations))
    assert strip.deviations[0] == pytest.approx(100 * (1 / 1.125 - 1), abs=0.1)
    left_out = "750 slower or interrupted ones left out"
    assert strip.rounds_text == f"251 rounds, {left_out}; {MOST_DOTS} quantiles drawn"


def test_what_was_not_measured_has_no_strip() -> None:
    record = made_record({"add_512x512": Failure("crashed", "SIGSEGV")})
    names = [strip.name for strip in strips_of(record.operations)]
    assert "add 512x512" not in names
    assert len(names) == len(record.operations) - 1


def test_a_few_wild_rounds_do_not_widen_the_scale() -> None:
    calm = [2.0 + 0.01 * (index % 5) for index in range(99)]
    assert widest_deviation([strip_of([*calm, 400.0])]) < 2.0
    assert widest_deviation([]) == 1.0
