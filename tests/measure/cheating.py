"""A student package that does ten times the work, and the record of it and of its variants."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

from tito_bench.cli.streams import utc_now
from tito_bench.errors import SubjectError
from tito_bench.measure.schedule import Budget
from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.runs.baseline import measure_baseline

__all__ = [
    "BUDGET", "HONEST", "assert_no_score", "dedented", "measure", "measure_or_refuse", "reasons",
    "write_package",
]  # fmt: skip

BUDGET = Budget(rounds=6, time_s=12.0, sample_ns=300_000, workers=1)

# A Tensor whose every operation does ten times the work, so that there is much to gain.
# Small ones do not: the cases that replace `_slowly` shall get past a first look.
HONEST = """
import numpy as np

class Tensor:
    def __init__(self, data):
        self.data = np.array(data, dtype=np.float32)

    def _slowly(self, function, other):
        for _ in range(9):
            function(self.data, other.data)
        return Tensor._of(function(self.data, other.data))

    def _operate(self, function, other):
        if self.data.size > 100:
            return self._slowly(function, other)
        return Tensor._of(function(self.data, other.data))

    @classmethod
    def _of(cls, data):
        result = cls.__new__(cls)
        result.data = data
        return result

    def __add__(self, other):
        return self._operate(np.add, other)

    def __mul__(self, other):
        return self._operate(np.multiply, other)

    def __matmul__(self, other):
        return self._operate(np.matmul, other)
"""


def measure(folder: Path, code: str, budget: Budget = BUDGET) -> BenchmarkRecord:
    """The record of the honest package with `code` appended to its tensor.py."""
    write_package(folder, code)
    return measure_baseline(
        folder,
        subject="tinytorch",
        package=None,
        budget=budget,
        environ=os.environ,
        now=utc_now,
        progress=lambda _progress: None,
    )


def measure_or_refuse(folder: Path, code: str) -> tuple[BenchmarkRecord | None, str]:
    """The record, or None and why the package was not measured at all."""
    try:
        return measure(folder, code), ""
    except SubjectError as error:
        return None, str(error)


def reasons(record: BenchmarkRecord) -> str:
    return "; ".join(f"{r.code} {r.what} {r.value}" for r in record.verdict.reasons)


def assert_no_score(folder: Path, code: str, said: str) -> None:
    """The package has no score, for a one-line reason with `said` in it: one of "this|that"."""
    record, refusal = measure_or_refuse(folder, code)
    words = said.split("|")
    if record is None:  # found out before anything was measured
        assert any(word in refusal for word in words)
        return
    assert record.verdict.status == "invalid", reasons(record)
    assert record.normalized_metrics.score is None
    kinds = [op.failure.kind for op in record.operations if op.failure is not None]
    assert any(word in reasons(record) or word in kinds for word in words), reasons(record)
    assert "\n" not in reasons(record)


def write_package(folder: Path, code: str) -> None:
    """The honest package with `code` appended to its tensor.py."""
    package = folder / "tinytorch" / "core"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "tensor.py").write_text(HONEST + textwrap.dedent(code), encoding="utf-8")


def dedented(code: str) -> str:
    return textwrap.dedent(code.lstrip("\n"))
