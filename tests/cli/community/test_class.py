"""`community stats --from` and `--recheck`, as an instructor types them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packages.build import build_package

Run = Callable[..., Any]


def hand_in(folder: Path, number: int, score: float) -> None:
    metrics = {"score": score, "slowdowns": {"matmul": 400.0, "tensor_ops": 2.0}}
    submission = {
        "benchmark": "baseline",
        "measured_at": "2026-10-02T08:00:00Z",
        "subject": {"name": "tinytorch"},
        "verdict": {"status": "stable"},
        "normalized_metrics": metrics,
    }
    profile = {"anonymous_id": f"id-{number}", "progress": {"modules_completed": number}}
    folder.mkdir(exist_ok=True)
    (folder / f"student{number}.json").write_text(
        json.dumps({"profile": profile, "submissions": [submission]}), "utf-8"
    )


@pytest.fixture
def class_folder(project: Path) -> Path:
    folder = project / "handed in"
    for number in range(6):
        hand_in(folder, number, 60.0 + number)
    (folder / "broken.json").write_bytes(b'"\xff"')
    (folder / "=cmd.json").write_bytes(b"{}")
    return folder


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_gradebook_is_csv_and_nothing_else(run_cli: Run, class_folder: Path) -> None:
    roster = class_folder.parent / "names.csv"
    roster.write_text("student3,Ada\nid-4,=Eve\n", "utf-8")
    done = run_cli(
        *("community", "stats", "--from", "handed in", "--csv"),
        *("--roster", "names.csv", "--at-least", "63"),
    )
    assert done.returncode == 0, done.stderr
    rows = {row["file"]: row for row in table(done.stdout)}
    assert len(rows) == 8
    assert rows["student3.json"]["name"] == "Ada"
    assert rows["student4.json"]["name"] == "'=Eve"  # a spreadsheet would run it
    assert rows["student2.json"]["at_least_63"] == "no"
    assert rows["student3.json"]["at_least_63"] == "yes"
    assert rows["student5.json"]["baseline_best"] == "65.0"
    assert rows["broken.json"]["problem"] == "no JSON: it is not UTF-8"
    assert "'=cmd.json" in rows


def test_statistics_name_what_could_not_be_read_and_what_was_hard(
    run_cli: Run, class_folder: Path
) -> None:
    shown = run_cli("community", "stats", "--from", "handed in").stdout
    assert "6 people in 8 files" in shown
    assert "broken.json: no JSON: it is not UTF-8" in shown
    assert "Median baseline score: 62" in shown
    assert "matmul: 400x (6 people)" in shown
    assert "student" not in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--csv",), "--csv goes with --from FOLDER"),
        (("--from", ".", "--csv", "--roster", "nobody.csv"), "--roster: there is no file"),
        (("--from", ".", "--csv", "--at-least", "101"), "'101' is not a score from 0 to 100"),
        (("--recheck", "nowhere"), "--recheck: cannot read"),
        (("--recheck", "."), "--recheck: there is no folder in"),
    ],
)
def test_a_wrong_word_is_one_line(run_cli: Run, words: tuple[str, ...], said: str) -> None:
    done = run_cli("community", "stats", *words)
    assert done.returncode in {1, 2}
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_projects_are_measured_again_and_one_that_fails_keeps_nobody(
    run_cli: Run, project: Path
) -> None:
    build_package(project / "class" / "ada")
    broken = build_package(project / "class" / "bob")
    (broken / "core" / "tensor.py").write_text("raise ValueError('no')\n", "utf-8")
    before = set(project.rglob("*"))
    done = run_cli("community", "stats", "--recheck", "class", "--json", timeout=110)
    assert done.returncode == 1
    found = {one["folder"]: one for one in json.loads(done.stdout)["packages"]}
    ada, bob = found["ada"], found["bob"]
    assert ada["lowest"] <= ada["score"] <= ada["highest"]
    assert set(ada["slowdowns"]) >= {"matmul_100", "add_100x100"}
    assert bob["score"] is None
    assert "tensor.py:1: ValueError: no" in bob["problem"]
    assert set(project.rglob("*")) == before
