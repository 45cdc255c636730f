"""`--check`: what does not hold in a submission of module 20."""

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tito_bench.capstone.submission_check import check_submission, read_submission
from tito_bench.errors import StoreError

METRICS = {
    "parameter_count": 2410,
    "model_size_mb": 0.0092,
    "accuracy": 0.9,
    "latency_ms_mean": 2.0,
    "latency_ms_std": 0.1,
    "throughput_samples_per_sec": 500.0,
    "latency_ms_median": 1.9,
    "latency_ms_p95": 2.1,
    "latency_ms_p99": 2.5,
}
GOOD: dict[str, Any] = {
    "tinytorch_version": "0.1.0",
    "submission_type": "capstone_benchmark",
    "timestamp": "2026-09-01 10:00:00",
    "system_info": {"platform": "Linux", "python_version": "3.11", "numpy_version": "2.0"},
    "baseline": {"model_name": "mlp", "metrics": METRICS},
    "optimized": {
        "model_name": "mlp int8",
        "metrics": {
            **METRICS,
            "latency_ms_mean": 1.0,
            "model_size_mb": 0.0023,
            "accuracy": 0.88,
            "latency_ms_median": 0.95,
        },
        "techniques_applied": ["int8"],
    },
    "improvements": {"speedup": 2.0, "compression_ratio": 4.0, "accuracy_delta": -0.02},
}


def test_a_good_submission_holds() -> None:
    assert check_submission(GOOD) == ()
    alone = {key: GOOD[key] for key in GOOD if key not in {"optimized", "improvements"}}
    assert check_submission(alone) == ()


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("submission_type", "other", "submission_type"),
        ("tinytorch_version", 3, "tinytorch_version"),
        ("system_info", None, "system_info"),
        ("baseline.metrics.accuracy", 1.2, "baseline.metrics.accuracy"),
        ("baseline.metrics.accuracy", True, "baseline.metrics.accuracy"),
        ("baseline.metrics.parameter_count", 0, "baseline.metrics.parameter_count"),
        ("baseline.metrics.parameter_count", 2.5, "baseline.metrics.parameter_count"),
        ("baseline.metrics.latency_ms_mean", -1, "baseline.metrics.latency_ms_mean"),
        ("baseline.metrics.latency_ms_mean", "2", "baseline.metrics.latency_ms_mean"),
        ("baseline.metrics.model_size_mb", 10**400, "baseline.metrics.model_size_mb"),
        ("baseline.metrics.model_size_mb", 1e200, "baseline.metrics.model_size_mb"),
        ("baseline.metrics.latency_ms_p95", 9.0, "baseline.metrics"),
        ("baseline.metrics", [], "baseline.metrics"),
        ("optimized.techniques_applied", "int8", "optimized.techniques_applied"),
        ("improvements.speedup", 3.0, "improvements.speedup"),
        ("improvements.accuracy_delta", 0.5, "improvements.accuracy_delta"),
        ("improvements", None, "improvements"),
    ],
)
def test_each_thing_that_does_not_hold_is_named(path: str, value: Any, where: str) -> None:
    found = copy.deepcopy(GOOD)
    *folders, last = path.split(".")
    inner = found
    for folder in folders:
        inner = inner[folder]
    inner[last] = value
    assert where in [problem.where for problem in check_submission(found)]


_FIGURES = [name for name in METRICS if name != "latency_ms_std"]


@pytest.mark.parametrize("name", _FIGURES)
@pytest.mark.parametrize("part", ["baseline", "optimized"])
@pytest.mark.parametrize("value", [0, None, "absent", -0.5, [], 10**400])
def test_a_missing_or_impossible_figure_is_a_sentence(part: str, name: str, value: Any) -> None:
    found = copy.deepcopy(GOOD)
    metrics = found[part]["metrics"]
    metrics[name] = value
    if value == "absent":
        del metrics[name]
    problems = check_submission(found)
    optional = name in {"latency_ms_median", "latency_ms_p95", "latency_ms_p99"}
    if (value == "absent" and optional and name != "latency_ms_median") or (
        value == 0 and name == "accuracy"
    ):
        assert [problem.where for problem in problems] in ([], ["improvements.accuracy_delta"])
    elif value == "absent" and name == "latency_ms_median":
        assert problems == (), "then the means are compared, which give 2.0 here as well"
    else:
        (problem,) = problems
        assert problem.where == f"{part}.metrics.{name}"
        assert problem.what.startswith("is ")
        assert "it must be" in problem.what


def _with_latencies(before: tuple[float, float | None], after: tuple[float, float | None]) -> Any:
    """A submission whose models have that mean and, if any, that median."""
    found = copy.deepcopy(GOOD)
    for part, (mean, middle) in (("baseline", before), ("optimized", after)):
        metrics = found[part]["metrics"]
        metrics["latency_ms_mean"] = mean
        for name in ("latency_ms_median", "latency_ms_p95", "latency_ms_p99"):
            del metrics[name]
        if middle is not None:
            metrics["latency_ms_median"] = middle
    return found


@pytest.mark.parametrize(
    ("before", "after", "speedup"),
    [
        ((0.08, 0.05), (0.055, 0.025), 2.0),
        ((0.08, None), (0.04, None), 2.0),
        ((0.08, 0.05), (0.04, None), 2.0),
        ((0.08, None), (0.04, 0.01), 2.0),
    ],
)
def test_medians_are_held_against_medians_and_means_against_means(
    before: tuple[float, float | None], after: tuple[float, float | None], speedup: float
) -> None:
    found = _with_latencies(before, after)
    found["improvements"]["speedup"] = speedup
    assert check_submission(found) == ()
    found["improvements"]["speedup"] = speedup * 1.2
    assert [problem.where for problem in check_submission(found)] == ["improvements.speedup"]


def test_improvements_need_something_to_be_about() -> None:
    found = {key: value for key, value in GOOD.items() if key != "optimized"}
    assert [problem.where for problem in check_submission(found)] == ["improvements"]
    assert check_submission([]) != ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": Infinity}', "Infinity is not a number"),
        ('{"a": 1, "a": 2}', "the key 'a' occurs twice"),
        ("{", "is not JSON"),
        (f'{{"a": {"9" * 5000}}}', "out of range"),
        ("[" * 100_000, "nested too deeply"),
        (" " * (1 << 20) + "{}", "larger than 1 MiB"),
    ],
)
def test_what_is_no_document_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "submission.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=said):
        read_submission(file)


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "submission.json"
    file.write_text(json.dumps(GOOD), encoding="utf-8")
    assert read_submission(file) == GOOD
    with pytest.raises(StoreError, match=r"cannot read none\.json"):
        read_submission(tmp_path / "none.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "submission.json")
    with pytest.raises(StoreError, match="not a regular file"):
        read_submission(tmp_path / "submission.json")
