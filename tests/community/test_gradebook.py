"""A gradebook says of each file what stands in it, and of each that cannot be read why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tito_bench.community.gradebook import GradebookRow, read_gradebook, read_roster
from tito_bench.errors import StoreError

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def submission(benchmark: str, score: float, day: int) -> dict[str, Any]:
    metric = "overall" if benchmark == "capstone" else "score"
    return {
        "kind": "submission",
        "benchmark": benchmark,
        "measured_at": f"2026-10-{day:02d}T08:00:00Z",
        "subject": {"name": "tinytorch"},
        "verdict": {"status": "stable" if day < 20 else "unstable"},
        "normalized_metrics": {metric: score},
    }


def export(*submissions: dict[str, Any], identifier: str | None = "id-1") -> dict[str, Any]:
    progress = {"modules_completed": 9, "milestones_passed": 2, "capstone_score": None}
    profile = {"anonymous_id": identifier, "progress": progress}
    return {"kind": "community_export", "profile": profile, "submissions": list(submissions)}


def row(folder: Path, data: Any, *, name: str = "a.json", **how: Any) -> GradebookRow:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    (found,) = read_gradebook([str(path)], how.get("roster", {}), how.get("at_least"), NOW)
    return found


def test_best_and_latest_are_told_apart_whatever_the_order_in_the_file(tmp_path: Path) -> None:
    found = row(
        tmp_path,
        export(
            submission("baseline", 80.0, 20),
            submission("baseline", 91.0, 3),
            submission("capstone", 40.0, 21),
        ),
    )
    assert (found.baseline_best, found.baseline_latest) == (91.0, 80.0)
    assert (found.capstone_best, found.capstone_latest) == (40.0, 40.0)
    assert (found.modules, found.milestones) == (9, 2)
    assert (found.subject, found.verdict) == ("tinytorch", "unstable")
    assert found.measured_at == "2026-10-21T08:00:00Z"
    assert found.problem == ""


@pytest.mark.parametrize("key", ["id-1", "ada.json", "ada"])
def test_the_roster_names_a_student_by_id_or_file(tmp_path: Path, key: str) -> None:
    roster = read_roster(f"file,name\r\n{key},Ada Lovelace\r\n".encode(), "r.csv")
    assert row(tmp_path, export(), name="ada.json", roster=roster).name == "Ada Lovelace"
    assert row(tmp_path, export(identifier=None), name="eve.json", roster=roster).name == ""


@pytest.mark.parametrize(
    ("score", "reached"), [(59.99, False), (60.0, True), (None, False)], ids=str
)
def test_at_least_is_of_the_best_score(tmp_path: Path, score: float | None, reached: bool) -> None:
    handed = [] if score is None else [submission("baseline", score, 1)]
    assert row(tmp_path, export(*handed), at_least=60.0).at_least is reached


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xff\xfe{", "no JSON: it is UTF-16, not UTF-8"),
        (b"{", "no JSON: Input data was truncated"),
        (b"[1]", "no export, profile or submission"),
        (b" " * (4 * 2**20 + 1), "larger than 4 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_has_a_row_that_says_why(
    tmp_path: Path, data: bytes, problem: str
) -> None:
    found = row(tmp_path, data)
    assert (found.file, found.problem, found.baseline_best) == ("a.json", problem, None)


def test_values_that_are_none_are_empty(tmp_path: Path) -> None:
    odd = export(submission("baseline", 1e308, 1))
    odd["profile"]["progress"] = {"modules_completed": -3, "milestones_passed": True}
    odd["submissions"][0]["verdict"] = "stable"
    found = row(tmp_path, odd)
    assert (found.modules, found.milestones, found.verdict) == (None, None, "")
    assert found.baseline_best is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff", "r.csv is not UTF-8; save it as CSV UTF-8"),
        (b"only one\n", "r.csv, line 1: one column; a roster has two: file or id, name"),
        (b'"open\n', "r.csv is no CSV: unexpected end of data"),
    ],
)
def test_what_is_no_roster_is_said_in_one_line(data: bytes, said: str) -> None:
    with pytest.raises(StoreError) as raised:
        read_roster(data, "r.csv")
    assert str(raised.value) == said


def test_a_roster_of_a_spreadsheet_has_a_mark_before_it() -> None:
    assert read_roster(b"\xef\xbb\xbfid-1,Ada\n\n", "r.csv") == {"id-1": "Ada"}


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ({"normalized_metrics": {"score": 1e308}}, "score is 1e+308, not 0 to 100"),
        ({"normalized_metrics": {"overall": -1}}, "overall is -1, not 0 to 100"),
        ({"normalized_metrics": {"score": 10**400}}, "score is inf, not 0 to 100"),
        ({"normalized_metrics": {"overall": -(10**400)}}, "overall is -inf, not 0 to 100"),
        ({"normalized_metrics": {"score": 5.0, "composite": 10**400}}, "score is 5, not 0"),
        ({"normalized_metrics": {"score": 99.9, "composite": 2.0}}, "score is 99.9, not 90"),
        ({"measured_at": "1970-01-01T00:00:00Z"}, "it cannot have been measured on 1970-01-01"),
        ({"measured_at": "2999-01-01T00:00:00Z"}, "it cannot have been measured on 2999-01-01"),
        ({"normalized_metrics": {"score": 90.0, "composite": 2.0}}, ""),
    ],
)
def test_what_cannot_be_is_the_problem_of_its_file(
    edit: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    found = row(tmp_path, submission("baseline", 80.0, 3) | edit)
    assert found.problem == problem
    assert (found.baseline_best is None) == bool(problem)
