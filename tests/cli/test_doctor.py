"""`tito-bench doctor` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packages.build import build_package

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
_NO_SCRIPTS = {"PATH": os.defpath}


def _findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {finding["code"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_a_healthy_installation(run_cli: RunCli, project: Path) -> None:
    done = run_cli("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing keeps you from measuring." in done.stdout
    assert list(project.iterdir()) == []


def test_json_has_facts_and_every_finding_its_words(run_cli: RunCli) -> None:
    done = run_cli("doctor", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert (document["schema"], document["kind"]) == (1, "diagnosis")
    assert document["runtime"]["kernel_target"] == document["kernels"]["target"]
    for finding in document["findings"]:
        assert finding["sentence"]
        assert finding["remedy"]
    assert "Nothing keeps you" in done.stderr


def test_the_students_package_is_found_and_its_files_are_named(
    run_cli: RunCli, project: Path
) -> None:
    build_package(project)
    document = json.loads(run_cli("doctor", "--json").stdout)
    assert document["package"]["files"]["Tensor"] == "tinytorch/core/tensor.py"
    assert "Tensor" in run_cli("doctor").stdout


def test_a_package_that_ends_the_process_is_told_and_ends_nothing(
    run_cli: RunCli, project: Path
) -> None:
    build_package(project, replace={"tensor": "import os\nos._exit(7)\n"})
    done = run_cli("doctor", "--json")
    assert done.returncode == 1
    assert "exit code 7" in _findings(done)["package_fails"]["value"]


def test_student_code_runs_in_a_process_of_its_own(run_cli: RunCli, project: Path) -> None:
    build_package(project, replace={"tensor": "import os\nprint('PID', os.getpid())\n"})
    done = run_cli("doctor", "--json")
    assert "PID" not in done.stdout + done.stderr
    json.loads(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="a script there is an .exe")
def test_a_script_of_tinytorch_that_owns_the_name(run_cli: RunCli, tmp_path: Path) -> None:
    theirs = tmp_path / "bin"
    theirs.mkdir()
    (theirs / "tito").write_text("#!/usr/bin/python3\nfrom tito.main import main\n")
    (theirs / "tito").chmod(0o755)
    done = run_cli("doctor", "--json", environ={"PATH": str(theirs)})
    found = _findings(done)["foreign_tito"]
    assert found["value"] == "TinyTorch"
    assert "pip install --force-reinstall --no-deps tito-bench" in found["remedy"]
    assert done.returncode == 0


def test_no_script_on_path(run_cli: RunCli) -> None:
    done = run_cli("doctor", "--json", environ=_NO_SCRIPTS)
    assert "python -m tito_bench" in _findings(done)["no_tito"]["remedy"]


def test_an_unknown_kernel_target_breaks_measuring(run_cli: RunCli) -> None:
    done = run_cli("doctor", "--json", environ={"TITO_KERNELS_TARGET": "foo"})
    assert done.returncode == 1
    assert _findings(done)["kernel_target"]["severity"] == "breaks"


def test_records_that_cannot_be_kept_break_measuring(run_cli: RunCli, project: Path) -> None:
    (project / ".tito").write_text("a file")
    done = run_cli("doctor")
    assert done.returncode == 1
    assert "[breaks] .tito/benchmarks cannot be written to" in done.stdout
    assert "Measuring is broken here" in done.stdout


def test_a_forced_kernel_target_is_a_warning(run_cli: RunCli) -> None:
    done = run_cli("doctor", "--json", environ={"TITO_KERNELS_TARGET": "portable"})
    found = _findings(done)
    assert done.returncode == 0
    assert ("forced_kernel_target" in found) == (
        len(json.loads(done.stdout)["kernels"]["supported"]) > 1
    )


def test_the_home_folder_is_named_nowhere(
    run_cli: RunCli, clean_environ: dict[str, str], project: Path
) -> None:
    scripts = Path(clean_environ["HOME"]) / "bin"
    scripts.mkdir()
    (scripts / "tito").write_text("#!/bin/sh\n")
    (scripts / "tito").chmod(0o755)
    build_package(project, replace={"tensor": "raise OSError(__file__)\n"})
    done = run_cli("doctor", "--json", environ={"PATH": str(scripts)})
    assert clean_environ["HOME"] not in done.stdout
