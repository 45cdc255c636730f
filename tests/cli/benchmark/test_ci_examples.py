"""The workflows of the guide run as they stand, but for the installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from packages.build import build_package

EXAMPLES = Path(__file__).parents[3] / "docs" / "guide" / "ci"


def commands(name: str) -> Iterator[str]:
    """Yield what the workflow has a shell do, in order, but for installing tito-bench."""
    (job,) = yaml.safe_load((EXAMPLES / name).read_text("utf-8"))["jobs"].values()
    for step in job["steps"]:
        for command in (step.get("run"), step.get("with", {}).get("command")):
            if command is not None and "pip install" not in command:
                yield command


def run(command: str, project: Path, environ: Mapping[str, str]) -> int:
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join([scripts, environ["PATH"]])
    return subprocess.run(  # noqa: S602 - a line of a shell, as CI runs it
        command, shell=True, cwd=project, env={**environ, "PATH": path}, timeout=100, check=False
    ).returncode


def test_the_students_workflow_leaves_a_record_and_a_page(
    project: Path, clean_environ: Mapping[str, str]
) -> None:
    build_package(project)
    for command in commands("benchmark.yml"):
        assert run(command, project, clean_environ) == 0, command
    assert json.loads((project / "record.json").read_bytes())["kind"] == "baseline"
    assert (project / "report.html").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(("asked", "code"), [("0", 0), ("100", 1)])
def test_classroom_gives_its_points_from_the_score_on(
    project: Path, clean_environ: Mapping[str, str], asked: str, code: int
) -> None:
    build_package(project)
    (command,) = commands("classroom.yml")
    assert "--min-score 60" in command
    command = command.replace("--min-score 60", f"--min-score {asked} --quick --rounds 1")
    assert run(command, project, clean_environ) == code
