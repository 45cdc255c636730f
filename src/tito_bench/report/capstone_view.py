"""The view model of a capstone record: the tables and lines that every report shows.

Computed from the record alone, so that no two reports can differ in a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tito_bench.measure.task_figures import (
    CurvePoint,
    CustomModelFigures,
    ModuleFigures,
    OptimisationFigures,
)
from tito_bench.records.benchmark import known_interval
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.report.numbers import (
    bytes_text,
    count_text,
    duration,
    interval_text,
    three_digits,
    times,
)
from tito_bench.report.view import Outcome
from tito_bench.report.whose_code import is_course
from tito_bench.report.wording import LOOPS_IN_SHORT
from tito_bench.score import TRACKS
from tito_bench.workloads.capstone import MODEL_TITLES
from tito_bench.workloads.optimisations import OPTIMISATIONS

__all__ = [
    "OPTIMISATION_HEADS",
    "CapstoneView",
    "LearningCurve",
    "OwnView",
    "TrackView",
    "capstone_view",
    "learning_curve",
    "optimisation_row",
    "ratio_text",
]

Row = Sequence[str]


@dataclass(frozen=True)
class TrackView:
    """One track: its points, and a table whose cells are text; foreign text within.

    `note` explains a word of the table; it may be empty.
    """

    name: str
    title: str
    points: float | None
    points_text: str
    heads: Row
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True)
class OwnView:
    """The student's own model: lines, and the one that compares both models if there are two."""

    title: str
    lines: tuple[str, ...]
    comparison: str | None


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy (0 to 1) and loss after each epoch, beside the accuracy of the native reference."""

    title: str
    points: tuple[CurvePoint, ...]
    expected: float

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """Epoch, loss and accuracy of every point, as text."""
        return tuple((f"{p.epoch}", f"{p.loss:.3f}", f"{p.accuracy:.1%}") for p in self.points)


@dataclass(frozen=True)
class CapstoneView:
    """What a report of a capstone shows; all lines may hold foreign text."""

    tracks: tuple[TrackView, ...]
    overall: float | None
    part_text: str
    outcome: Outcome
    course: tuple[str, ...]
    own: OwnView | None
    not_measured: tuple[str, ...]
    modules: tuple[str, ...]


def capstone_view(record: CapstoneRecord) -> CapstoneView:
    """Return the tables and lines of a record."""
    return CapstoneView(
        tracks=tuple(_tables(record)),
        overall=record.normalized_metrics.overall,
        part_text=_part(record),
        outcome=_outcome(record),
        course=tuple(_course(record)),
        own=_own(record),
        not_measured=tuple(_not_measured(record)),
        modules=tuple(_modules(record)),
    )


def _tables(record: CapstoneRecord) -> Iterator[TrackView]:
    for name in record.tracks_requested:
        if name in TRACKS:
            yield _track(record, name)
        if name == "speed" and record.optimisations:
            rows = tuple(optimisation_row(found) for found in record.optimisations)
            yield TrackView("", "Your optimisations", None, "not scored", OPTIMISATION_HEADS, rows)


def _track(record: CapstoneRecord, name: str) -> TrackView:
    points = record.normalized_metrics.tracks.get(name)
    shown = "not measured" if points is None else f"{points:.0f}/100"
    interval = known_interval(record.normalized_metrics.score_interval, record.operations)
    if name == "speed" and points is not None and interval is not None:
        shown += f" (95% interval {interval_text(interval)})"
    heads, rows = _TABLES[name](record)
    note = "; ".join(_speed_notes(record)) if name == "speed" else ""
    return TrackView(name, name.capitalize(), points, shown, heads, tuple(rows), note)


def _looped(record: CapstoneRecord) -> set[str]:
    """Return the models whose slowdown is mostly one of loops."""
    return {op.group for op in record.operations if op.scored and op.is_looped}


def _speed_notes(record: CapstoneRecord) -> Iterator[str]:
    if _looped(record):
        yield f"loops: {LOOPS_IN_SHORT}"
    if record.training is not None:
        yield "training step: its time over that of the same step in native code"


def _speed(record: CapstoneRecord) -> tuple[Row, list[Row]]:
    heads = ("model", "latency", "p95", "inputs/s", "native/s", "slowdown", "")
    looped = _looped(record)
    rows: list[Row] = []
    for model in record.models:
        name = MODEL_TITLES.get(model.name, model.name)
        if model.scored_batch not in {None, 32}:
            name += f" (batch {model.scored_batch})"
        rows.append(
            (
                name,
                _ms(model.latency_median_ms),
                _ms(model.latency_p95_ms),
                _count(model.throughput_per_s),
                _count(model.native_throughput_per_s),
                _times(model.slowdown),
                "loops" if model.name in looped else "",
            )
        )
    tensor = record.normalized_metrics.slowdowns.get("tensor")
    if tensor is not None:
        remark = "loops" if "tensor" in looped else ""
        rows.append((MODEL_TITLES["tensor"], "", "", "", "", _times(tensor), remark))
    composite = record.normalized_metrics.composite
    if composite is not None:
        rows.append(("all of them", "", "", "", "", _times(composite), ""))
    training = record.training
    if training is not None:
        rows.append(
            (
                "training step",
                _ms(training.step_ns / 1e6),
                "",
                _count(32e9 / training.step_ns),
                _count(32e9 / training.twin_step_ns),
                _times(training.step_slowdown),
                "not scored",
            )
        )
    return heads, rows


OPTIMISATION_HEADS = ("optimisation", "before", "after", "speed-up", "from native")


def optimisation_row(found: OptimisationFigures) -> Row:
    """Return the cells of one optimisation, as OPTIMISATION_HEADS has them."""
    return (
        found.name,
        duration(found.plain_ns / 1e6),
        duration(found.optimised_ns / 1e6),
        ratio_text(found.speedup, found.speedup_interval),
        _times(found.optimised_slowdown),
    )


def _compression(record: CapstoneRecord) -> tuple[Row, list[Row]]:
    rows: list[Row] = [
        (
            found.technique,
            bytes_text(found.before_bytes),
            bytes_text(found.after_bytes),
            f"{times(found.ratio)} smaller",
            _change(found.accuracy_before, found.accuracy_after),
            "" if found.kept else "accuracy lost: counts nothing",
        )
        for found in record.compression
    ]
    return ("technique", "before", "after", "saving", "accuracy", ""), rows


def _accuracy(record: CapstoneRecord) -> tuple[Row, list[Row]]:
    rows: list[Row] = [
        (
            f"{MODEL_TITLES.get(found.model, found.model)}, shipped weights",
            f"{found.accuracy:.1%}",
            f"{found.expected:.1%}",
            f"{found.images} images, {found.data}",
        )
        for found in record.accuracy
    ]
    training = record.training
    if training is not None:
        steps = f"{training.steps} steps of {training.optimizer}"
        curve = " ".join(f"{point.accuracy:.0%}" for point in training.curve)
        rows.append(
            (
                "mlp, your own training",
                f"{training.accuracy:.1%}",
                f"{training.expected:.1%}",
                f"{steps}: {curve}",
            )
        )
    return ("model", "yours", "reference", "on"), rows


def _efficiency(record: CapstoneRecord) -> tuple[Row, list[Row]]:
    models = {model.name: model for model in record.models}
    rows: list[Row] = []
    for memory in record.memory:
        model = models.get(memory.model)
        name = MODEL_TITLES.get(memory.model, memory.model)
        if memory.batch != 32:
            name += f" (memory at batch {memory.batch})"
        rows.append(
            (
                name,
                "" if model is None or model.gflops is None else three_digits(model.gflops),
                ""
                if model is None or model.share_of_native is None
                else f"{model.share_of_native:.1%}",
                bytes_text(memory.peak_bytes),
                bytes_text(memory.needed_bytes),
            )
        )
    return ("model", "GFLOP/s", "of native", "memory", "needed"), rows


_TABLES = {
    "speed": _speed,
    "compression": _compression,
    "accuracy": _accuracy,
    "efficiency": _efficiency,
}


def learning_curve(record: CapstoneRecord) -> LearningCurve | None:
    """Return the curve of the training, if there was one."""
    training = record.training
    if training is None or not training.curve:
        return None
    title = f"{training.steps} steps of {training.optimizer}"
    return LearningCurve(title, tuple(training.curve), training.expected)


def _outcome(record: CapstoneRecord) -> Outcome:
    metrics = record.normalized_metrics
    if metrics.overall is None:
        invalid = record.verdict.status == "invalid"
        why = "a result was wrong or the code failed" if invalid else "nothing could be measured"
        return Outcome(False, f"Overall: none, {why}.")
    text = f"Overall: {metrics.overall:.0f}/100{_part(record)}"
    if is_course(record.subject.origin):
        return Outcome(True, f"{text}, of the course's own solution", tick=False)
    return Outcome(True, text)


def _part(record: CapstoneRecord) -> str:
    """Return of how many tracks the overall is, if not of all."""
    metrics = record.normalized_metrics
    if metrics.tracks_measured == len(metrics.tracks):
        return ""
    return f" (of {metrics.tracks_measured} of {len(metrics.tracks)} tracks)"


def _course(record: CapstoneRecord) -> Iterator[str]:
    for course in record.course:
        yield (
            f"Your {course.tool} says {duration(course.latency_ms)} for {course.model}; "
            f"measured here {duration(course.measured_ms)}."
        )


def _own(record: CapstoneRecord) -> OwnView | None:
    if record.own is None:
        return None
    shape = "x".join(map(str, record.own.input_shape))
    models = (record.own.baseline, record.own.optimized)
    lines = [line for model in models if model is not None for line in _own_lines(model)]
    found = record.own.comparison
    comparison = None
    if found is not None:
        comparison = f"Optimized: {ratio_text(found.speedup, found.speedup_interval)}"
        if found.compression_ratio is not None:
            comparison += f", {times(found.compression_ratio)} smaller"
        if found.accuracy_change is not None:
            comparison += f", accuracy {100 * found.accuracy_change:+.1f} points"
    return OwnView(f"Your own model, input {shape}", tuple(lines), comparison)


def ratio_text(speedup: float, interval: tuple[float, float] | None) -> str:
    """Return how many times faster or slower; of too few rounds for an interval only about."""
    if interval is not None and interval[0] <= 1 <= interval[1]:
        return f"no difference ({three_digits(interval[0])} to {three_digits(interval[1])})"
    word = "faster"
    if speedup < 1:
        speedup, word = 1 / speedup, "slower"
        interval = interval and (1 / interval[1], 1 / interval[0])
    if interval is None:
        return f"about {times(speedup)} {word}"
    return f"{times(speedup)} {word} ({three_digits(interval[0])} to {three_digits(interval[1])})"


def _own_lines(model: CustomModelFigures) -> Iterator[str]:
    line = f"{model.name}: {duration(model.subject_ns / 1e6)}"
    if model.native_ns is not None:
        line += f", native {duration(model.native_ns / 1e6)}, slowdown {_times(model.slowdown)}"
    if model.parameter_bytes is not None:
        line += f", {bytes_text(model.parameter_bytes)}"
    if model.accuracy is not None:
        line += f", accuracy {model.accuracy:.1%}"
    yield line
    names = ", ".join(dict.fromkeys(call.name for call in model.calls)) or "none"
    yield f"Known operations ({names}) are {model.covered:.0%} of its time."
    if model.unknown:
        yield f"Without a native reference: {', '.join(model.unknown)}"


_NAMED = {
    "inventory": "the list of modules",
    "own": "your own model",
    **{name: name for name in OPTIMISATIONS},
}
"""What is not called as its record has it, with spaces."""


def _not_measured(record: CapstoneRecord) -> Iterator[str]:
    """Yield each reason once, with all that it kept from being measured."""
    by_reason: dict[str, list[str]] = {}
    for found in record.not_measured:
        if not found.what.endswith(" track"):
            what = _NAMED.get(found.what, found.what.replace("_", " "))
            by_reason.setdefault(found.reason, []).append(what)
    for reason, names in by_reason.items():
        yield f"{', '.join(names)}: {reason}"


def _modules(record: CapstoneRecord) -> Iterator[str]:
    for note in dict.fromkeys(found.note for found in record.accuracy if found.note):
        if not note.startswith("no "):  # that there are no files of the course is usual
            yield f"The course's own digits: {note}"
    if record.inventory is None:
        return
    modules = [module for module in record.inventory.modules if not module.files]
    stubs = [module for module in modules if module.unwritten]
    absent = [module for module in modules if module not in stubs and module.file is None]
    if absent:
        yield f"Modules not exported yet: {_numbered(absent)}"
    if stubs:
        yield f"Modules still to be written: {_numbered(stubs)}"
    for module in modules:
        fails = any("cannot be imported" in reason for reason in module.missing.values())
        if module not in stubs and module.file is not None and not fails:
            names = ", ".join(module.missing)
            yield f"Module {_numbered([module])}: {module.file} has none of {names}"
    yield from record.inventory.problems


def _numbered(modules: Sequence[ModuleFigures]) -> str:
    return ", ".join(f"{module.number:02d} {module.title}" for module in modules)


def _ms(value: float | None) -> str:
    return "" if value is None else duration(value)


def _count(value: float | None) -> str:
    return "" if value is None else count_text(value)


def _times(value: float | None) -> str:
    return "not measured" if value is None else times(value)


def _change(before: float, after: float) -> str:
    """Return two accuracies (0 to 1), or one where both read the same."""
    was, now = f"{before:.1%}", f"{after:.1%}"
    return f"{was}, unchanged" if was == now else f"{was} to {now}"
