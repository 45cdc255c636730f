"""Whole runs on packages as students have them: score, reasons and exit code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packages.build import build_package, module_path, source, stub_of

Run = Callable[..., "subprocess.CompletedProcess[str]"]
EMPTY, RAISES = '"""TODO"""', "raise NotImplementedError()"


def capstone(run_cli: Run) -> dict[str, Any]:
    """A short capstone that ends well; its document."""
    done = run_cli("benchmark", "capstone", "--time-budget", "4", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["verdict"]["status"] != "invalid"
    assert found["normalized_metrics"]["overall"] > 50
    return found


def reasons(record: dict[str, Any]) -> set[str]:
    return {missed["reason"] for missed in record["not_measured"]}


@pytest.mark.parametrize("era", ["E1", "E3"])
def test_a_whole_package_has_every_track(era: str, run_cli: Run, project: Path) -> None:
    build_package(project, era)
    record = capstone(run_cli)
    assert record["normalized_metrics"]["tracks_measured"] == 4
    assert all("not" not in reason for reason in reasons(record)), reasons(record)


@pytest.mark.parametrize(("era", "body"), [("E2", EMPTY), ("E5", RAISES)])
def test_stubs_cost_nothing(era: str, body: str, run_cli: Run, project: Path) -> None:
    later = ("spatial", "transformers", "quantization", "compression", "capstone")
    stubs = {name: stub_of(source(name, era), body) for name in later}
    build_package(project, era, replace=stubs)
    record = capstone(run_cli)
    assert record["normalized_metrics"]["tracks_measured"] == 3
    assert {reason for reason in reasons(record) if "track" not in reason} == {
        f"module {number:02d}: {name} is still to be written"
        for number, name in (
            (9, "Conv2d"),
            (13, "TransformerBlock"),
            (15, "QuantizedLinear"),
            (16, "magnitude_prune"),
            (20, "BenchmarkReport"),
        )
    }
    modules = {module["number"]: module for module in record["inventory"]["modules"]}
    assert "Conv2d" in modules[9]["unwritten"]
    assert modules[9]["file"] == f"tinytorch/{module_path('spatial', era).as_posix()}"
    done = run_cli("benchmark", "report", "latest")
    shown = " ".join(done.stdout.split())
    assert "Modules still to be written: 09 convolutions, 13 transformers" in shown
    assert "not exported yet" not in shown


def test_a_notebook_that_was_never_exported_is_the_next_step(run_cli: Run, project: Path) -> None:
    notebook = project / "modules" / "01_tensor" / "tensor.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    step = "modules/01_tensor is written but not exported: tito module complete 01"
    done = run_cli("benchmark", "baseline", "--quick", "--rounds", "1")
    assert done.returncode == 0
    assert "Code: numpy" in done.stdout
    assert step in " ".join(done.stdout.split())
    refused = run_cli("benchmark", "capstone", "--quick")
    assert (refused.returncode, refused.stderr.count("\n") <= 2) == (1, True)
    assert step in refused.stderr


def test_a_new_module_that_lowers_the_score_is_said_with_it(run_cli: Run, project: Path) -> None:
    package = build_package(project, "E5")
    convolutions = package / module_path("spatial", "E5")
    convolutions.rename(package / "later")
    first = run_cli("benchmark", "capstone", "--track", "speed", "--time-budget", "4")
    assert (first.returncode, "Since" in first.stdout) == (0, False)
    (package / "later").rename(convolutions)
    second = run_cli("benchmark", "capstone", "--track", "speed", "--time-budget", "4")
    assert second.returncode == 0
    line = "now of 4 models, was 3; the others "
    assert line in " ".join(second.stdout.split())
    assert line in " ".join(run_cli("benchmark", "history").stdout.split())
    compared = " ".join(run_cli("benchmark", "compare", "latest~1", "latest").stdout.split())
    assert "Now 7 scored operations were measured, it was 6;" in compared
    assert "The code is the same" not in compared, "a module more, or other modules edited"
