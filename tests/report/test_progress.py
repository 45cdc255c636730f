"""A new module is said with a score that it lowers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tito_bench.records.read import RecordHeader
from tito_bench.report.progress import part_change, since

TWO = {"tensor": 2.0, "mlp": 4.0, "mlp_wide": 8.0, "cnn": None, "transformer": None}
SLOWDOWNS = st.dictionaries(
    st.sampled_from(["tensor", "mlp", "cnn", "transformer"]), st.none() | st.floats(0.5, 1e4)
)


def header(score: float | None, slowdowns: dict[str, float | None], hour: int = 0) -> RecordHeader:
    return RecordHeader(
        file=f"{hour}.json",
        kind="capstone",
        created_at=datetime(2026, 11, 25, hour, 30, tzinfo=UTC),
        score=score,
        score_interval=None,
        verdict="stable",
        subject="tinytorch",
        subject_version=None,
        fingerprint=None,
        cpu_model="",
        kernel_target="",
        kernels_version="",
        tito_bench_version="",
        parts=(),
        parts_asked=(),
        operations=(),
        slowdowns=slowdowns,
    )


def test_what_was_added_is_counted_and_the_rest_did_not_change() -> None:
    four = {**TWO, "cnn": 900.0, "transformer": 3.0}
    assert part_change("capstone", TWO, four) == (
        "now of 4 models, was 2; the others did not change"
    )
    assert part_change("capstone", four, TWO) == (
        "now of 2 models, was 4; the others did not change"
    )
    assert part_change("baseline", {"tensor_ops": 2.0}, {"tensor_ops": 2.0, "matmul": 1.0}) == (
        "now of 2 parts, was 1; the others did not change"
    )


def test_what_the_others_did_is_said_where_it_is_more_than_chance() -> None:
    slower = {group: 2 * value if value else 9.0 for group, value in TWO.items()}
    assert part_change("capstone", TWO, slower).endswith("; the others are 2.00x slower")
    assert part_change("capstone", slower, TWO).endswith("; the others are 2.00x faster")


def test_other_models_of_the_same_number() -> None:
    assert part_change("capstone", {"mlp": 1.0}, {"cnn": 1.0}) == (
        "now of other models than before"
    )


@given(SLOWDOWNS)
def test_the_same_parts_are_no_news(slowdowns: dict[str, float | None]) -> None:
    twice = {group: 2 * value if value else value for group, value in slowdowns.items()}
    assert part_change("capstone", slowdowns, twice) == ""


def test_since_is_the_newest_other_record_of_the_same_package() -> None:
    older, newer, now = header(40.0, TWO, 1), header(64.2, TWO, 2), header(93.4, TWO, 3)
    found = since([older, newer, now], now)
    assert found is not None
    assert (found.before, found.after, found.at.hour, found.change) == (64.2, 93.4, 2, "better")
    assert since([now], now) is None
    elsewhere = replace(newer, package="other/core/tensor.py")
    found = since([older, elsewhere], now)
    assert found is not None
    assert found.before == 40.0


def test_records_that_cannot_be_compared_are_passed_over() -> None:
    now = header(93.4, TWO, 3)
    for changes in ({"kernels_version": "2"}, {"subject": "numpy"}, {"score": None}):
        assert since([replace(header(40.0, TWO), **changes)], now) is None
    assert since([header(40.0, TWO)], header(None, TWO, 3)) is None


def test_a_record_of_fewer_modules_is_compared_and_that_is_said() -> None:
    four = {**TWO, "cnn": 900.0, "transformer": 3.0}
    before, now = header(64.2, TWO), replace(header(55.4, four, 3), parts=("speed", "accuracy"))
    found = since([before], now)
    assert found is not None
    assert found.change == "worse"
    assert found.note == "now of 4 models, was 2; the others did not change"
    assert since([before], replace(now, slowdowns=TWO)) is None  # other tracks, and no more


@pytest.mark.parametrize(
    ("after", "change"), [(64.9, "unchanged"), (63.5, "unchanged"), (65.5, "better"), (62, "worse")]
)
def test_what_the_same_code_may_differ_by_is_no_change(after: float, change: str) -> None:
    found = since([header(64.2, TWO)], header(after, TWO, 3))
    assert found is not None
    assert found.change == change


def test_a_first_own_code_is_not_worse_than_the_courses_solution() -> None:
    course = replace(header(98.0, TWO), whose="course")
    own = replace(header(40.0, TWO, 3), whose="yours")
    assert since([course], own) is None
    first = replace(header(35.0, TWO, 1), whose="mixed")
    found = since([course, first], own)
    assert found is not None
    assert found.before == 35.0
