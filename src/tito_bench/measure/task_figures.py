"""What the tasks of the capstone find, as they travel from the worker into the record.

Times are in ns, sizes in bytes; accuracies and shares are between 0 and 1.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = [
    "AccuracyFigures",
    "Comparison",
    "CompressionFigures",
    "CourseMetrics",
    "CourseMetricsFigures",
    "CurvePoint",
    "CustomModelChoice",
    "CustomModelFigures",
    "CustomModelsFigures",
    "Figures",
    "InventoryFigures",
    "MemoryFigures",
    "ModuleFigures",
    "OptimisationFigures",
    "StudentBenchmarkFigures",
    "TracedCall",
    "TrainingFigures",
]

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0, lt=2.0**63)]
Loss = Annotated[float, msgspec.Meta(gt=-(2.0**63), lt=2.0**63)]


class ModuleFigures(msgspec.Struct, frozen=True):
    """One module of the course: names found with their files, names not found with the reason.

    `file` is what it was exported to; None where it was not. `unwritten` are those of
    `missing` that are exported as stubs.
    """

    number: int
    title: str
    files: dict[str, str]
    missing: dict[str, str]
    file: str | None = None
    unwritten: list[str] = []


class InventoryFigures(msgspec.Struct, frozen=True, tag="inventory"):
    """What the package has; `problems` are the imports that fail."""

    modules: list[ModuleFigures]
    problems: list[str]


class AccuracyFigures(msgspec.Struct, frozen=True, tag="accuracy"):
    """The shipped weights through the student's layers, on `images` test images.

    `expected` is the accuracy of the native reference on the same images.
    """

    model: str
    images: int
    accuracy: Share
    expected: Share
    data: str
    note: str | None


class CurvePoint(msgspec.Struct, frozen=True):
    """The learning curve after an epoch: mean loss of its steps, accuracy on the test images."""

    epoch: int
    loss: Loss
    accuracy: Share


class TrainingFigures(msgspec.Struct, frozen=True, tag="training"):
    """A short training with the student's autograd and optimizer, beside a NumPy reference.

    The reference takes the same steps; `step_ns` and
    `step_slowdown`, the ratio of both times, are medians of paired rounds.
    """

    optimizer: str
    steps: int
    epochs: int
    accuracy: Share
    expected: Share
    step_ns: Positive
    twin_step_ns: Positive
    step_slowdown: float
    curve: list[CurvePoint]


class CompressionFigures(msgspec.Struct, frozen=True, tag="compression"):
    """One technique on a copy of the model; `kept` says whether accuracy was."""

    technique: str
    before_bytes: int
    after_bytes: int
    ratio: float
    accuracy_before: Share
    accuracy_after: Share
    kept: bool
    claimed_ratio: float | None


class MemoryFigures(msgspec.Struct, frozen=True, tag="memory"):
    """Memory of a forward pass on `batch` inputs: 32, or less where those take too long.

    `peak_bytes` is what it allocated at its peak (tracemalloc), `needed_bytes`
    what its largest layer cannot do without, `high_water_bytes` the most that
    the whole process ever held (null where the system does not tell).
    """

    model: str
    peak_bytes: int
    needed_bytes: int
    parameter_bytes: int
    high_water_bytes: int | None
    batch: int = 32


class StudentBenchmarkFigures(msgspec.Struct, frozen=True, tag="course"):
    """What the student's own Benchmark or BenchmarkReport says, beside a time taken here."""

    tool: str
    model: str
    latency_ms: float
    measured_ms: float
    note: str | None


class OptimisationFigures(msgspec.Struct, frozen=True, tag="optimisation"):
    """One optimisation of modules 17 and 18 beside the student's plain code, in paired rounds.

    Both were right. `speedup` is the median over rounds of plain time over optimised time; of
    fewer than six rounds there is no interval. The slowdowns are those of score.md, from the
    native reference, without a part for loops.
    """

    name: str
    against: str
    size: str
    rounds: int
    plain_ns: Positive
    optimised_ns: Positive
    native_ns: Positive
    speedup: Positive
    speedup_interval: tuple[Positive, Positive] | None
    plain_slowdown: Positive
    optimised_slowdown: Positive


class CourseMetrics(msgspec.Struct, frozen=True):
    """What module 20 wants of a model.

    `latency_ns` are single calls on one sample by the wall clock, `batch_ns` calls on `batch`
    of them; `accuracy` is on `samples` samples.
    """

    name: str
    parameter_count: int
    parameter_bytes: int
    accuracy: Share
    samples: int
    latency_ns: list[Positive]
    batch: int
    batch_ns: list[Positive]


class CourseMetricsFigures(msgspec.Struct, frozen=True, tag="metrics"):
    """The model of a submission of module 20, and the optimized one if there is one."""

    baseline: CourseMetrics
    optimized: CourseMetrics | None = None


class CustomModelChoice(msgspec.Struct, frozen=True):
    """Which own model to measure: "FILE:factory", and on what."""

    model: str
    optimized: str | None
    input_shape: list[int] | None
    data: str | None


class TracedCall(msgspec.Struct, frozen=True):
    """One call of a known operation: shapes of what went in and came out, and its time."""

    name: str
    inputs: list[list[int]]
    output: list[int]
    ns: int


class CustomModelFigures(msgspec.Struct, frozen=True):
    """The student's own model beside its native replay.

    `covered` is the share of its time in operations that the replay has,
    `unknown` names the others. Without any of them there is no slowdown.
    """

    name: str
    subject_ns: float
    native_ns: float | None
    slowdown: float | None
    slowdown_interval: tuple[float, float] | None
    covered: float
    calls: list[TracedCall]
    unknown: list[str]
    parameter_bytes: int | None
    accuracy: float | None


class Comparison(msgspec.Struct, frozen=True):
    """The optimized model against the first, in paired rounds."""

    speedup: float
    speedup_interval: tuple[float, float] | None
    compression_ratio: float | None
    accuracy_change: float | None


class CustomModelsFigures(msgspec.Struct, frozen=True, tag="own"):
    """The student's own model, and the optimized one if there is one."""

    input_shape: list[int]
    baseline: CustomModelFigures
    optimized: CustomModelFigures | None
    comparison: Comparison | None


Figures = (
    AccuracyFigures
    | CompressionFigures
    | StudentBenchmarkFigures
    | InventoryFigures
    | MemoryFigures
    | CustomModelsFigures
    | OptimisationFigures
    | CourseMetricsFigures
    | TrainingFigures
)
