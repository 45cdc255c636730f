"""A new module is said with a score that it lowers."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tito_bench.records.read import RecordHeader
from tito_bench.report.progress import part_change, since

TWO = {"tensor": 2.0, "mlp": 4.0, "mlp_wide": 8.0, "cnn": None, "transformer": None}
SLOWDOWNS = st.dictionaries(
    st.sampled_from(["tensor", "mlp", "cnn", "transformer"]), st.none() | st.floats(0.5, 1e4)
)


def header(score: float | None, slowdowns: dict[str, float | None]) -> RecordHeader:
    return RecordHeader(
        file="x.json",
        kind="capstone",
        created_at=datetime(2026, 11, 25, 20, 30, tzinfo=UTC),
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
        "now of 2 groups, was 1; the others did not change"
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


def test_the_line_has_both_scores_and_the_day() -> None:
    four = {**TWO, "cnn": 900.0, "transformer": 3.0}
    assert since(header(64.2, TWO), header(55.4, four)) == (
        "Since 2026-11-25 20:30 (UTC): 64 to 55, now of 4 models, was 2; the others did not change."
    )
    assert since(header(64.2, TWO), header(70.0, TWO)) == ""
    assert since(header(None, TWO), header(55.4, four)) == ""
