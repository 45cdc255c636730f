"""What surrounds a measurement, and what code leaves behind: neither moves a score unnoticed.

`benchmarks/judge.py` prints every case by itself and to within a point. Here is each mechanism
once, and all habits at once. The honest package is measured just before and just after what keeps
a score, so that both see the same machine: a busy one moves it by more than a point meanwhile.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cheating import dedented, measure, measure_or_refuse, reasons, write_package
from leftovers import CHEATS, HABITS, SURROUNDINGS, Surrounding, run_baseline

from tito_bench.records.benchmark import BenchmarkRecord

_NOISE = {"wide_interval", "noisy_operation", "preempted", "drift"}
_POINTS = 2.0
_HELD = "kernels held to portable"
_TWICE = ("changes readings", "acquits np.empty")  # every hook is tried with either
_CASES = [
    *("a profile function changes readings", "its own calls changes readings"),
    *("garbage with a destructor acquits np.empty", "a timer acquits np.empty"),
    *(name for name in CHEATS if not name.endswith(_TWICE)),
]


def honest_score(folder: Path) -> float:
    score = measure(folder, "").normalized_metrics.score
    assert score is not None
    return score


def named(record: BenchmarkRecord) -> set[str]:
    return {reason.code for reason in record.verdict.reasons} - _NOISE


@pytest.mark.parametrize("case", _CASES)
def test_a_cheat_gains_nothing_or_is_named(case: str, tmp_path: Path) -> None:
    before = honest_score(tmp_path / "before")
    record, _ = measure_or_refuse(tmp_path / "cheat", dedented(CHEATS[case]))
    score = None if record is None else record.normalized_metrics.score
    if record is not None and score is not None and not named(record):
        after = honest_score(tmp_path / "after")
        assert score < max(before, after) + _POINTS, reasons(record)


def test_all_habits_together_cost_nothing_and_have_no_reason(tmp_path: Path) -> None:
    before = honest_score(tmp_path / "before")
    record = measure(tmp_path / "habits", "".join(HABITS.values()))
    score, after = record.normalized_metrics.score, honest_score(tmp_path / "after")
    assert score is not None, reasons(record)
    assert named(record) == set()
    assert min(before, after) - _POINTS < score < max(before, after) + _POINTS


_VARIABLES = {
    name: value
    for case, surrounding in SURROUNDINGS.items()
    for name, value in surrounding.environ.items()
    if case != _HELD
}
_DEBUGGER = "a debugger's trace function"


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's")
@pytest.mark.parametrize(
    ("surrounding", "codes"),
    [
        (Surrounding(_VARIABLES, cpu_limit_s=600), set()),
        (SURROUNDINGS[_DEBUGGER], set()),
        (SURROUNDINGS[_HELD], {"forced_kernel_target"}),
    ],
    ids=["all variables and a limit", _DEBUGGER, _HELD],
)
def test_surroundings_cost_nothing_or_are_named(
    surrounding: Surrounding, codes: set[str], tmp_path: Path
) -> None:
    write_package(tmp_path, "")
    done = run_baseline(tmp_path, surrounding)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert {reason["code"] for reason in record["verdict"]["reasons"]} - _NOISE == codes
    assert 55.0 < record["normalized_metrics"]["score"] < (101.0 if codes else 75.0)
