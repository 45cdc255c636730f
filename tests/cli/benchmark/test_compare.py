"""`benchmark compare`, as real processes."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from records.made_record import NOW, made_capstone, made_record, save_record

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def folder(project: Path) -> Path:
    """A baseline, then a capstone, then a baseline of twice the work."""
    folder = project / ".tito" / "benchmarks"
    save_record(folder, made_record())
    save_record(folder, made_capstone(now=NOW + timedelta(days=1)))
    save_record(folder, made_record(slowdown=4.0, now=NOW + timedelta(days=2)))
    return folder


def test_the_newest_two_of_a_kind(run_cli: RunCli, folder: Path) -> None:
    done = run_cli("benchmark", "compare", "latest~1", "latest")
    assert (done.returncode, done.stderr) == (0, "")
    assert "All scored: 2.000x slower" in done.stdout.replace("\n", " ")
    assert "matmul_256" in done.stdout
    again = run_cli("benchmark", "compare", "2026-11-22", "2026-11-24")
    assert again.stdout == done.stdout
    assert run_cli("compare").stdout == done.stdout
    assert run_cli("compare", "latest~1").stdout == done.stdout


def test_days_and_minutes_are_those_of_the_clock_on_the_wall(run_cli: RunCli, folder: Path) -> None:
    berlin = {"TZ": "CET-1"}
    done = run_cli("report", "2026-11-22 21:30", environ=berlin)
    assert (done.returncode, "baseline_20261122T203000Z" in done.stdout) == (0, True)
    assert run_cli("report", "2026-11-22 20:30", environ=berlin).returncode == 2


@pytest.mark.parametrize(("words", "status"), [(("5",), 1), (("5%",), 1), (("150",), 0)])
def test_a_regression_fails_a_build(words, status, run_cli: RunCli, folder: Path) -> None:
    done = run_cli("benchmark", "compare", "latest~1", "latest", "--fail-on-regression", *words)
    assert done.returncode == status
    assert ("Regression: matmul_256: 100.0% slower" in done.stdout) == (status == 1)
    better = run_cli("benchmark", "compare", "latest", "latest~1", "--fail-on-regression", "0")
    assert better.returncode == 0
    assert "No regression." in better.stdout


def test_documents_stand_alone_on_stdout(run_cli: RunCli, folder: Path) -> None:
    words = ("benchmark", "compare", "latest~1", "latest", "--fail-on-regression", "5")
    document = run_cli(*words, "--json")
    found = json.loads(document.stdout)
    assert found["overall"]["ratio"]["change"] == "slower"
    assert found["overall"]["ratio"]["value"] == pytest.approx(2.0)
    assert found["before"]["file"].startswith("baseline_20261122")
    assert len(found["regressions"]) == 7
    table = run_cli(*words, "--csv")
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert {row["ratio"] for row in rows} == {"2.000"}
    marked = run_cli(*words, "--markdown")
    assert marked.stdout.startswith("**All scored: 2.000x slower")
    for done in (document, table, marked):
        assert done.returncode == 1
        assert "Regression: matmul_256" in done.stderr


def test_files_of_other_projects_and_capstones(run_cli: RunCli, folder: Path, tmp_path) -> None:
    (capstone,) = folder.glob("capstone_*")
    other = save_record(tmp_path / "other", made_capstone(slowdown=16.0))
    done = run_cli("benchmark", "compare", str(other), "latest", "--json")
    found = json.loads(done.stdout)
    assert found["after"]["file"] == capstone.name, "the file says of which kind latest is"
    assert found["overall"]["ratio"]["value"] == pytest.approx(1 / 8)
    assert [track["track"] for track in found["tracks"]] == [
        "speed",
        "compression",
        "accuracy",
        "efficiency",
    ]
    assert found["regressions"] is None


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("latest", "latest~2"), 2, "there are 2 baseline records"),
        (("latest", "nothing.json"), 2, "there is no record nothing.json"),
        (("latest", "2026-11-30"), 2, "no record was made on 2026-11-30"),
        (("latest", "broken.json"), 1, "broken.json: It ends too early"),
        (("latest", "newer.json"), 1, "written by a newer tito-bench"),
        (("A BASELINE", "A CAPSTONE"), 2, "have no operation in common"),
        (("latest", "latest", "--fail-on-regression", "-1"), 2, "not a percentage"),
        (("latest", "latest", "--fail-on-regression", "nan"), 2, "not a percentage"),
        (("latest~1", "latest", "--type", "capstone"), 2, "there is one capstone record"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    words, status, said, run_cli: RunCli, folder: Path, project: Path
) -> None:
    (capstone,) = folder.glob("capstone_*")
    (baseline, *_) = folder.glob("baseline_*")
    (project / "broken.json").write_bytes(baseline.read_bytes()[:-40])
    (project / "newer.json").write_text('{"schema": 2, "kind": "baseline"}')
    named = {"A BASELINE": baseline.name, "A CAPSTONE": capstone.name}
    done = run_cli("benchmark", "compare", *(named.get(word, word) for word in words))
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.splitlines()[-1].startswith("tito-bench")


def test_without_records_it_says_what_to_run_first(run_cli: RunCli) -> None:
    done = run_cli("benchmark", "compare", "latest~1", "latest")
    assert done.returncode == 2
    assert "there is no record yet; run: tito-bench benchmark baseline" in done.stderr


def test_forty_columns_of_ascii(run_cli: RunCli, folder: Path) -> None:
    environ = {"COLUMNS": "40", "TERM": "dumb"}
    done = run_cli("benchmark", "compare", "latest~1", "latest", environ=environ)
    assert done.stdout.isascii()
    assert max(map(len, done.stdout.splitlines()[1:])) <= 40


def test_a_newest_record_that_is_damaged_is_named_and_not_passed_over_in_silence(
    run_cli: RunCli, folder: Path
) -> None:
    newest = max(folder.glob("baseline_*"))
    newest.write_bytes(newest.read_bytes()[:3000])
    done = run_cli("benchmark", "compare", "latest", "latest", "--type", "baseline")
    assert f"{newest.name}: It ends too early" in done.stdout.replace("\n   ", " ")
    document = run_cli("benchmark", "compare", "latest", "latest", "--markdown")
    assert newest.name not in document.stdout
    assert newest.name in document.stderr
    refused = run_cli("benchmark", "compare", "latest~1", "latest", "--type", "baseline")
    assert refused.returncode == 2
    assert "there is one baseline record" in refused.stderr
    assert newest.name in refused.stdout
