"""The student's own Benchmark (module 19) and BenchmarkReport (module 20), beside ours.

Only their times are taken: an accuracy that a Benchmark reports is random in
the course's older versions, and so never repeated here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.capstone.task_context import TaskContext
from tito_bench.measure.task_figures import StudentBenchmarkFigures
from tito_bench.measure.timing import reading_of
from tito_bench.statistics import median
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.models import StudentModel, parameters_of
from tito_bench.subjects.student_code import student_code

__all__ = ["assess_benchmark", "assess_report"]

_RUNS = 30
_NO_ACCURACY = "its accuracy is not repeated: versions before September 2026 invent it"
_time_callable = _native.time_callable


class _Model:
    """The trained mlp as modules 19 and 20 want it."""

    name = "mlp"

    def __init__(self, model: StudentModel) -> None:
        self._model = model

    def __call__(self, x: Any) -> Any:
        return self._model.forward(x)

    forward = __call__

    def parameters(self) -> list[Any]:
        return parameters_of(self._model.layers)

    def count_parameters(self) -> int:
        return sum(int(np.asarray(parameter.data).size) for parameter in self.parameters())


def assess_benchmark(context: TaskContext) -> StudentBenchmarkFigures:
    """Run `Benchmark([model], [...]).run_latency_benchmark((1, 64))` of module 19."""
    benchmark: Any = context.subject.package.require("Benchmark")
    model = _Model(context.build())
    with student_code(context.subject.package.location):
        own = benchmark([model], [], warmup_runs=5, measurement_runs=_RUNS)
        (result,) = own.run_latency_benchmark(input_shape=(1, 64)).values()
        latency_ms = _finite(result.median, "BenchmarkResult.median")
    return StudentBenchmarkFigures(
        "Benchmark", "mlp", latency_ms, _measure_ms(context, model), _NO_ACCURACY
    )


def assess_report(context: TaskContext) -> StudentBenchmarkFigures:
    """Run `BenchmarkReport(name).benchmark_model(model, images, labels)` of module 20."""
    report: Any = context.subject.package.require("BenchmarkReport")
    data, _ = context.digits()
    model = _Model(context.build())
    with student_code(context.subject.package.location):
        own = report("mlp")
        images = context.tensor(data.test_images[:50].reshape(50, -1))
        metrics = own.benchmark_model(model, images, data.test_labels[:50], num_runs=_RUNS)
        metrics = metrics if isinstance(metrics, dict) else own.metrics
        found = metrics.get("latency_ms_median", metrics.get("latency_ms_mean"))
        latency_ms = _finite(found, "latency_ms_mean")
    return StudentBenchmarkFigures(
        "BenchmarkReport", "mlp", latency_ms, _measure_ms(context, model), None
    )


def _measure_ms(context: TaskContext, model: _Model) -> float:
    """Return the median of single calls at batch 1, timed in C, in ms."""
    x = context.tensor(np.full((1, 64), 0.5, dtype=np.float32))
    with student_code(context.subject.package.location):
        times = [
            reading_of(_time_callable(model.forward, ((x,),), 1)[0], 1).elapsed_ns
            for _ in range(_RUNS)
        ]
    return median(times) / 1e6


def _finite(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise StudentCodeError(f"{name} is no number") from None
    if not np.isfinite(number) or number <= 0:
        raise StudentCodeError(f"{name} is {number}, a time above 0 is needed")
    return number
