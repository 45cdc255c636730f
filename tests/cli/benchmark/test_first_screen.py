"""The first screen after real runs: how am I doing, since when, and what next."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from records.made_record import NOW, made_record, save_record

Baseline = Callable[..., "subprocess.CompletedProcess[str]"]
Student = Callable[..., Path]
NOTEBOOK = "modules/01_tensor/tensor.ipynb"
CELL = f"# %% ../../{NOTEBOOK}"


def exported(package: Path) -> Path:
    """Make the module of Tensor one that nbdev exported; its file."""
    file = package / "core" / "tensor.py"
    text = file.read_text(encoding="utf-8")
    text = text.replace("class Tensor:", f"{CELL} 5\nclass Tensor:")
    file.write_text(text.replace("def multiply(", f"{CELL} 7\ndef multiply("), encoding="utf-8")
    return file


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_first_score_and_then_a_better_one(
    baseline: Baseline, student: Student, project: Path
) -> None:
    file = exported(student(era="E5", modules=3, slow=True))
    words = ("--subject", "tinytorch", "--time-budget", "60")
    first = flat(baseline(*words).stdout)
    assert "Your first score!" in first
    assert re.search(
        rf"Next: \w+ (batch )?\d+ costs \d+ points: a loop at {NOTEBOOK}, cell 7; "
        "tito-bench benchmark explain ",
        first,
    )
    assert "since" not in first
    file.write_text(file.read_text("utf-8").replace("SLOW = True", "SLOW = False"), "utf-8")
    (project / ".tito" / "progress.json").write_text(
        '{"completed_modules": ["03"], "last_completed": "03",'
        ' "last_updated": "2999-01-01T00:00:00Z"}'
    )
    plain = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LANG": "C", "LC_ALL": "C"}
    second = baseline(*words, environ=plain if os.name == "posix" else {}).stdout
    assert re.search(r"\d+ (->|→) \d+ since \d\d:\d\d \(\+\d+\)", second)
    assert "Module 03 layers is finished. Well done!" in second
    assert "first score" not in second
    if os.name == "posix":
        assert second.isascii()


def test_what_is_broken_is_said_with_the_cell_to_repair(
    baseline: Baseline, student: Student
) -> None:
    file = exported(student(era="E5", modules=3))
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("    return np.matmul(a, b)", "    return undefined(a, b)"), "utf-8"
    )
    done = baseline("--subject", "tinytorch")
    text = flat(done.stdout)
    assert done.returncode == 1
    assert re.search(rf"Next: repair \S+ \S+ at {NOTEBOOK}, cell 7, then run it again", text)
    assert text.index("Setup is not verified") < text.index("Next:")


@pytest.mark.parametrize(
    ("kept", "step"),
    [
        ((), "tito-bench benchmark baseline"),
        (("numpy", 2.0), "in the folder of your TinyTorch project: tito-bench benchmark baseline"),
        (("tinytorch", 64.0), r"\S+ \S+( \S+)? costs \d+ points; tito-bench benchmark explain "),
        (("tinytorch", 1.0), "models built of your layers: tito-bench benchmark capstone"),
    ],
)
def test_join_names_the_step_that_is_next(
    kept: tuple[str, float] | tuple[()],
    step: str,
    run_cli: Callable[..., subprocess.CompletedProcess[str]],
    project: Path,
) -> None:
    if kept:
        record = made_record(slowdown=kept[1], name=kept[0], now=NOW)
        save_record(project / ".tito" / "benchmarks", record)
    done = run_cli("community", "join", "--yes")
    assert done.returncode == 0
    assert re.search(f"^Next: {step}", done.stdout, re.MULTILINE)
