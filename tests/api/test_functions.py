"""The functions measure, save and show what the command does."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import tito_bench
from packages.build import build_package
from tito_bench.errors import SubjectError, UsageError

CODE = """
import numpy as np
import tito_bench

def matmul(a, b):
    return np.dot(a, b)

def twice(a, b):
    np.dot(a, b)
    return np.dot(a, b)

def wrong(a, b):
    return np.dot(a, b) + 1

def broken(a, b):
    nothing = None
    return nothing[a]

def mlp(x, w1, b1, w2, b2):
    return np.maximum(x @ w1 + b1, 0) @ w2 + b2

class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data = np.array(data, dtype=np.float32)
        self.shape = self.data.shape

    def __add__(self, other):
        return Tensor(self.data + other.data)

def add(a, b):
    return Tensor(a.data + b.data)

class Linear:
    def __init__(self, in_features, out_features, bias=True):
        self.weight = Tensor(np.zeros((in_features, out_features)))
        self.bias = Tensor(np.zeros(out_features))

    def parameters(self):
        return [self.weight, self.bias]

    def forward(self, x):
        return Tensor(x.data @ self.weight.data + self.bias.data)

"""


@pytest.fixture
def script(project: Path) -> Callable[[str], str]:
    """Run lines after CODE in a Python of its own, in the project; return what they print."""

    def run(lines: str) -> str:
        file = project / "script.py"
        file.write_text(CODE + textwrap.dedent(lines), "utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "error", str(file)],
            capture_output=True, text=True, encoding="utf-8", cwd=project, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_baseline_is_measured_saved_and_shown(project: Path) -> None:
    found = tito_bench.baseline(project, subject="numpy", quick=True)
    assert found.score is not None
    assert 50 < found.score <= 100
    assert list(found.slowdowns) == ["tensor_ops", "matmul", "forward_pass"]
    assert found.path is not None
    assert found.path.parent == project / ".tito" / "benchmarks"
    assert f"Score: {found.score:.0f}/100" in str(found)
    html = found._repr_html_()
    assert f"{found.score:.0f}/100" in html
    assert "Matrix Multiply" in html

    (row,) = tito_bench.history(project).view.records
    assert row.file == found.path.name
    assert str(tito_bench.history(project)).count(f"{found.score:.1f}") >= 1


def test_what_is_not_to_be_saved_is_not(project: Path) -> None:
    found = tito_bench.baseline(project, subject="numpy", quick=True, save=False)
    assert found.path is None
    assert not (project / ".tito").exists()


def test_two_records_are_compared(project: Path) -> None:
    for _ in range(2):
        tito_bench.baseline(project, subject="numpy", quick=True)
    found = tito_bench.compare(project=project)
    assert "matmul_100" in str(found)
    assert "<td>" in found._repr_html_()


def test_a_capstone_and_an_explanation_are_those_of_the_package(project: Path) -> None:
    build_package(project)
    found = tito_bench.run_capstone(project, tracks=["accuracy"], quick=True)
    assert found.score == found.tracks["accuracy"]
    assert "Accuracy" in found._repr_html_()
    explained = tito_bench.run_explain("matmul_100", project)
    (operation,) = explained.explanation.operations
    assert operation.split is not None
    assert "matmul 100" in explained._repr_html_()
    assert "matmul 100: slowdown" in str(explained)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda p: tito_bench.run_capstone(p, tracks=["fast"]), "no track 'fast'; there are"),
        (lambda p: tito_bench.run_explain("matmul", p), "no operation 'matmul'; there are"),
        (lambda p: tito_bench.history(p, kind="other"), "no kind 'other' of record"),
        (lambda p: tito_bench.bench(build_package, "matmuls", p), "no kind 'matmuls'; there are"),
    ],
)
def test_an_unknown_word_is_said_before_anything_runs(call, said, project: Path) -> None:
    with pytest.raises(UsageError, match=said):
        call(project)


def test_a_package_that_fails_is_an_error_not_a_result(project: Path) -> None:
    build_package(project)
    (project / "tinytorch" / "core" / "tensor.py").write_text("raise ValueError('no')\n", "utf-8")
    with pytest.raises(SubjectError, match=r"tensor\.py:1: ValueError: no"):
        tito_bench.baseline(project)


def test_a_function_is_measured_by_itself(script) -> None:
    shown = script("""
        one, two = (tito_bench.bench(f, kind="matmul") for f in (matmul, twice))
        print(one.score - two.score)
        print(one)
    """)
    points, *table = shown.splitlines()
    assert 5 < float(points) < 15  # 10, of few rounds on a machine that others use
    assert table[0].startswith("matmul: ")
    assert table[2].startswith("matmul 100")


def test_a_function_of_parameters_gets_them(script) -> None:
    assert float(script("print(tito_bench.bench(mlp, kind='mlp').score)")) > 50


def test_a_function_of_tensors_gets_tensors(script) -> None:
    assert float(script("print(tito_bench.bench(add, kind='add').score)")) > 30


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wrong", "not measured (the result is off by 1, "),
        ("broken", "not measured (script.py, line 17: TypeError"),
    ],
)
def test_a_function_that_fails_has_no_score(script, name: str, said: str) -> None:
    shown = script(f"print(tito_bench.bench({name}, kind='matmul'))")
    assert shown.startswith(f"{name}: none\n")
    assert said in shown


def test_a_class_stands_in_place_of_the_packages(script, project: Path) -> None:
    build_package(project)
    found = script("""
        print(tito_bench.bench(Linear, kind="mlp").score)
        print(tito_bench.bench(Tensor, kind="add").score)
        print(tito_bench.bench(Tensor, kind="matmul"))
    """).splitlines()
    assert float(found[0]) > 20
    assert float(found[1]) > 20
    assert "TypeError: unsupported operand type(s) for @" in "\n".join(found)


def test_nothing_is_loaded_before_it_is_used() -> None:
    code = "import tito_bench, sys; print(sorted({'numpy', 'rich', 'msgspec'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'basline'"):
        _ = tito_bench.basline
