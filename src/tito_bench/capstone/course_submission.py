"""The course's own submission.json (module 20) of measured figures, and its Olympic events.

The format and the rules of the events are those of the course: docs/guide/capstone.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tito_bench.capstone.submission_check import check_submission, improvements
from tito_bench.measure.task_figures import CourseMetrics, CourseMetricsFigures
from tito_bench.statistics import median

__all__ = ["course_submission", "event_lines"]

_MIB = 1 << 20
_NS_PER_MS = 1e6
_LONGEST_MS, _LARGEST_MIB = 100.0, 10.0
# The least accuracy of each event; None where it asks for something else.
_EVENTS: dict[str, float | None] = {
    "latency_sprint": 0.85,
    "memory_challenge": 0.85,
    "accuracy_contest": None,
    "all_around": None,
    "extreme_push": 0.80,
}


def course_submission(
    found: CourseMetricsFigures, system: dict[str, str], *, version: str | None, timestamp: str
) -> dict[str, Any]:
    """Return the document; `system` has its "platform", "python_version" and "numpy_version".

    Raises AssertionError where it does not pass our own `--check`.
    """
    document: dict[str, Any] = {
        "tinytorch_version": version or "unknown",
        "submission_type": "capstone_benchmark",
        "timestamp": timestamp,
        "system_info": system,
        "baseline": _model(found.baseline),
    }
    if found.optimized is not None:
        document["optimized"] = {**_model(found.optimized), "techniques_applied": []}
        document["improvements"] = improvements(
            document["baseline"]["metrics"], document["optimized"]["metrics"]
        )
    problems = check_submission(document)
    if problems:
        raise AssertionError(f"{problems[0].where} {problems[0].what}")
    return document


def _model(found: CourseMetrics) -> dict[str, Any]:
    return {"model_name": found.name, "metrics": _metrics(found)}


def _metrics(found: CourseMetrics) -> dict[str, Any]:
    ordered = sorted(time / _NS_PER_MS for time in found.latency_ns)
    mean = math.fsum(ordered) / len(ordered)
    variance = math.fsum((time - mean) ** 2 for time in ordered) / len(ordered)
    return {
        "parameter_count": found.parameter_count,
        "model_size_mb": found.parameter_bytes / _MIB,
        "accuracy": found.accuracy,
        "latency_ms_mean": mean,
        "latency_ms_std": math.sqrt(variance),
        "latency_ms_median": median(ordered),
        "latency_ms_p95": _nearest_rank(ordered, 95),
        "latency_ms_p99": _nearest_rank(ordered, 99),
        "throughput_samples_per_sec": found.batch * 1e9 / median(found.batch_ns),
    }


def _nearest_rank(ordered: list[float], percent: int) -> float:
    return ordered[-(-percent * len(ordered) // 100) - 1]


def event_lines(found: CourseMetricsFigures) -> Iterator[str]:
    """Yield each event of the course, and whether the model qualifies or by how much it misses.

    It is the optimized model where there is one.
    """
    model = found.optimized or found.baseline
    metrics = _metrics(model)
    for event, floor in _EVENTS.items():
        missing = list(_missing(metrics, event, floor))
        verdict = f"misses {' and '.join(missing)}" if missing else "qualifies"
        yield f"{event}: {model.name} {verdict}"


def _missing(metrics: dict[str, Any], event: str, floor: float | None) -> Iterator[str]:
    accuracy = metrics["accuracy"]
    if floor is not None and accuracy < floor:
        yield f"accuracy {floor:.0%} by {100 * (floor - accuracy):.3g} points"
    if event == "accuracy_contest":
        latency, size = metrics["latency_ms_median"], metrics["model_size_mb"]
        if latency >= _LONGEST_MS:
            yield f"{_LONGEST_MS:.0f} ms by {latency - _LONGEST_MS:.3g} ms"
        if size >= _LARGEST_MIB:
            yield f"{_LARGEST_MIB:.0f} MiB by {size - _LARGEST_MIB:.3g} MiB"
