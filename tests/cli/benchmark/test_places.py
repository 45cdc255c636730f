"""Where records are kept, and where they cannot be: one line, before anything is measured."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from cli.benchmark.conftest import Baseline, Student
from tito_bench.cli.main import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bytes as names, links")

RECORDS = Path(".tito") / "benchmarks"


def _one_line(done, *words: str) -> None:
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


def test_a_project_that_takes_no_record_is_said_before_measuring(
    baseline: Baseline, project: Path, student: Student
) -> None:
    student({"tensor": "raise SystemExit('it was measured')"})
    (project / ".tito").write_text("a file")
    _one_line(baseline(), "a file is where a folder should be")


def test_file_is_written_where_the_project_takes_nothing(baseline: Baseline, project: Path) -> None:
    (project / ".tito").write_text("a file")
    _one_line(baseline("--output", "record.json"), "a file is where a folder should be")
    assert json.loads((project / "record.json").read_bytes())["kind"] == "baseline"


def test_the_project_has_its_record_where_file_cannot_be_written(
    baseline: Baseline, project: Path, student: Student
) -> None:
    """The folder of FILE becomes a file during the measurement."""
    folder = project / "out"
    folder.mkdir()
    student({"tensor": f"import os; os.path.isdir({str(folder)!r}) and os.rmdir({str(folder)!r})"})
    student_tensor = project / "tinytorch" / "core" / "tensor.py"
    with student_tensor.open("a", encoding="utf-8") as file:
        file.write(f"open({str(folder)!r}, 'a').close()\n")
    _one_line(baseline("--output", "out/record.json"), "cannot write")
    assert len(list((project / RECORDS).iterdir())) == 1


VERBS = (
    ("baseline", "--quick"),
    ("capstone", "--quick"),
    ("calibrate", "--quick"),
    ("explain",),
    ("history",),
    ("report",),
    ("compare", "latest", "latest~1"),
)


@pytest.mark.parametrize("words", VERBS, ids=lambda words: words[0])
@pytest.mark.parametrize("name", [".tito", ".tito/benchmarks", ".tinytorch"])
def test_state_outside_the_project_is_one_line(
    words: tuple[str, ...],
    name: str,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).symlink_to(outside, target_is_directory=True)
    monkeypatch.chdir(project)
    assert main(["benchmark", *words]) == 1
    said = capsys.readouterr().err
    assert (
        said
        == f"tito-bench: error: {name} leads out of the project; replace the link by a folder\n"
    )
    assert list(outside.iterdir()) == []


def test_doctor_says_that_state_is_outside(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "outside").mkdir()
    (project / ".tito").symlink_to(tmp_path / "outside", target_is_directory=True)
    monkeypatch.chdir(project)
    assert main(["doctor", "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    (found,) = [one for one in findings if one["code"] == "not_writable"]
    assert "leads out of the project" in found["value"]
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take UTF-8 only")
def test_a_folder_whose_name_is_no_utf_8(run_cli, tmp_path: Path, student: Student) -> None:
    package = student()
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \xff"))
    package.parent.rename(root)
    done = run_cli("benchmark", "baseline", "--quick", "--rounds", "1", "--json", cwd=root)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["subject"]["file"] == "tinytorch/core/tensor.py"
    saved, *_ = (root / RECORDS).iterdir()
    assert json.loads(saved.read_bytes())["subject"] == record["subject"]
    done = run_cli("doctor", "--json", cwd=root)
    assert json.loads(done.stdout)["package"]["file"] == "tinytorch/core/tensor.py"
    for words in (("benchmark", "history"), ("community", "join"), ("community", "profile")):
        done = run_cli(*words, cwd=root)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take UTF-8 only")
def test_a_package_whose_name_is_no_utf_8(run_cli, project: Path, student: Student) -> None:
    package = student()
    named = Path(os.fsdecode(os.fsencode(project) + b"/mine\xff"))
    package.rename(named)
    words = ("benchmark", "baseline", "--quick", "--rounds", "1", "--json", "--package")
    done = run_cli(*words, os.fsencode(named))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["subject"]["file"] == "mine\\udcff/core/tensor.py"
