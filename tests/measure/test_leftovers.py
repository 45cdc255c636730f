"""What surrounds a measurement, and what code leaves behind: neither moves a score unnoticed.

`benchmarks/judge.py` prints the same cases as a table, to within a point; here, on a machine
that may be busy, a score may move by what no cheat would be content with.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cheating import dedented, measure, reasons, write_package
from leftovers import CHEATS, HABITS, SURROUNDINGS, run_baseline

from tito_bench.records.benchmark import BenchmarkRecord

_NOISE = {"wide_interval", "noisy_operation", "preempted", "drift"}
_POINTS = 5.0


@pytest.fixture(scope="module")
def honest_score(tmp_path_factory: pytest.TempPathFactory) -> float:
    score = measure(tmp_path_factory.mktemp("honest"), "").normalized_metrics.score
    assert score is not None
    return score


def named(record: BenchmarkRecord) -> set[str]:
    return {reason.code for reason in record.verdict.reasons} - _NOISE


@pytest.mark.parametrize("case", CHEATS)
def test_a_cheat_gains_nothing_or_is_named(case: str, tmp_path: Path, honest_score: float) -> None:
    record = measure(tmp_path, dedented(CHEATS[case]))
    score = record.normalized_metrics.score
    assert score is None or named(record) or score < honest_score + _POINTS, reasons(record)


@pytest.mark.parametrize("case", HABITS)
def test_a_habit_costs_nothing_and_has_no_reason(
    case: str, tmp_path: Path, honest_score: float
) -> None:
    record = measure(tmp_path, dedented(HABITS[case]))
    score = record.normalized_metrics.score
    assert score is not None, reasons(record)
    assert named(record) == set()
    assert abs(score - honest_score) < _POINTS


@pytest.mark.skipif(sys.platform == "win32", reason="sitecustomize and limits as on POSIX")
@pytest.mark.parametrize("case", SURROUNDINGS)
def test_surroundings_cost_nothing_or_are_named(case: str, tmp_path: Path) -> None:
    write_package(tmp_path, "")
    done = run_baseline(tmp_path, SURROUNDINGS[case])
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    codes = {reason["code"] for reason in record["verdict"]["reasons"]} - _NOISE
    held = case == "kernels held to portable"
    assert codes == ({"forced_kernel_target"} if held else set())
    assert 55.0 < record["normalized_metrics"]["score"] < (101.0 if held else 75.0)
