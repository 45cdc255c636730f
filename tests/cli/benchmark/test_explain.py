"""`benchmark explain` as a user meets it: in short, in detail, as data, and where things fail."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tito_bench.workloads.optimisations import OPTIMISATIONS

Explain = Callable[..., "subprocess.CompletedProcess[str]"]
Student = Callable[..., Path]
LARGE = """
def _large(self, other):
    if self.data.size > 50:
        {body}
    return Tensor(self.data * other.data)
Tensor.__mul__ = _large
"""


@pytest.fixture
def explain(run_cli: Callable[..., subprocess.CompletedProcess[str]]) -> Explain:
    """Run the command with no more measuring than it does anyway."""

    def run(*words: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return run_cli("benchmark", "explain", *words, **how)

    return run


def flat(text: str) -> str:
    """The text as if no line had been wrapped."""
    return " ".join(text.split())


def test_all_operations_in_short_the_worst_first_and_nothing_is_saved(
    explain: Explain, student: Student, project: Path
) -> None:
    student()
    before = sorted(project.rglob("*"))
    done = explain("--time-budget", "60")
    assert (done.returncode, done.stderr) == (0, "")
    text = flat(done.stdout)
    points = [float(found) for found in re.findall(r"costs (\d+\.\d) points", text)]
    assert len(points) == 6
    assert points == sorted(points, reverse=True)
    assert text.index("mlp batch 1: slowdown") > text.rindex(" points")
    assert "One call makes 1.0 MB of arrays beside the 1.0 MB that it needs" in text
    assert "Taught in module 01 tensor (views and copies); module 17 acceleration" in text
    assert "More on one of them: tito-bench benchmark explain" in text
    assert re.search(r"Code: tinytorch .*tensor\.py.* in tinytorch/core", text)
    _, given = text.split("What your optimisations give")
    for name in OPTIMISATIONS:
        assert f"{name} beside your" in given
    assert sorted(project.rglob("*")) == before


def test_one_operation_in_detail_whose_parts_add_up(explain: Explain, student: Student) -> None:
    student()
    done = explain("Add 512x512", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    (operation,) = document["operations"]
    assert (document["schema"], document["kind"]) == (1, "explanation")
    # One third of its group, which is one of three.
    expected = max(0.0, 10 * math.log2(operation["split"]["slowdown"]) / 9)
    assert operation["name"] == "add_512x512"
    assert max(0.0, operation["points_lost"]) == pytest.approx(expected)
    split = operation["split"]
    parts = split["native_ns"] + split["dispatch_ns"] + split["remaining_ns"]
    assert parts == pytest.approx(split["subject_ns"])
    (cause, *_) = operation["causes"]
    assert (cause["code"], cause["certainty"]) == ("temporaries", "likely")
    assert operation["evidence"]["allocations"]["total_bytes"] == 8 * 512 * 512
    assert document["optimisations"] == []  # none is for a sum
    for shown in ("native kernel", "1 array call", "what remains", "your code", "NumPy alone"):
        assert shown in done.stderr
    assert "Made by tinytorch/core/tensor.py:" in done.stderr


def test_a_module_that_is_still_to_come_is_named(explain: Explain, student: Student) -> None:
    student(modules=1)
    done = explain("mlp-batch-256", "--json")
    assert done.returncode == 1
    (operation,) = json.loads(done.stdout)["operations"]
    assert operation["failure"] == {
        "kind": "missing",
        "reason": "module 03 layers: Linear not found",
    }
    assert (operation["split"], operation["causes"]) == (None, [])
    assert "not measured (module 03 layers: Linear not found)" in flat(done.stderr)
    reason = "vectorized_matmul, tiled_matmul: module 17 acceleration is not exported yet"
    assert reason in flat(done.stderr)


def test_numpy_where_there_is_no_package_and_what_is_near_native_is_said_to_be(
    explain: Explain,
) -> None:
    done = explain("add_512x512", "--json")
    assert done.returncode == 0
    (operation,) = json.loads(done.stdout)["operations"]
    assert operation["near_native"] == (operation["split"]["slowdown"] <= 1.1)
    assert ("there is nothing to explain" in flat(done.stderr)) == operation["near_native"]
    assert "Code: numpy" in done.stderr


@pytest.mark.parametrize("columns", ["40", "100"])
def test_lines_fit_the_terminal(columns: str, explain: Explain, student: Student) -> None:
    student()
    done = explain("add_512x512", environ={"COLUMNS": columns, "NO_COLOR": "1"})
    assert done.returncode == 0
    lines = done.stdout.splitlines()[1:]  # the project's path stays whole
    assert max(map(len, lines)) <= int(columns)


def test_an_unknown_operation_is_a_usage_error_that_names_those_there_are(
    explain: Explain, project: Path
) -> None:
    done = explain("matmul\x1b[31m")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "\x1b" not in done.stderr
    assert "add_100x100, mul_100x100, add_512x512, matmul_100, matmul_256" in done.stderr
    assert done.stderr.count("\n") == 1


# -- packages that fail --------------------------------------------------------------------


def test_a_broken_package_is_named_and_nothing_explained_in_its_place(
    explain: Explain, student: Student
) -> None:
    student(replace={"tensor": "def f(:\n"})
    explicit = explain("add_512x512", "--subject", "tinytorch")
    assert explicit.returncode == 1
    assert "tinytorch/core/tensor.py:1: SyntaxError" in explicit.stderr
    auto = explain("add_512x512")
    assert (auto.returncode, auto.stdout) == (1, explicit.stdout)
    assert "tinytorch/core/tensor.py:1: SyntaxError" in auto.stderr


def test_an_operation_that_cannot_be_called_has_its_reason(
    explain: Explain, student: Student
) -> None:
    student({"tensor": LARGE.format(body="raise ValueError('not today')")})
    done = explain("mul_100x100")
    assert done.returncode == 1
    assert "mul 100x100: not measured (tinytorch/core/tensor.py:" in flat(done.stdout)
    assert "ValueError: not today)" in flat(done.stdout)


def test_a_loop_that_takes_too_long_is_explained_without_a_time(
    explain: Explain, student: Student
) -> None:
    student({"tensor": LARGE.format(body="while self.data.size: pass")})
    done = explain("mul_100x100", "--time-budget", "1")
    assert done.returncode == 1
    assert "mul 100x100: not measured (no answer within" in flat(done.stdout)
    assert "one call runs more than 200,000 lines of Python" in flat(done.stdout)


def test_what_only_goes_wrong_when_looked_at_costs_the_reason_and_not_the_time(
    explain: Explain, student: Student
) -> None:
    body = "import sys, os; 'called' in str(sys.gettrace()) and os._exit(9)"
    student({"tensor": LARGE.format(body=body)})
    done = explain("mul_100x100")
    assert done.returncode == 0
    assert "mul 100x100: slowdown" in done.stdout
    text = flat(done.stdout)
    assert "Why is not known: the code ended the measuring process with exit code 9" in text


def test_names_of_files_cannot_drive_the_terminal(
    explain: Explain, student: Student, clean_environ: Mapping[str, str]
) -> None:
    package = student()
    hostile = package / "core" / "red\x1b[31m\u202e.py"
    hostile.write_text("def work(a, b):\n    for _ in range(a.size):\n        a.size\n")
    code = (
        "import importlib.util as _u\n"
        "_f = __file__.replace('tensor.py', 'red\\x1b[31m\\u202e.py')\n"
        "_s = _u.spec_from_file_location('red', _f)\n"
        "_m = _u.module_from_spec(_s)\n_s.loader.exec_module(_m)\n"
        + LARGE.format(body="_m.work(self, other)")
    )
    with (package / "core" / "tensor.py").open("a", encoding="utf-8") as file:
        file.write(code)
    done = explain("mul_100x100")
    assert done.returncode == 0
    assert "The line that ran most: tinytorch/core/red" in flat(done.stdout)
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_an_operation_of_the_capstone_by_name(explain: Explain) -> None:
    done = explain("transformer forward 1", "--subject", "numpy", "--json")
    assert done.returncode == 0
    (operation,) = json.loads(done.stdout)["operations"]
    assert operation["name"] == "transformer_forward_1"
    assert operation["split"]["slowdown"] > 1
    assert operation["failure"] is None


def test_a_misspelt_operation_is_guessed(explain: Explain) -> None:
    done = explain("cnn_foward_1")
    assert done.returncode == 2
    assert "did you mean 'cnn_forward_1' or" in done.stderr
    assert "tensor_matmul" in done.stderr
