"""`benchmark baseline` on packages that fail in every way: one line, and the rest is measured."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Baseline = Callable[..., "subprocess.CompletedProcess[str]"]
Student = Callable[..., Path]
Record = Callable[[], dict[str, Any]]

BROKEN = {
    "syntax": ("def f(:\n", "tinytorch/core/tensor.py:1: SyntaxError: invalid syntax"),
    "name": ("x = 1\nfoo\n", "tinytorch/core/tensor.py:2: NameError: name 'foo' is not defined"),
    "exit": (
        "import sys\nsys.exit(3)\n",
        "tinytorch/core/tensor.py:2: the code called exit(3)",
    ),
}
# Added to a module: `large` is true for the operands of a measurement, not for first trials.
PATCH = """
def _patched(self, other, _plain=Tensor.{method}):
    large = self.data.size > 50
    {body}
    return _plain(self, other)
Tensor.{method} = _patched
"""


def patch(method: str, body: str) -> str:
    return PATCH.format(method=method, body=body)


def failures(record: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        op["name"]: (op["failure"]["kind"], op["failure"]["reason"])
        for op in record["operations"]
        if op["failure"] is not None
    }


def flat(text: str) -> str:
    """The text as if no line had been wrapped."""
    return " ".join(text.split())


def test_the_students_own_code_is_measured_and_its_files_are_named(
    baseline: Baseline, student: Student, saved_record: Record
) -> None:
    student()
    done = baseline("--verbose")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Subject: tinytorch 0.1.0" in done.stdout
    for line in (
        "Tensor from tinytorch/core/tensor.py",
        "ReLU from tinytorch/core/activations.py",
        "Linear from tinytorch/core/layers.py",
    ):
        assert line in done.stdout
    record = saved_record()
    assert record["subject"]["name"] == "tinytorch"
    assert record["subject"]["files"]["Tensor"] == "tinytorch/core/tensor.py"
    assert failures(record) == {}


def test_module_01_alone_is_measured_and_the_rest_is_null_with_its_reason(
    baseline: Baseline, student: Student, saved_record: Record
) -> None:
    student(modules=1)
    done = baseline()
    assert done.returncode == 0
    assert "Forward Pass: not measured (module 03 layers: Linear not found)" in done.stdout
    assert "/100 (2 of 3 parts)" in done.stdout
    record = saved_record()
    assert set(failures(record)) == {"mlp_batch_256", "mlp_batch_1"}
    assert record["raw_metrics"]["forward_pass_ms"] is None
    assert record["raw_metrics"]["matmul_ms"] > 0
    assert record["normalized_metrics"]["slowdowns"]["forward_pass"] is None


def test_what_students_print_never_reaches_the_document(
    baseline: Baseline, student: Student
) -> None:
    student({"tensor": patch("__add__", "print('in an operation')")}, prints=True)
    done = baseline("--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["subject"]["name"] == "tinytorch"
    assert "in an operation" not in done.stdout + done.stderr


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_package_ends_an_explicit_tinytorch_in_one_line(
    fault: str, baseline: Baseline, student: Student, project: Path
) -> None:
    code, line = BROKEN[fault]
    student(replace={"tensor": code})
    done = baseline("--subject", "tinytorch")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert line in done.stderr
    assert not (project / ".tito").exists()


@pytest.mark.parametrize("fault", BROKEN)
def test_numpy_never_stands_in_for_a_broken_package(
    fault: str, baseline: Baseline, student: Student, project: Path
) -> None:
    code, line = BROKEN[fault]
    student(replace={"tensor": code})
    done = baseline()
    assert (done.returncode, done.stdout.count("Score")) == (1, 0)
    assert done.stderr.count("\n") == 1
    assert line in done.stderr
    assert not (project / ".tito").exists()
    asked_for = baseline("--subject", "numpy")
    assert asked_for.returncode == 0
    assert "Code: numpy" in asked_for.stdout


@pytest.mark.parametrize("subject", ["auto", "tinytorch"])
def test_a_package_that_ends_the_process_on_import(
    subject: str, baseline: Baseline, student: Student
) -> None:
    student(replace={"tensor": "import os\nos._exit(7)\n"})
    done = baseline("--subject", subject)
    assert done.returncode == 1
    assert "exit code 7" in done.stderr


def test_a_later_file_that_cannot_be_imported_is_no_gap(
    baseline: Baseline, student: Student, saved_record: Record
) -> None:
    student(replace={"activations": "from nosuchpackage import expit\n"})
    done = baseline()
    assert done.returncode == 1
    assert "activations.py:1: needs nosuchpackage, which is not installed" in flat(done.stdout)
    assert "comes with later modules" not in flat(done.stdout)
    record = saved_record()
    assert record["normalized_metrics"]["score"] is None
    assert record["verdict"]["status"] == "invalid"


def test_a_file_that_waits_for_another_module_is_a_gap(
    baseline: Baseline, student: Student, saved_record: Record
) -> None:
    student(replace={"layers": "from tinytorch.core.autograd import Function\n"}, modules=3)
    done = baseline()
    assert done.returncode == 0
    assert saved_record()["normalized_metrics"]["score"] is not None


def test_stand_ins_in_the_file_of_another_module_are_not_the_students(
    baseline: Baseline, project: Path
) -> None:
    package = project / "tinytorch"
    (package / "core").mkdir(parents=True)
    (package / "optimization").mkdir()
    for folder in (package, package / "core", package / "optimization"):
        (folder / "__init__.py").touch()
    stand_in = "class Tensor:\n    def __init__(self, data): self.data = data\n"
    (package / "optimization" / "compression.py").write_text(stand_in, encoding="utf-8")
    done = baseline()
    assert done.returncode == 0
    assert "Code: numpy" in done.stdout
    assert "module 01 tensor: Tensor not found" in flat(done.stdout)


def test_an_unrelated_tinytorch_is_named_as_such(
    baseline: Baseline, project: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site-packages"
    for name in ("tinytorch", "tinytorch-0.1.0.dist-info"):
        (site / name).mkdir(parents=True)
    (site / "tinytorch" / "__init__.py").write_text("raise SystemExit('imported')\n")
    environ = {"PYTHONPATH": str(site)}
    explicit = baseline("--subject", "tinytorch", environ=environ)
    assert explicit.returncode == 1
    assert "tinytorch 0.1.0" in explicit.stderr
    assert "is an unrelated project" in explicit.stderr
    auto = baseline(environ=environ)
    assert auto.returncode == 0
    assert "is an unrelated project" in flat(auto.stdout)


def test_a_wrong_result_has_no_score_and_is_not_offered_for_submission(
    baseline: Baseline, student: Student, saved_record: Record, project: Path
) -> None:
    wrong = "if large and self.shape == other.shape: return Tensor(self.data + other.data + 1e-3)"
    student({"tensor": patch("__add__", wrong)})
    done = baseline("--submit")
    assert done.returncode == 1
    assert "Score: none" in done.stdout
    assert "Setup is not verified" in done.stdout
    assert "add_100x100: incorrect: the result is off by" in flat(done.stdout)
    record = saved_record()
    assert {name: kind for name, (kind, _) in failures(record).items()} == {
        "add_100x100": "incorrect",
        "add_512x512": "incorrect",
    }
    assert record["verdict"]["status"] == "invalid"
    assert record["normalized_metrics"]["score"] is None
    assert record["normalized_metrics"]["composite"] is None
    assert record["raw_metrics"]["matmul_ms"] > 0
    assert not (project / ".tinytorch").exists()


def test_crashes_exits_and_exceptions_cost_their_operation_only(
    baseline: Baseline, student: Student, saved_record: Record
) -> None:
    student(
        {
            "tensor": "import os, signal\n"
            + patch("__mul__", "if large: raise ValueError('not today')")
            + patch("__matmul__", "if self.shape == (100, 100): os.abort()")
            + patch("matmul", "if self.shape == (256, 784): os._exit(9)")
        }
    )
    done = baseline()
    assert done.returncode == 1
    failed = failures(saved_record())
    assert failed.keys() == {"mul_100x100", "matmul_100", "mlp_batch_256"}
    kind, reason = failed["mul_100x100"]
    assert kind == "raised"
    assert reason.startswith("tinytorch/core/tensor.py:")
    assert reason.endswith("ValueError: not today")
    assert failed["matmul_100"][0] == "crashed"
    assert "SIGABRT" in failed["matmul_100"][1]
    assert failed["mlp_batch_256"][0] == "crashed"
    assert "exit code 9" in failed["mlp_batch_256"][1]
    assert "Tensor Operations: not measured (mul_100x100: raised:" in flat(done.stdout)


def test_a_hang_costs_its_operation_only(
    baseline: Baseline, student: Student, saved_record: Record
) -> None:
    student(
        {"tensor": "import threading\n" + patch("__mul__", "large and threading.Event().wait()")}
    )
    done = baseline("--time-budget", "6")
    assert done.returncode == 1
    failed = failures(saved_record())
    assert {name: kind for name, (kind, _) in failed.items()} == {"mul_100x100": "timeout"}
    assert "allow more with --time-budget" in failed["mul_100x100"][1]


def test_an_unstable_result_exits_3_only_if_that_was_asked_for(
    baseline: Baseline, student: Student
) -> None:
    moody = patch("__add__", "for _ in range(random.randrange(20_000) if large else 0): pass")
    student({"tensor": f"import random\n{moody}"})
    done = baseline("--rounds", "9", "--strict")
    assert "varied from round to round" in flat(done.stdout)
    assert done.returncode == 3
    assert baseline().returncode == 0
