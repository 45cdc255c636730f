"""The submission.json of module 20 of measured figures, and the events of the course."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tito_bench.capstone.course_submission import course_submission, event_lines
from tito_bench.capstone.submission_check import check_submission
from tito_bench.measure.task_figures import CourseMetrics, CourseMetricsFigures

MODEL = CourseMetrics("mlp", 2410, 9640, 0.9, 200, [2e6, 1e6, 3e6, 2e6, 2e6], 32, [8e6, 4e6, 9e6])
SYSTEM = {"platform": "Linux x86_64", "python_version": "3.12", "numpy_version": "2.3"}


def document(*models: CourseMetrics, version: str | None = "0.2.0") -> dict[str, Any]:
    return course_submission(
        CourseMetricsFigures(*models), SYSTEM, version=version, timestamp="2026-10-01T10:00:00Z"
    )


def passes_the_course(found: dict[str, Any]) -> None:
    """What the course's own validator asks for, by its description."""
    for field, kind in (
        ("tinytorch_version", str),
        ("submission_type", str),
        ("timestamp", str),
        ("system_info", dict),
        ("baseline", dict),
    ):
        assert isinstance(found[field], kind), field
    assert found["submission_type"] == "capstone_benchmark"
    assert {"platform", "python_version", "numpy_version"} <= set(found["system_info"])
    for part in ("baseline", "optimized"):
        if part not in found:
            continue
        assert found[part]["model_name"]
        metrics = found[part]["metrics"]
        assert isinstance(metrics["parameter_count"], int)
        assert metrics["parameter_count"] > 0
        assert metrics["model_size_mb"] > 0
        assert 0 <= metrics["accuracy"] <= 1
        assert metrics["latency_ms_mean"] > 0
        assert metrics["latency_ms_std"] >= 0
        assert metrics["throughput_samples_per_sec"] > 0
        assert metrics["latency_ms_median"] <= metrics["latency_ms_p95"]
        assert metrics["latency_ms_p95"] <= metrics["latency_ms_p99"]
    assert ("improvements" in found) == ("optimized" in found)
    if "optimized" in found:
        assert isinstance(found["optimized"]["techniques_applied"], list)


def test_of_one_model() -> None:
    found = document(MODEL)
    passes_the_course(found)
    assert "optimized" not in found
    assert found["baseline"]["metrics"] == {
        "parameter_count": 2410,
        "model_size_mb": 9640 / 2**20,
        "accuracy": 0.9,
        "latency_ms_mean": 2.0,
        "latency_ms_std": pytest.approx((2 / 5) ** 0.5),
        "latency_ms_median": 2.0,
        "latency_ms_p95": 3.0,
        "latency_ms_p99": 3.0,
        "throughput_samples_per_sec": 4000.0,
    }


def test_of_two_models_with_what_the_second_is_better_in() -> None:
    fast = structs.replace(
        MODEL, name="fast", parameter_bytes=2410, accuracy=0.88, latency_ns=[0.5e6] * 5
    )
    found = document(MODEL, fast)
    passes_the_course(found)
    assert found["improvements"] == pytest.approx(
        {"speedup": 4.0, "compression_ratio": 4.0, "accuracy_delta": -0.02}
    )
    assert found["optimized"]["model_name"] == "fast"


def test_a_package_without_a_version_is_said_to_have_none() -> None:
    assert document(MODEL, version=None)["tinytorch_version"] == "unknown"


@given(
    st.lists(st.floats(1e3, 1e10), min_size=5, max_size=60),
    st.lists(st.floats(1e3, 1e10), min_size=5, max_size=60),
    st.floats(0, 1),
    st.integers(1, 10**9),
)
def test_whatever_was_measured_passes_the_check(
    first: list[float], second: list[float], accuracy: float, count: int
) -> None:
    slow = structs.replace(MODEL, latency_ns=first, accuracy=accuracy)
    fast = structs.replace(MODEL, latency_ns=second, parameter_count=count, parameter_bytes=count)
    found = document(slow, fast)
    assert check_submission(found) == ()
    passes_the_course(found)


def verdicts(**changed: Any) -> dict[str, str]:
    figures = CourseMetricsFigures(structs.replace(MODEL, **changed))
    return {
        event: verdict.removeprefix("mlp ")
        for event, verdict in (line.split(": ") for line in event_lines(figures))
    }


def test_a_good_model_qualifies_for_every_event() -> None:
    assert set(verdicts(accuracy=0.85).values()) == {"qualifies"}
    assert list(verdicts()) == [
        "latency_sprint", "memory_challenge", "accuracy_contest", "all_around", "extreme_push",
    ]  # fmt: skip


def test_a_model_that_misses_is_told_by_how_much() -> None:
    assert verdicts(accuracy=0.812) == {
        "latency_sprint": "misses accuracy 85% by 3.8 points",
        "memory_challenge": "misses accuracy 85% by 3.8 points",
        "accuracy_contest": "qualifies",
        "all_around": "qualifies",
        "extreme_push": "qualifies",
    }
    assert verdicts(accuracy=0.5)["extreme_push"] == "misses accuracy 80% by 30 points"
    found = verdicts(latency_ns=[100e6] * 5, parameter_bytes=12 << 20)["accuracy_contest"]
    assert found == "misses 100 ms by 0 ms and 10 MiB by 2 MiB"


def test_the_optimized_model_is_the_one_that_takes_part() -> None:
    poor = structs.replace(MODEL, accuracy=0.1)
    good = structs.replace(MODEL, name="fast")
    assert all(
        line.endswith("fast qualifies") for line in event_lines(CourseMetricsFigures(poor, good))
    )
