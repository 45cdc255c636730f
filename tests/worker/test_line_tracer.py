"""Loops of Python are told from array code, through the worker as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tito_bench.measure.messages import Load, Loaded, Prepare, Prepared
from tito_bench.measure.worker_process import WorkerProcess
from tito_bench.worker.interpreter_share import Watched

TENSOR = """
import numpy as np


class Tensor:
    def __init__(self, data):
        self.data = np.array(data, dtype=np.float32)

    def __add__(self, other):  # the package is told from others by it
        return Tensor(self.data + other.data)

    def __matmul__(self, other):
        a, b = self.data, other.data
        out = np.zeros((a.shape[0], b.shape[1]), dtype=np.float32)
        {body}
        return Tensor(out)
"""
BODIES = {
    "array": "out[...] = a @ b",
    "every element": """
        for i in range(a.shape[0]):
            for j in range(b.shape[1]):
                out[i, j] = np.dot(a[i, :], b[:, j])""",
    "on one line": "out[...] = [[np.dot(row, column) for column in b.T] for row in a]",
    "no arrays": """
        rows, columns = a.tolist(), b.T.tolist()
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                total = 0.0
                for x, y in zip(row, column):
                    total += x * y
                out[i, j] = total""",
    "three times the work": """
        for _ in range(3):
            out[...] = a @ b""",
    "wrapped in many lines": "\n        ".join(["shape = a.shape"] * 25 + ["out[...] = a @ b"]),
    "few large pieces": """
        for first in range(0, a.shape[0], 25):
            out[first:first + 25] = a[first:first + 25] @ b""",
}


def loop_share(project: Path, body: str) -> float:
    core = project / "tinytorch" / "core"
    core.mkdir(parents=True)
    for folder in (core, core.parent):
        (folder / "__init__.py").touch()
    (core / "tensor.py").write_text(TENSOR.format(body=BODIES[body]), encoding="utf-8")
    with WorkerProcess(project, os.environ, memory_bytes=4 * 2**30, seed=1) as worker:
        loaded = worker.ask(Load.of("tinytorch", project), 30)
        assert isinstance(loaded, Loaded), loaded
        answer = worker.ask(Prepare("matmul_100", 7), 60)
        assert isinstance(answer, Prepared), answer
        assert answer.work.flops == 2 * 100**3
        assert answer.work.bytes_moved == 4 * 3 * 100**2
        return answer.work.interpreter_share


@pytest.mark.parametrize("body", ["every element", "on one line", "no arrays"])
def test_code_made_of_loops_is_seen(project: Path, body: str) -> None:
    assert loop_share(project, body) > 0.75


@pytest.mark.parametrize(
    "body", ["array", "three times the work", "wrapped in many lines", "few large pieces"]
)
def test_array_code_has_no_loops(project: Path, body: str) -> None:
    assert loop_share(project, body) < 0.05


def test_loops_that_an_ordinary_call_has_no_time_for_do_not_count() -> None:
    assert Watched(short_ns=81, cpu_ns=100).share() == 0.9
    assert Watched(short_ns=81, cpu_ns=100).share(call_ns=60.0) == 0.9
    # The rest, 55 of 100, is as long as a whole ordinary call: little room for loops.
    assert Watched(short_ns=45, cpu_ns=100).share(call_ns=55.0) == 0.5
    assert Watched(short_ns=950, cpu_ns=1000).share(call_ns=50.0) == 0.0
    assert Watched(short_ns=99, cpu_ns=100, whole_ns=400).share(call_ns=50.0) == 0.0


def test_what_a_watched_call_leaves_out_counts_as_loops() -> None:
    assert Watched(short_ns=0, cpu_ns=55).share(call_ns=100.0) == pytest.approx(0.5)
    assert Watched(short_ns=0, cpu_ns=5).share(call_ns=100.0) == 1.0
    assert Watched(short_ns=0, cpu_ns=90).share(call_ns=100.0) == 0.0
