"""A history that lies in several folders of one project is said."""

from __future__ import annotations

from pathlib import Path

from tito_bench.doctor.split_history import check_history
from tito_bench.report.wording import explain

RECORD = ".tito/benchmarks/baseline_20260101T000000Z_abcd.json"


def keep(folder: Path, *, records: int = 1) -> None:
    for number in range(records):
        file = folder / RECORD.replace("abcd", f"000{number}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")


def test_one_history_is_no_news(tmp_path: Path) -> None:
    keep(tmp_path, records=3)
    course = tmp_path / "notebooks" / ".tito" / "benchmarks" / "baseline_20261001_120000.json"
    course.parent.mkdir(parents=True)
    course.write_text("{}")
    assert check_history(tmp_path, {}) == []


def test_records_in_subfolders_are_named_with_their_number(tmp_path: Path) -> None:
    keep(tmp_path)
    keep(tmp_path / "notebooks", records=2)
    keep(tmp_path / "srcs" / "tinytorch" / "core")
    found = check_history(tmp_path, {})
    assert [(finding.what, finding.value) for finding in found] == [
        ("notebooks/.tito/benchmarks", "2 records"),
        ("srcs/tinytorch/core/.tito/benchmarks", "1 record"),
    ]
    assert explain(found[0]).startswith(
        "notebooks/.tito/benchmarks holds 2 records of the same project"
    )


def test_what_lies_above_a_named_project_is_the_same_one(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    keep(tmp_path)
    keep(tmp_path / "tinytorch")
    (found,) = check_history(tmp_path / "tinytorch", {})
    assert found.what.endswith("/.tito/benchmarks")


def test_other_repositories_and_environments_are_not_of_the_project(tmp_path: Path) -> None:
    for other in ("friend", "venv/lib", ".venv/lib", "node_modules/x"):
        keep(tmp_path / other)
    (tmp_path / "friend" / ".git").mkdir()
    assert check_history(tmp_path, {"HOME": str(tmp_path)}) == []
