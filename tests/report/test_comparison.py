"""The comparison of two records: laws on whole records, words, notes, one view model."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from types import MappingProxyType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from records.made_record import NOW, made_capstone, made_record
from tito_bench.measure.comparison import learn_drift
from tito_bench.measure.results import Failure
from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.records.read import header_of
from tito_bench.report.comparison_text import comparison_lines, comparison_markdown
from tito_bench.report.comparison_view import COLUMNS, ComparisonView, comparison_view
from tito_bench.report.regression import regressions
from tito_bench.report.table import cells, csv_text, markdown_table
from tito_bench.workloads.baseline import BASELINE

MISSING = Failure("missing", "module 03 layers: Linear not found")
NAMES = [op.name for op in BASELINE]
ROUNDS = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.floats(0.5, 50), min_size=1, max_size=12)
)
FAILED = st.dictionaries(st.sampled_from(NAMES), st.just(MISSING), max_size=3)
RECORDS = st.builds(
    lambda failures, rounds, slowdown: made_record(failures, rounds=rounds, slowdown=slowdown),
    FAILED,
    ROUNDS,
    st.floats(0.5, 50),
)
MIRROR = {"faster": "slower", "slower": "faster", "not separated": "not separated"}


def compared(before, after, drifts=MappingProxyType({})) -> ComparisonView:
    entries = (header_of(one, f"{one.kind}.json") for one in (before, after))
    return comparison_view(before, after, *entries, drifts)


def text(view: ComparisonView, width: int = 100, worse=None) -> str:
    return "\n".join(comparison_lines(view, width, worse))


def changes(view: ComparisonView) -> dict[str, str]:
    return {row.operation: row.change for row in view.rows}


@given(RECORDS)
def test_a_record_is_not_separated_from_itself(record: BenchmarkRecord) -> None:
    view = compared(record, record)
    assert set(changes(view).values()) <= {"not separated", "not compared"}
    first, *others = view.notes
    assert first.text() == "Before and after are the same record."
    assert all(note.code.startswith("verdict") for note in others)
    worse = regressions(view, 0)
    assert worse == (() if view.overall else ("no scored operation could be compared",))


@given(RECORDS, RECORDS)
def test_exchanging_the_records_mirrors_every_word(before, after) -> None:
    there, back = changes(compared(before, after)), changes(compared(after, before))
    assert back == {name: MIRROR.get(word, word) for name, word in there.items()}


@given(ROUNDS, st.sampled_from([2.0, 8.0, 1000.0]))
def test_a_machine_of_any_speed_says_the_same(rounds, scale: float) -> None:
    # Whole numbers of ns, as the clock gives them: scaling then loses nothing.
    whole = {name: [round(10 * value) / 10 for value in taken] for name, taken in rounds.items()}
    other = made_record(slowdown=3.0)
    here = compared(other, made_record(rounds=whole))
    there = compared(other, made_record(rounds=whole, scale=scale))
    assert changes(here) == changes(there)
    for row, scaled in zip(cells(COLUMNS, here.rows), cells(COLUMNS, there.rows), strict=True):
        assert row == scaled


def test_twice_the_work_is_slower_by_two_and_ten_points() -> None:
    view = compared(made_record(slowdown=2.0), made_record(slowdown=4.0))
    assert set(changes(view).values()) == {"slower"}
    assert view.overall is not None
    assert view.overall.ratio is not None
    assert view.overall.ratio.value == pytest.approx(2.0)
    assert view.points == pytest.approx(-10.0)
    assert "2.000x slower (95% interval" in view.summary
    assert "worth -10.0 points" in view.summary
    assert "+0.0 points" in compared(made_record(), made_record()).summary
    assert "not separated" in compared(made_record(), made_record()).summary


def test_a_gain_is_said_in_times_faster_and_a_loss_in_times_slower() -> None:
    gain = compared(made_record(slowdown=41.0), made_record(slowdown=2.0))
    assert "20.5x faster" in gain.summary
    assert "worth +43.6 points" in gain.summary
    loss = compared(made_record(slowdown=2.0), made_record(slowdown=2.44))
    for form in (text(loss), text(loss, 40), comparison_markdown(loss, None)):
        assert "1.220x slower" in form
        assert "faster" not in form
    assert "20.5x faster" in text(gain, 40)
    back = compared(made_record(slowdown=2.44), made_record(slowdown=2.0))
    assert [line[8:10] for line in cells(COLUMNS, back.rows)] == [
        line[8:10] for line in cells(COLUMNS, loss.rows)
    ]


def test_lines_that_are_not_scored_stand_below_those_that_are() -> None:
    view = compared(made_record(), made_record(slowdown=3.0))
    scored = [row.scored for row in view.rows]
    assert scored == sorted(scored, reverse=True)
    assert False in scored
    shown = text(view)
    assert shown.index("all scored") < shown.index("mlp_batch_1 ")


def test_what_is_measured_more_is_named_and_what_both_have_is_set_side_by_side() -> None:
    whole, part = made_record(), made_record({"matmul_100": MISSING, "add_512x512": MISSING})
    gained, lost = compared(part, whole), compared(whole, part)
    assert "Now 6 scored operations were measured, it was 4; the others did not change." in [
        note.text() for note in gained.notes
    ]
    assert any(
        "Now only 4 scored operations were measured, it was 6" in n.text() for n in lost.notes
    )
    assert gained.overall.ratio.value == pytest.approx(1.0)
    slower = compared(part, made_record(slowdown=9.0))
    assert any(note.code == "more" for note in slower.notes)


def test_the_same_code_is_said_to_be_the_same() -> None:
    later = NOW + timedelta(seconds=1)
    mine = {"name": "tinytorch", "fingerprint": "ab"}
    one = made_record(**mine)
    near = compared(one, made_record(slowdown=2.04, now=later, **mine))
    assert set(changes(near).values()) == {"not separated"}
    assert "The code is the same: differences of this size are noise." in text(near)
    apart = compared(one, made_record(slowdown=3.0, now=later, **mine))
    assert "something else changed" in text(apart)
    edited = made_record(now=later, name="tinytorch", fingerprint="cd")
    unknown = made_record(now=later, name="tinytorch", fingerprint=None)
    for other in (edited, unknown):
        assert "The code is the same" not in text(compared(one, other))
    assert "The code is the same" not in text(compared(unknown, unknown))


def test_what_was_learned_of_drift_decides_and_is_said() -> None:
    one, other = made_record(), made_record(slowdown=2.05)
    quiet = {op.name: learn_drift([0.001] * 20) for op in BASELINE}
    wild = {op.name: learn_drift([0.2] * 20) for op in BASELINE}
    assert set(changes(compared(one, other)).values()) == {"not separated"}
    assert set(changes(compared(one, other, quiet)).values()) == {"slower"}
    far = made_record(slowdown=2.5)
    assert set(changes(compared(one, far)).values()) == {"slower"}
    assert set(changes(compared(one, far, wild)).values()) == {"not separated"}
    assert "learned from 20 pairs of runs" in re.sub(r"\s+", " ", text(compared(one, far, wild)))


def slowdown_cell(slowdown: float | None) -> str:
    """Two decimals, but none of a hundred and more."""
    if slowdown is None:
        return ""
    return f"{slowdown:.2f}" if slowdown < 100 else f"{slowdown:.0f}"


@given(RECORDS, RECORDS, st.sampled_from([40, 80, 120]))
def test_a_number_is_the_same_in_every_form(before, after, width: int) -> None:
    view = compared(before, after)
    document = msgspec.to_builtins(view)
    listed = [*document["operations"], *([document["overall"]] if document["overall"] else [])]
    by_name = {values["operation"]: values for values in listed}
    assert len(by_name) == len(listed) == len(view.rows)
    stored = [by_name[row.operation] for row in view.rows]
    keys = [column.key for column in COLUMNS]
    rows = list(csv.DictReader(io.StringIO(csv_text(COLUMNS, view.rows))))
    markdown = comparison_markdown(view, None)
    shown = re.sub(r"\s+", " ", text(view, width))
    for line, row, values in zip(cells(COLUMNS, view.rows), rows, stored, strict=True):
        cell = dict(zip(keys, line, strict=True))
        assert row == cell
        assert cell["operation"] in shown
        for key, value in (("slowdown_before", "before"), ("slowdown_after", "after")):
            assert cell[key] == slowdown_cell(values[value])
            assert f" {cell[key]} |" in markdown
            assert cell[key] == "" or f"{cell[key]}x" in shown
        ratio = values["ratio"]
        if ratio is not None:
            ends = [ratio[end] for end in ("value", "low", "high")]
            expected = [
                "" if end is None else f"{end:.3f}" if end >= 0.1 else f"{end:.5f}" for end in ends
            ]
            assert [cell["ratio"], cell["ratio_low"], cell["ratio_high"]] == expected
            factor = [cell[key] for key in ("factor", "factor_low", "factor_high")]
            turned = ends[0] if ends[0] > 1 else 1 / ends[0]
            assert float(factor[0].split("x ")[0]) == pytest.approx(turned, rel=6e-3)
            assert factor[0].endswith("slower" if ends[0] > 1 else "faster")
            interval = f" {factor[1]} to {factor[2]}" if factor[1] else ""
            assert (factor[1] == "") == (ratio["low"] is None)
            assert f"{factor[0]}{interval}" in shown.replace("(", "")
            row_text = " | ".join([*expected, ratio["change"], *factor])
            assert f"| {row_text} |" in markdown


def test_what_only_one_record_measured_is_named_with_its_reason() -> None:
    whole, part = made_record(), made_record({"matmul_100": MISSING, "mlp_batch_1": MISSING})
    lost = compared(whole, part)
    row = next(row for row in lost.operations if row.operation == "matmul_100")
    assert (row.change, row.lost) == ("not compared", True)
    assert row.reason == "not measured after: module 03 layers: Linear not found"
    assert "all scored (5 of 6)" in changes(lost)
    assert row.reason in re.sub(r"\s+", " ", text(lost, 40))
    gained = compared(part, whole)
    assert not any(row.lost for row in gained.operations)
    assert "not measured before" in text(gained)
    assert "matmul_100: not compared" in text(compared(part, part), 40)


def test_operations_defined_otherwise_are_not_compared() -> None:
    record = made_record()
    for change in ({"version": 2}, {"definition": "0" * 12}, {"name": "matmul_101"}):
        operations = list(record.operations)
        operations[3] = msgspec.structs.replace(operations[3], **change)
        view = compared(record, msgspec.structs.replace(record, operations=operations))
        assert changes(view)["matmul_100"] == "not compared"
        if "name" in change:
            assert {r.reason for r in view.operations if r.reason} == {"only after", "only before"}
            assert regressions(view, 0) == (), "another suite is nobody's fault"
        else:
            assert "defined otherwise" in text(view)
            assert [n.code for n in view.notes if not n.code.startswith("same")] == ["definition"]
            assert regressions(view, 0) == ()


def test_what_else_may_explain_a_ratio_is_said() -> None:
    other = made_record(
        name="tinytorch",
        ran_on={"kernels_version": "9", "kernel_target": "avx2"},
        rounds={"matmul_100": [1.3**step for step in range(18)]},
    )
    machine = msgspec.structs.replace(other.system_info.machine, cpu_model="Other CPU")
    system = msgspec.structs.replace(other.system_info, machine=machine)
    shown = text(compared(made_record(), msgspec.structs.replace(other, system_info=system)))
    for words in (
        "Before is numpy and after is tinytorch",
        "of version 1 before and 9 after",
        "beside portable kernels, after beside avx2 ones",
        "measured on Some CPU, after on Other CPU",
        "After is unstable",
    ):
        assert words in re.sub(r"\s+", " ", shown)
    assert [n.code for n in compared(made_record(), made_record(slowdown=9)).notes] == [
        "same_code_apart"
    ]
    later = made_record(now=NOW + timedelta(seconds=1))
    assert [n.code for n in compared(made_record(), later).notes] == ["same_code"], "another run"


def test_few_rounds_say_so_and_are_separated_where_they_lie_far_apart() -> None:
    quick = {name: [2.0, 2.02, 2.01] for name in NAMES}
    view = compared(made_record(rounds=quick), made_record(slowdown=9.0))
    assert set(changes(view).values()) == {"slower"}
    assert "fewer than 6 rounds, so a wide interval" in re.sub(r"\s+", " ", text(view))
    some = compared(made_record(rounds={"add_512x512": [2.0, 2.1]}), made_record(slowdown=9.0))
    assert some.overall.reason == "fewer than 6 rounds, so a wide interval: add_512x512"
    near = compared(made_record(rounds={"add_512x512": [2.0, 2.1]}), made_record(slowdown=2.2))
    assert changes(near)["add_512x512"] == "not separated"
    assert changes(near)["matmul_256"] == "slower"


def test_a_loop_that_only_a_few_rounds_saw_is_a_regression() -> None:
    loops = made_record(rounds={"matmul_256": [186.0, 181.0, 194.0]})
    (line, *_) = regressions(compared(made_record(), loops), 10)
    assert line.startswith("matmul_256: 9200.0% slower")


def test_code_so_slow_that_one_round_saw_it_does_not_pass() -> None:
    slow = compared(made_record(), made_record(rounds={"matmul_256": [900.0]}))
    (line, *_) = regressions(slow, 10)
    assert line == "matmul_256: 44900.0% slower in too few rounds to tell, 10% are allowed"
    assert (
        regressions(compared(made_record(), made_record(rounds={"add_512x512": [2.1]})), 10) == ()
    )


@pytest.mark.parametrize("width", [40, 100])
def test_one_round_has_no_interval_and_says_so(width: int) -> None:
    once = made_record(rounds={"add_512x512": [2.0]})
    view = compared(once, made_record(slowdown=5.0))
    assert changes(view)["add_512x512"] == "not separated"
    assert view.overall.ratio.low is None
    assert "(no 95% interval)" in view.summary
    assert changes(compared(once, made_record(slowdown=88.0)))["add_512x512"] == "slower"
    assert "too few rounds for an interval: add_512x512" in re.sub(r"\s+", " ", text(view, width))
    assert "None" not in text(view, width) + comparison_markdown(view, None)


def test_capstones_are_compared_with_their_tracks() -> None:
    view = compared(made_capstone(slowdown=8.0), made_capstone(now=NOW + timedelta(days=1)))
    assert view.overall is not None
    assert view.overall.change == "faster"
    assert "points of the speed track." in view.summary
    assert "speed track: 70.0 before, 90.0 after" in text(view)
    assert "compression track: not measured before, not measured after" in text(view)
    assert "- accuracy track: 100.0 before" in comparison_markdown(view, None)


# -- regressions ------------------------------------------------------------------


@pytest.mark.parametrize(("percent", "failing"), [(0, 2), (39.9, 2), (40.1, 0)])
def test_a_regression_is_separated_and_beyond_what_is_allowed(percent, failing) -> None:
    slower = made_record(rounds={"matmul_256": [2.8] * 9})
    found = regressions(compared(made_record(), slower), percent)
    assert len([line for line in found if line.startswith("matmul_256: 40.0% slower")]) == (
        failing > 0
    )
    assert len(found) == (2 if percent == 0 else failing // 2), "all scored: by 6%"
    assert regressions(compared(slower, made_record()), 0) == ()


def test_what_is_not_separated_or_not_scored_is_no_regression() -> None:
    noisy = made_record(rounds={"matmul_256": [1.0, 9.0] * 9})
    assert regressions(compared(made_record(), noisy), 0) == ()
    unscored = made_record({"mlp_batch_1": MISSING})
    assert regressions(compared(made_record(), unscored), 0) == ()
    slower = made_record(rounds={"mlp_batch_1": [9.0] * 9})
    assert regressions(compared(made_record(), slower), 0) == ()


@pytest.mark.parametrize("kind", ["missing", "raised", "incorrect"])
def test_what_broke_is_a_regression_whatever_is_allowed(kind) -> None:
    broken = made_record({"matmul_256": Failure(kind, "it broke")})
    found = regressions(compared(made_record(), broken), 1e6)
    assert found[0] == "matmul_256: not measured after: it broke"
    assert ("no score after (invalid), where there was one before" in found) == (kind != "missing")
    assert regressions(compared(broken, made_record()), 0) == ()


def test_another_subject_is_a_regression_whatever_is_allowed() -> None:
    mine, numpy = made_record(name="tinytorch", slowdown=9.0), made_record()
    assert regressions(compared(mine, numpy), 1e6) == ("numpy was measured, and tinytorch before",)
    assert regressions(compared(mine, mine), 0) == ()


def test_nothing_to_compare_is_no_success() -> None:
    nothing = made_record(dict.fromkeys(NAMES, MISSING))
    view = compared(nothing, nothing)
    assert regressions(view, 5) == ("no scored operation could be compared",)
    assert view.summary == "No scored operation could be compared."
    assert view.summary in text(view)


def test_the_judgement_is_in_every_form_for_people() -> None:
    view = compared(made_record(), made_record())
    assert "No regression." in text(view, worse=())
    assert "- No regression." in comparison_markdown(view, ())
    assert "Regression: x" in text(view, worse=("x",))
    assert "egression" not in text(view)


# -- foreign text -----------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    view = compared(made_record({"matmul_100": MISSING}), made_record(slowdown=123.0))
    assert [line for line in text(view, width).splitlines() if cell_len(line) > width] == []


def test_hostile_text_does_nothing() -> None:
    hostile = "\x1b[2J|`<img src=x>@octocat"
    record = made_record(
        {"matmul_100": Failure("raised", hostile)},
        name=hostile,
        ran_on={"kernels_version": hostile},
    )
    operations = [msgspec.structs.replace(record.operations[0], name=hostile)]
    odd = msgspec.structs.replace(record, operations=[*operations, *record.operations])
    view = compared(made_record(), odd)
    markdown = comparison_markdown(view, regressions(view, 0))
    for form in (text(view), text(view, 40), markdown, csv_text(COLUMNS, view.rows)):
        assert "\x1b" not in form
    outside = re.sub(r"`[^`]*`", "", markdown)
    assert "<img" not in outside
    assert "@octocat" not in outside
    table = markdown_table(COLUMNS, view.rows).splitlines()
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {len(COLUMNS) + 1}


def test_numbers_that_cannot_be_are_not_compared() -> None:
    record = made_record()
    operations = list(record.operations)
    operations[0] = msgspec.structs.replace(operations[0], slowdown=0.0)
    operations[1] = msgspec.structs.replace(operations[1], slowdown_interval=(3.0, 1.0))
    view = compared(record, msgspec.structs.replace(record, operations=operations))
    assert [row.change for row in view.operations[:3]] == [
        "not compared",
        "not compared",
        "not separated",
    ]


@pytest.mark.parametrize(("before", "after"), [("tinytorch", "numpy"), ("numpy", "tinytorch")])
def test_another_subject_is_a_regression_however_fast_it_is(before: str, after: str) -> None:
    view = compared(made_record(name=before), made_record(name=after, slowdown=1.0))
    line = f"{after} was measured, and {before} before"
    assert regressions(view, 1000) == (line,)
    assert regressions(compared(made_record(name=before), made_record(name=before)), 0) == ()
