"""The worker as a process of its own, spoken to over its pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from packages.build import build_package
from tito_bench import _native
from tito_bench.measure.messages import (
    Answer,
    Failed,
    Load,
    Loaded,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Question,
    Step,
)
from tito_bench.workloads.baseline import BASELINE

KEY = bytes(range(16))
ALL_SIDES = (Step("subject", 1, 2), Step("native", 0, 2), Step("dispatch", 0, 2))


def converse(project: Path, *questions: Question) -> tuple[list[Answer], str]:
    """Ask all questions at once; the answers, and what went to the error stream."""
    lines = [msgspec.json.encode(question) + b"\n" for question in questions]
    done = subprocess.run(
        [sys.executable, "-P", "-B", "-m", "tito_bench.worker", str(4 * 2**30), "9", "baseline"],
        input=b"".join([KEY, *lines]),
        capture_output=True,
        cwd=project,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Answer] = []
    for number, line in enumerate(done.stdout.splitlines(), 1):
        sealed, _, said = line.partition(b" ")
        assert sealed == _native.seal(KEY, number, said)
        answers.append(msgspec.json.decode(said, type=Answer))  # type: ignore[arg-type]
    assert len(answers) == len(questions)
    return answers, done.stderr.decode()


@pytest.mark.parametrize("subject", ["numpy", "tinytorch"])
def test_every_operation_is_prepared_and_measured(project: Path, subject: str) -> None:
    build_package(project)
    questions: list[Question] = [Load.of(subject, project)]  # type: ignore[arg-type]
    for op in BASELINE:
        questions += [Prepare(op.name, 1), Measure(op.name, 2, ALL_SIDES)]
    (loaded, *answers), _ = converse(project, *questions)
    assert isinstance(loaded, Loaded)
    assert loaded.name == subject
    for prepared, measured in zip(answers[::2], answers[1::2], strict=True):
        assert isinstance(prepared, Prepared)
        assert isinstance(measured, Measured)
        assert len(measured.readings) == 3
        assert measured.own_cpu_ns > 0


def test_what_a_package_prints_goes_to_the_error_stream(project: Path) -> None:
    build_package(project, prints=True)
    (loaded,), errors = converse(project, Load.of("tinytorch", project))
    assert isinstance(loaded, Loaded)
    assert "tensor" in errors


def test_what_is_missing_and_what_raises_are_told_apart(project: Path) -> None:
    package = build_package(project, modules=1)
    with (package / "core" / "tensor.py").open("a") as file:
        file.write("\ndef _no(self, other): raise ArithmeticError('no')\nTensor.__mul__ = _no\n")
    load = Load.of("tinytorch", project)
    (_, missing, raised), _ = converse(
        project, load, Prepare("mlp_batch_256", 1), Prepare("mul_100x100", 1)
    )
    assert missing == Failed("missing", "module 03 layers: Linear not found")
    assert isinstance(raised, Failed)
    assert raised.kind == "raised"
    assert raised.reason.endswith("ArithmeticError: no")


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of address space holds on Linux")
def test_a_memory_bomb_raises_memory_error_in_the_worker(project: Path) -> None:
    package = build_package(project, modules=1)
    with (package / "core" / "tensor.py").open("a") as file:
        file.write("\nbomb = bytearray(5 << 30)\n")
    (answer,), _ = converse(project, Load.of("tinytorch", project))
    assert isinstance(answer, Failed)
    assert "MemoryError" in answer.reason


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_fork_of_the_students_code_does_not_answer_twice(project: Path) -> None:
    package = build_package(project, modules=1)
    with (package / "core" / "tensor.py").open("a") as file:
        file.write("\nimport os\nos.fork()\n")
    answers, _ = converse(project, Load.of("tinytorch", project))
    assert len(answers) == 1


def test_nothing_is_written_into_the_students_folder(project: Path) -> None:
    build_package(project)
    before = sorted(project.rglob("*"))
    converse(project, Load.of("tinytorch", project), Prepare("add_100x100", 1))
    assert sorted(project.rglob("*")) == before
