"""A record that does not say what its samples say: each command names it, and none counts it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from records.made_record import NOW, made_capstone, made_record, save_record

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]

_SCORE, _TIME = b'"score": 90.0', b"2026-11-22T20:30:00Z"
_EDITS = {
    "a better score": (_SCORE, b'"score": 99.9', "score is 99.9, not 90"),
    "no possible score": (_SCORE, b'"score": 1e308', "score is 1e+308, not 90"),
    "no number": (_SCORE, b'"score": NaN', "NaN is not a number of JSON"),
    "below nothing": (b'"slowdown": 2.0', b'"slowdown": -2.0', "is -2, not 2"),
    "an early time": (_TIME, b"1970-01-01T00:00:00Z", "cannot have been made on 1970-01-01"),
    "a late time": (_TIME, b"2999-01-01T00:00:00Z", "cannot have been made on 2999-01-01"),
}


@pytest.fixture(params=list(_EDITS))
def edit(request: pytest.FixtureRequest, project: Path) -> tuple[Path, str]:
    """A project whose only record was edited: its file, and what is to be said of it."""
    before, after, said = _EDITS[request.param]
    path = save_record(project / ".tito" / "benchmarks", made_record())
    data = path.read_bytes()
    assert before in data
    path.write_bytes(data.replace(before, after, 1))
    return path, said


def test_every_command_that_reads_it_names_it(edit: tuple[Path, str], run_cli: RunCli) -> None:
    path, said = edit
    for words in (
        ("benchmark", "history"),
        ("benchmark", "report", "latest"),
        ("benchmark", "report", path.name),
        ("benchmark", "report", path.name, "--card", "-"),
        ("benchmark", "compare", path.name, path.name),
        ("community", "submit", "latest", "--yes"),
        ("community", "submit", path.name, "--yes"),
        ("community", "stats"),
        ("community", "join"),
        ("community", "update"),
        ("doctor",),
    ):
        done = run_cli(*words)
        shown = " ".join((done.stdout + done.stderr).split())
        assert path.name in shown
        assert said in shown, (words, shown)
        assert "Traceback" not in shown
        assert (done.returncode == 0) == (
            words[-1] in {"history", "stats", "join", "update", "doctor"}
        ), words
    assert not (path.parents[2] / ".tinytorch" / "submissions").exists()


def test_it_does_not_stand_in_for_a_good_one(edit: tuple[Path, str], run_cli: RunCli) -> None:
    path, _ = edit
    good = save_record(path.parent, made_record(now=NOW - timedelta(hours=1), slowdown=4.0))
    shown = run_cli("benchmark", "report", "latest").stdout
    assert good.name in shown
    assert "80" in shown
    assert run_cli("community", "submit", "latest", "--yes").returncode == 0
    assert len(list((path.parents[2] / ".tinytorch" / "submissions").iterdir())) == 1


def test_a_profile_has_no_score_of_it(project: Path, run_cli: RunCli) -> None:
    folder = project / ".tito" / "benchmarks"
    edited = save_record(folder, made_capstone(tracks=["speed"]))
    edited.write_bytes(edited.read_bytes().replace(b'"overall": 90.0', b'"overall": 99.9'))
    save_record(folder, made_capstone(tracks=["speed"], slowdown=4.0))
    assert run_cli("community", "join").returncode == 0
    profile = json.loads((project / ".tinytorch" / "community" / "profile.json").read_bytes())
    assert profile["progress"]["capstone_score"] == pytest.approx(80.0)
