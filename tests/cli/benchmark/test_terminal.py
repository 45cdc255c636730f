"""`benchmark baseline` on a terminal: progress, colour, and the question at the end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

if os.name != "posix":
    pytest.skip("pseudo-terminals of POSIX", allow_module_level=True)

import pty

Converse = Callable[..., tuple[int, str]]
COMMAND = ["benchmark", "baseline", "--subject", "numpy", "--quick", "--rounds", "1"]
QUESTION = "[y/N] "
COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7])[0-9;]*m")


@pytest.fixture
def converse(project: Path, clean_environ: Mapping[str, str]) -> Converse:
    """Run the command on a terminal, give `answer` when it asks; exit code and what was shown."""

    def run(
        answer: str, *words: str, environ: Mapping[str, str] = {"TERM": "xterm"}
    ) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        command = subprocess.Popen(
            [sys.executable, "-m", "tito_bench", *COMMAND, *words],
            cwd=project,
            env={**clean_environ, **environ},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        shown = b""
        while block := read(ours):
            shown += block
            if shown.endswith(QUESTION.encode()):
                os.write(ours, answer.encode())
        os.close(ours)
        return command.wait(timeout=20), shown.decode()

    return run


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other end is closed
        return b""


def submissions(project: Path) -> list[Path]:
    return list((project / ".tinytorch" / "submissions").glob("baseline_*.json"))


@pytest.mark.parametrize("name", ["JPY_PARENT_PID", "CI"])
def test_a_notebook_and_ci_are_asked_nothing(converse: Converse, project: Path, name: str) -> None:
    """Both may give a terminal; at a question there it would wait for ever."""
    status, shown = converse("y\n", environ={"TERM": "xterm", name: "1"})
    assert status == 0
    assert "Score:" in shown
    assert QUESTION not in shown
    assert submissions(project) == []


def test_yes_prepares_a_submission_that_stays_here(converse: Converse, project: Path) -> None:
    status, shown = converse("y\n")
    assert status == 0
    assert "Calibrating" in shown
    assert COLOUR.search(shown)
    assert "Prepare a submission? It stays on this machine. [y/N]" in shown
    (path,) = submissions(project)
    assert json.loads(path.read_bytes())["benchmark"] == "baseline"
    assert "Nothing left this machine." in shown


@pytest.mark.parametrize("answer", ["\n", "n\n", "\x04"], ids=["empty", "no", "end of input"])
def test_anything_else_prepares_none(answer: str, converse: Converse, project: Path) -> None:
    status, shown = converse(answer)
    assert status == 0
    assert submissions(project) == []
    assert "for later: tito-bench community submit latest" in shown


@pytest.mark.parametrize("answer", ["y\n", "n\n"])
def test_it_is_asked_once_in_a_project(answer: str, converse: Converse, project: Path) -> None:
    first = converse(answer, environ={"TERM": "xterm", "COLUMNS": "40"})[1]
    assert "Prepare a submission? It stays on this\r\nmachine. [y/N] " in first
    before = submissions(project)
    status, shown = converse(answer)
    assert status == 0
    assert QUESTION not in shown
    assert submissions(project) == before
    assert converse(answer, "--submit")[0] == 0
    assert len(submissions(project)) == len(before) + 1


def test_an_answer_that_is_neither_is_asked_for_again(converse: Converse, project: Path) -> None:
    status, shown = converse("maybe\ny\n")
    assert status == 0
    assert "Please answer y or n." in shown
    assert len(submissions(project)) == 1


def test_skip_submit_never_asks(converse: Converse, project: Path) -> None:
    status, shown = converse("y\n", "--skip-submit", environ={"TERM": "xterm", "NO_COLOR": "1"})
    assert status == 0
    assert QUESTION not in shown
    assert not COLOUR.search(shown)
    assert not (project / ".tinytorch").exists()


def test_a_dumb_terminal_gets_lines_and_nothing_else(converse: Converse) -> None:
    status, shown = converse("n\n", environ={"TERM": "dumb"})
    assert status == 0
    assert "\x1b" not in shown
    assert "[ok] Setup verified and working!" in shown
    assert shown.isascii()
