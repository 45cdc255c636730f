"""Whose code it was, as real runs say it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.benchmark.conftest import Baseline, Student

CELLS = [
    "#| default_exp core.tensor",
    "#| export\nclass Tensor:\n    def mine(self):\n        return 1\n",
]


def write_notebook(project: Path, content: bytes | None = None) -> None:
    folder = project / "modules" / "01_tensor"
    folder.mkdir(parents=True)
    cells = [{"cell_type": "code", "source": text} for text in CELLS]
    found = json.dumps({"cells": cells}).encode() if content is None else content
    (folder / "tensor.ipynb").write_bytes(found)


def test_a_stale_export_is_said_before_and_after_and_recorded(
    baseline: Baseline,
    student: Student,
    project: Path,
    saved_record: Callable[[], dict[str, Any]],
) -> None:
    student(modules=1)
    write_notebook(project)
    done = baseline()
    line = "modules/01_tensor changed since the export: tito module complete 01"
    said = " ".join(done.stdout.split())
    assert line in said.partition("Baseline Benchmark")[0]
    assert line in said.partition("Baseline Benchmark")[2]
    assert "Whose code: yours" in said
    origin = saved_record()["subject"]["origin"]
    assert origin["same"] == []
    assert "Tensor.matmul" in origin["own"]
    assert [note["code"] for note in origin["changed"]] == ["stale_export"]


def test_damaged_notebooks_and_notes_are_a_line_and_measuring_goes_on(
    baseline: Baseline,
    student: Student,
    project: Path,
    saved_record: Callable[[], dict[str, Any]],
) -> None:
    student(modules=1)
    write_notebook(project, b"{")
    (project / ".tito").mkdir()
    (project / ".tito" / "exports.json").write_bytes(b"{")
    done = baseline()
    said = " ".join(done.stdout.split())
    assert "The notebook in modules/01_tensor cannot be compared" in said
    assert ".tito/exports.json cannot be read" in said
    assert saved_record()["operations"][0]["slowdown"] is not None


def test_of_numpy_nothing_is_said(
    baseline: Baseline, project: Path, saved_record: Callable[[], dict[str, Any]]
) -> None:
    write_notebook(project)
    done = baseline("--subject", "numpy")
    assert "Whose code" not in done.stdout
    assert "changed since" not in done.stdout
    assert saved_record()["subject"]["origin"] is None


def test_doctor_names_it(run_cli: Any, student: Student, project: Path) -> None:
    student(modules=1)
    write_notebook(project)
    done = run_cli("doctor", "--json")
    codes = [finding["code"] for finding in json.loads(done.stdout)["findings"]]
    assert "stale_export" in codes
