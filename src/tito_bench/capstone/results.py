"""What a run of the capstone hands over to its record. Times in ns, rates per second."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from tito_bench.measure.results import Failure, OperationResult
from tito_bench.measure.summary import OperationSummary, SuiteSummary
from tito_bench.measure.task_figures import Figures
from tito_bench.statistics import median
from tito_bench.workloads.capstone import CAPSTONE, MODELS, model_operation
from tito_bench.workloads.operation import Operation

__all__ = [
    "SUBMISSION",
    "Latency",
    "ModelFigures",
    "TaskResult",
    "model_figures",
    "with_smaller_batches",
    "without",
]


SUBMISSION = "the submission of module 20"
"""What the figures for it are called."""


@dataclass(frozen=True)
class TaskResult:
    """One task, and what it found or why it found nothing."""

    task: str
    model: str
    outcome: Figures | Failure

    @property
    def name(self) -> str:
        """For people: "accuracy of mlp"."""
        if self.task == "own":
            return "your own model"
        if self.task == "metrics":
            return SUBMISSION
        if self.task == "optimisation":
            return self.model
        return f"{self.task} of {self.model.replace('_', '-')}" if self.model else self.task


@dataclass(frozen=True)
class Latency:
    """Single calls at batch 1, by the wall clock."""

    median_ns: float
    p95_ns: float
    calls: int

    @classmethod
    def of(cls, times_ns: Sequence[float]) -> Latency:
        """Return the median, and the 95th percentile by nearest rank."""
        ordered = sorted(times_ns)
        rank = -(-95 * len(ordered) // 100) - 1
        return cls(median(ordered), ordered[rank], len(ordered))


@dataclass(frozen=True)
class ModelFigures:
    """One model in the speed track; what was not measured is None."""

    name: str
    reason: str | None = None
    latency: Latency | None = None
    scored_batch: int | None = None
    slowdown: float | None = None
    slowdown_interval: tuple[float, float] | None = None
    throughput_per_s: float | None = None
    native_throughput_per_s: float | None = None
    gflops: float | None = None
    native_gflops: float | None = None
    time_ratio: float | None = field(default=None)


def without(refused: Collection[str]) -> list[Operation]:
    """Return the suite without operations that would take too long; one input counts for 32."""
    large = {model: model_operation(model, 32).name for model in MODELS}
    return [
        replace(operation, scored=operation.scored or large.get(operation.group) in refused)
        for operation in CAPSTONE
        if operation.name not in refused
    ]


def with_smaller_batches(results: Sequence[OperationResult]) -> list[OperationResult]:
    """Count a model with one input at a time where 32 at once took too long.

    A convolution of the classroom takes a second for an image; then the batch
    brings nothing that one image does not show.
    """
    by_name = {result.operation.name: result for result in results}
    changed = dict(by_name)
    for model in MODELS:
        large, small = (by_name.get(f"{model}_forward_{size}") for size in (32, 1))
        if large is None or small is None or large.failure is None:
            continue
        if large.failure.kind == "timeout" and small.failure is None and small.rounds:
            changed[large.operation.name] = replace(
                large,
                operation=replace(large.operation, scored=False),
                failure=Failure("slow", f"batch 32 took too long: {large.failure.reason}"),
            )
            changed[small.operation.name] = replace(
                small, operation=replace(small.operation, scored=True)
            )
    return list(changed.values())


def model_figures(summary: SuiteSummary, latencies: dict[str, Latency]) -> tuple[ModelFigures, ...]:
    """Return the rows of the speed track, one for each model."""
    by_group: dict[str, list[OperationSummary]] = {}
    for op in summary.operations:
        by_group.setdefault(op.operation.group, []).append(op)
    return tuple(
        _model(model, by_group[model], latencies.get(model))
        for model in MODELS
        if model in by_group
    )


def _model(
    name: str, operations: Sequence[OperationSummary], latency: Latency | None
) -> ModelFigures:
    from tito_bench.kinds import kind_of  # brings NumPy, which no reader needs

    scored = next(op for op in operations if op.operation.scored)
    timing = scored.timing
    if timing is None:
        reason = scored.failure.reason if scored.failure else "no rounds were taken"
        return ModelFigures(name, reason, latency)
    batch = scored.operation.inputs[0][0]
    flops = kind_of(scored.operation).flops(scored.operation)
    note = next((op.failure.reason for op in operations if op.failure is not None), None)
    return ModelFigures(
        name=name,
        reason=note,
        latency=latency,
        scored_batch=batch,
        slowdown=timing.slowdown,
        slowdown_interval=timing.slowdown_interval,
        throughput_per_s=batch * 1e9 / timing.subject_ns,
        native_throughput_per_s=batch * 1e9 / timing.native_ns,
        gflops=flops / timing.subject_ns,
        native_gflops=flops / timing.native_ns,
        time_ratio=timing.subject_ns / timing.native_ns,
    )
