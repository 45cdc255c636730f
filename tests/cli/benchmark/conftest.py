"""Real runs of `benchmark baseline`, short ones, on packages of hostile students."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from packages.build import build_package

Baseline = Callable[..., "subprocess.CompletedProcess[str]"]
Student = Callable[..., Path]


@pytest.fixture
def baseline(run_cli: Callable[..., subprocess.CompletedProcess[str]]) -> Baseline:
    """Run the command with as little measuring as it takes."""

    def run(*words: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return run_cli("benchmark", "baseline", "--quick", "--rounds", "1", *words, **how)

    return run


@pytest.fixture
def student(project: Path) -> Student:
    """Build a student's package in the project, with code added to the end of its modules."""

    def build(added: Mapping[str, str] = {}, **how: Any) -> Path:
        package = build_package(project, **how)
        for module, code in added.items():
            with (package / "core" / f"{module}.py").open("a", encoding="utf-8") as file:
                file.write(f"\n{code}\n")
        return package

    return build


@pytest.fixture
def saved_record(project: Path) -> Callable[[], dict[str, Any]]:
    """The one record that was saved in the project."""

    def load() -> dict[str, Any]:
        (path,) = (project / ".tito" / "benchmarks").iterdir()
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found

    return load
