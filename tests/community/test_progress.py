"""Progress from the course's files, in every shape."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.made_record import NOW, UNSTABLE, made_capstone, made_record
from tito_bench.community.profile import Progress
from tito_bench.community.progress import (
    Finished,
    entry_number,
    finished_since,
    read_course,
    refreshed,
)
from tito_bench.measure.results import Failure
from tito_bench.workloads.capstone import CAPSTONE


def _write(path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(data)


MISSING, RAISED = Failure("missing", "not exported"), Failure("raised", "ValueError: no")
FORWARD = "mlp_forward_32"
NOTHING = dict.fromkeys([op.name for op in CAPSTONE], MISSING)


def _capstone(score: float, *failures: str, **changes: Any) -> dict[str, Any]:
    """A capstone of the speed track with about that score; with a failure it is invalid."""
    failed = dict.fromkeys(failures, RAISED)
    made = made_capstone(failed, slowdown=2 ** ((100 - score) / 10), tracks=["speed"])
    return msgspec.to_builtins(made) | changes


def _baseline(*failures: str, **changes: Any) -> dict[str, Any]:
    return msgspec.to_builtins(made_record(dict.fromkeys(failures, RAISED))) | changes


def _with_overall(overall: Any) -> dict[str, Any]:
    record = _capstone(50)
    record["normalized_metrics"]["overall"] = overall
    return record


@pytest.mark.parametrize(
    ("entry", "number"),
    [
        (1, 1),
        ("1", 1),
        ("01", 1),
        ("01_tensor", 1),
        (" 20_capstone ", 20),
        ("module_07", 7),
        ("7-cnn", 7),
        (20, 20),
        (0, None),
        (-1, None),
        (100, None),
        (True, None),
        (None, None),
        (1.0, None),
        ("tensor", None),
        ("00", None),
        ("123", None),
        ("", None),
        ([1], None),
    ],
)
def test_entries(entry: Any, number: int | None) -> None:
    assert entry_number(entry) == number


@settings(deadline=None)
@given(st.sets(st.integers(1, 20)), st.data())
def test_any_mix_of_shapes_counts_each_once(numbers: set[int], data: Any) -> None:
    shapes = st.sampled_from([int, str, "{:02d}".format, "{:02d}_name".format])
    entries = [data.draw(shapes)(number) for number in [*numbers, *numbers]]
    assert {entry_number(entry) for entry in entries} == numbers


def test_no_files_is_no_progress(layout):
    course = read_course(layout, NOW)
    assert refreshed(Progress(), course) == Progress()
    assert course.unreadable == ()


def test_the_files_of_all_years_together(layout):
    _write(
        layout.course_progress[0],
        {
            "started_modules": [5],
            "completed_modules": [1, "1", "01", "01_tensor", "02_activations"],
            "completion_dates": {"01_tensor": "2026-11-18T09:00:00", "02": "not a date"},
        },
    )
    _write(layout.course_progress[1], {"completed_modules": {"3": True, "4": False}})
    _write(
        layout.course_milestones,
        {
            "schema_version": 2,
            "unlocked_milestones": ["03", "04"],
            "completed_milestones": ["01", 1, "02"],
            "completion_dates": {"01": "2026-11-19T23:59:59+00:00"},
        },
    )
    _write(layout.benchmarks / "baseline_1.json", _baseline(created_at="2026-11-20T10:00:00Z"))
    course = read_course(layout, NOW)
    assert course.modules == {1, 2, 3}
    assert course.milestones == {1, 2}
    assert course.active_days == {date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)}
    assert refreshed(Progress(), course) == Progress(
        setup_verified=True, milestones_passed=2, modules_completed=3, capstone_score=None
    )


@pytest.mark.parametrize("content", [b"", b"{", b"\0" * 9, b"[1]", b"[" * 99_999, b"\xff\xfe{}"])
def test_what_cannot_be_read_keeps_what_was_known(layout, content):
    for path in (*layout.course_progress, layout.course_milestones):
        _write(path, content)
        course = read_course(layout, NOW)
        assert len(course.unreadable) == 1
        assert path.read_bytes() == content, "the course's files are never touched"
        before = Progress(milestones_passed=3, modules_completed=9)
        after = refreshed(before, course)
        if path == layout.course_milestones:
            assert (after.milestones_passed, after.modules_completed) == (3, 0)
        else:
            assert (after.milestones_passed, after.modules_completed) == (0, 9)
        path.unlink()


@pytest.mark.parametrize("odd", [None, 5, "01", {"a": 1}, [[1]], [None, {}, 2.5]])
def test_odd_shapes_count_nothing(layout, odd):
    _write(layout.course_progress[0], {"completed_modules": odd, "completion_dates": odd})
    assert refreshed(Progress(), read_course(layout, NOW)).modules_completed == 0


def test_a_byte_order_mark(layout):
    _write(layout.course_progress[0], b'\xef\xbb\xbf{"completed_modules": [1]}')
    assert read_course(layout, NOW).modules == {1}


@pytest.mark.parametrize(
    ("records", "best"),
    [
        ([], None),
        ([_capstone(0)], 0.0),
        ([_capstone(40.5), _capstone(70), _capstone(60)], 70.0),
        ([_capstone(90, FORWARD), _capstone(30, verdict=UNSTABLE)], 30.0),
        ([_capstone(90, FORWARD)], None),
        ([made_capstone(NOTHING, tracks=["speed"])], None),
        ([_with_overall(99.9), _with_overall(101), _with_overall(-1), _with_overall(True)], None),
        ([_with_overall("90"), _with_overall(1e308), _with_overall(None)], None),
        ([_capstone(50, created_at="2999-01-01T00:00:00Z")], None),
        ([_baseline()], None),
        ([{"benchmark_type": "capstone", "overall_score": 90, "timestamp": "x"}], None),
        ([{"benchmark_type": "capstone_simplified", "metrics": {"basic_score": 75}}], None),
        ([_capstone(50, verdict=None)], None),
        ([_capstone(50, verdict={"status": "invalid", "reasons": []})], None),
        ([_capstone(50, schema=2)], None),
        ([_capstone(50, schema=True)], None),
    ],
)
def test_the_best_capstone(layout, records, best):
    for number, record in enumerate(records):
        _write(layout.benchmarks / f"capstone_{number}.json", msgspec.to_builtins(record))
    after = refreshed(Progress(capstone_score=12.0), read_course(layout, NOW))
    assert after.capstone_score == (None if best is None else pytest.approx(best, abs=0.01))


@pytest.mark.parametrize(
    ("record", "verified"),
    [
        (_baseline(), True),
        (_baseline(verdict=UNSTABLE), True),
        (_baseline("matmul_100"), False),
        (_capstone(50), False),
        ({"benchmark_type": "baseline", "metrics": {"score": 100}}, False),
    ],
)
def test_setup_is_verified_by_a_valid_baseline(layout, record, verified):
    _write(layout.benchmarks / "baseline_1.json", record)
    assert refreshed(Progress(), read_course(layout, NOW)).setup_verified is verified


def test_a_file_that_is_no_record_is_named_and_left(layout):
    _write(layout.benchmarks / "baseline_1.json", b"{")
    _write(layout.benchmarks / "baseline_2.json", {"benchmark_type": "baseline"})
    course = read_course(layout, NOW)
    assert [(one.file, one.skip) for one in course.skipped] == [("baseline_1.json", "half")]
    assert [one.file for one in course.course_files] == ["baseline_2.json"]
    assert (layout.benchmarks / "baseline_1.json").read_bytes() == b"{"


def test_a_file_that_cannot_be_opened(layout):
    layout.course_progress[0].mkdir(parents=True)
    course = read_course(layout, NOW)
    assert course.modules is None
    (layout.benchmarks / "baseline_1.json").mkdir(parents=True)
    _write(layout.benchmarks / "baseline_2.json", _baseline())
    course = read_course(layout, NOW)
    assert [(one.file, one.skip) for one in course.skipped] == [("baseline_1.json", "unreadable")]
    assert refreshed(Progress(), course).setup_verified


SEVERAL = ["01", "02", "03", "04", "05", "06", "07"]


@pytest.mark.parametrize(
    ("content", "milestones", "parts"),
    [
        ({"completed_milestones": SEVERAL}, {1, 2, 5, 7}, {}),
        ({"schema_version": None, "completed_milestones": ["03"]}, set(), {}),
        ({"schema_version": 2, "completed_milestones": SEVERAL}, set(range(1, 8)), {}),
        (
            {
                "schema_version": 2,
                "completed_milestones": ["01"],
                "unverified_legacy_completions": ["03"],
                "part_results": {
                    "01": {"1": {"status": "passed", "passed_at": "2026-09-30T10:00:00"}},
                    "03": {
                        "1": {"status": "failed", "passed_at": "2026-09-30T10:00:00"},
                        "2": {"status": "failed", "timestamp": "2026-09-30T10:00:00"},
                    },
                    "06": [],
                    "odd": {"1": {"passed_at": "x"}},
                },
            },
            {1},
            {3: (1,)},
        ),
        ({"schema_version": 2, "completed_milestones": ["08", 99], "part_results": 3}, set(), {}),
    ],
    ids=["legacy", "no schema", "schema 2", "parts", "odd"],
)
def test_milestones_of_several_parts_count_when_all_have_passed(
    layout, content: Any, milestones: set[int], parts: dict[int, tuple[int, ...]]
) -> None:
    _write(layout.course_milestones, content)
    course = read_course(layout, NOW)
    assert course.milestones == milestones
    assert course.milestone_parts == parts


def test_what_was_finished_since_is_what_the_files_date_later(layout) -> None:
    before, after = (f"{NOW + timedelta(minutes=m):%Y-%m-%dT%H:%M:%S+00:00}" for m in (-5, 5))
    assert finished_since(layout, NOW) == ()
    dates = {"01_tensor": before, "02_activations": after}
    _write(layout.root / "progress.json", {"completion_dates": dates})
    newest = {
        "last_completed": "03",
        "last_updated": after,
        "completed_modules": ["01", "02", "03"],
    }
    _write(layout.course_progress[0], newest)
    _write(layout.course_milestones, {"completion_dates": {"1": before, "2": after, "x": after}})
    assert finished_since(layout, NOW) == (
        *(Finished("milestone", 2), Finished("module", 2), Finished("module", 3)),
    )
    assert finished_since(layout, NOW + timedelta(minutes=6)) == ()


@pytest.mark.parametrize("content", [b"{", [], {"completion_dates": [1]}, {"last_completed": {}}])
def test_a_file_that_is_odd_says_that_nothing_was_finished(layout, content: Any) -> None:
    _write(layout.course_progress[0], content)
    assert finished_since(layout, NOW) == ()
