"""A capstone as people read it in a terminal: a table for each track, from 40 columns upwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tito_bench.capstone.figures import OwnModelFigures
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.report.safe_text import plain
from tito_bench.report.terminal import Symbols, print_notes, print_subject
from tito_bench.report.view import milliseconds
from tito_bench.workloads.capstone import MODEL_TITLES

__all__ = ["print_capstone"]

_TITLES = {
    "speed": "Speed",
    "compression": "Compression",
    "accuracy": "Accuracy",
    "efficiency": "Efficiency",
}
_LONGEST = 400

Row = Sequence[str]


def print_capstone(
    console: Console, record: CapstoneRecord, symbols: Symbols, saved: str | None
) -> None:
    """Print the report of `record`; `saved` says where it is kept, if it is."""
    console.print()
    console.print(Text(f"{symbols.target}Capstone Benchmark", "bold"))
    tables = {
        "speed": _speed,
        "compression": _compression,
        "accuracy": _accuracy,
        "efficiency": _efficiency,
    }
    for track in record.tracks_requested:
        heads, rows = tables[track](record)
        _print_track(console, record, track, heads, rows)
    _print_overall(console, record, symbols)
    _print_own(console, record)
    _print_not_measured(console, record)
    print_subject(console, record.subject, record.system_info, saved)
    print_notes(console, record.subject, record.system_info, record.verdict, symbols)


def _print_track(
    console: Console, record: CapstoneRecord, track: str, heads: Row, rows: Sequence[Row]
) -> None:
    points = record.normalized_metrics.tracks[track]
    shown = "not measured" if points is None else f"{points:.0f}/100"
    interval = record.normalized_metrics.score_interval
    if track == "speed" and points is not None and interval is not None:
        shown += f" (95% interval {interval[0]:.1f} to {interval[1]:.1f})"
    console.print()
    console.print(Text(f"{_TITLES[track]}: {shown}", "bold"))
    if not rows:
        return
    if console.width < 76:
        for row in rows:
            console.print(plain(row[0], "bold", _LONGEST))
            for head, cell in zip(heads[1:], row[1:], strict=True):
                if cell:
                    console.print(_indented(f"{head}: {cell}"))
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for index, head in enumerate(heads):
        table.add_column(head, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(plain(cell, limit=_LONGEST) for cell in row))
    console.print(table)


def _speed(record: CapstoneRecord) -> tuple[Row, list[Row]]:
    heads = ("model", "latency", "p95", "inputs/s", "native/s", "slowdown")
    rows: list[Row] = []
    for model in record.models:
        name = MODEL_TITLES[model.name]
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
            )
        )
    tensor = record.normalized_metrics.slowdowns.get("tensor")
    if tensor is not None:
        rows.append((MODEL_TITLES["tensor"], "", "", "", "", _times(tensor)))
    composite = record.normalized_metrics.composite
    if composite is not None:
        rows.append(("geometric mean", "", "", "", "", _times(composite)))
    training = record.training
    if training is not None:
        rows.append(
            (
                "training step (not scored)",
                _ms(training.step_ns / 1e6),
                "",
                _count(32e9 / training.step_ns),
                _count(32e9 / training.twin_step_ns),
                _times(training.step_slowdown),
            )
        )
    return heads, rows


def _compression(record: CapstoneRecord) -> tuple[Row, list[Row]]:
    rows: list[Row] = [
        (
            found.technique,
            f"{found.before_bytes:,} B",
            f"{found.after_bytes:,} B",
            f"{found.ratio:.2f}x",
            f"{found.accuracy_before:.1%} to {found.accuracy_after:.1%}",
            "" if found.kept else "accuracy lost: counts nothing",
        )
        for found in record.compression
    ]
    return ("technique", "before", "after", "ratio", "accuracy", ""), rows


def _accuracy(record: CapstoneRecord) -> tuple[Row, list[Row]]:
    rows: list[Row] = [
        (
            f"{MODEL_TITLES[found.model]}, shipped weights",
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
    return ("model", "yours", "twin", "on"), rows


def _efficiency(record: CapstoneRecord) -> tuple[Row, list[Row]]:
    models = {model.name: model for model in record.models}
    rows: list[Row] = []
    for memory in record.memory:
        model = models.get(memory.model)
        per_s = None if model is None else model.throughput_per_s
        mib = (memory.peak_bytes + memory.parameter_bytes) / 2**20
        rows.append(
            (
                MODEL_TITLES[memory.model],
                "" if model is None or model.gflops is None else f"{model.gflops:.3g}",
                ""
                if model is None or model.share_of_native is None
                else f"{model.share_of_native:.1%}",
                _kib(memory.peak_bytes),
                _kib(memory.needed_bytes),
                "" if per_s is None else _count(per_s / mib),
            )
        )
    if record.energy is not None:
        joules = record.energy.joules_per_inference
        rows.append((f"energy: {joules * 1e6:.3g} µJ per inference", "", "", "", "", ""))
    return ("model", "GFLOP/s", "of native", "memory", "needed", "inputs/s/MiB"), rows


def _print_overall(console: Console, record: CapstoneRecord, symbols: Symbols) -> None:
    metrics = record.normalized_metrics
    console.print()
    if metrics.overall is None:
        invalid = record.verdict.status == "invalid"
        why = "a result was wrong or the code failed" if invalid else "nothing could be measured"
        console.print(Text(f"{symbols.bad}Overall: none, {why}.", "red"))
        return
    part = ""
    if metrics.tracks_measured < len(metrics.tracks):
        part = f" (of {metrics.tracks_measured} of {len(metrics.tracks)} tracks)"
    console.print(Text(f"{symbols.good}Overall: {metrics.overall:.0f}/100{part}", "bold green"))
    for course in record.course:
        console.print(
            plain(
                f"Your {course.tool} says {milliseconds(course.latency_ms)} for {course.model}; "
                f"measured here {milliseconds(course.measured_ms)}.",
                limit=_LONGEST,
            )
        )


def _print_own(console: Console, record: CapstoneRecord) -> None:
    if record.own is None:
        return
    console.print()
    shape = "x".join(map(str, record.own.input_shape))
    console.print(Text(f"Your own model, input {shape}", "bold"))
    for model in (record.own.baseline, record.own.optimized):
        if model is not None:
            for line in _own_lines(model):
                console.print(_indented(line))
    found = record.own.comparison
    if found is not None:
        low, high = found.speedup_interval
        line = f"Optimized: {found.speedup:.2f}x faster ({low:.2f} to {high:.2f})"
        if found.compression_ratio is not None:
            line += f", {found.compression_ratio:.2f}x smaller"
        if found.accuracy_change is not None:
            line += f", accuracy {100 * found.accuracy_change:+.1f} points"
        console.print(_indented(line, "bold"))


def _own_lines(model: OwnModelFigures) -> Iterator[str]:
    line = f"{model.name}: {milliseconds(model.subject_ns / 1e6)}"
    if model.native_ns is not None:
        line += f", native {milliseconds(model.native_ns / 1e6)}, {_times(model.slowdown)}"
    if model.parameter_bytes is not None:
        line += f", {model.parameter_bytes:,} B"
    if model.accuracy is not None:
        line += f", accuracy {model.accuracy:.1%}"
    yield line
    names = ", ".join(dict.fromkeys(call.name for call in model.calls)) or "none"
    yield f"Known operations ({names}) are {model.covered:.0%} of its time."
    if model.unknown:
        yield f"Without a native twin: {', '.join(model.unknown)}"


def _print_not_measured(console: Console, record: CapstoneRecord) -> None:
    """Each reason once, with all that it kept from being measured."""
    by_reason: dict[str, list[str]] = {}
    for found in record.not_measured:
        if not found.what.endswith(" track"):
            by_reason.setdefault(found.reason, []).append(found.what.replace("_", " "))
    if by_reason:
        console.print()
        console.print(Text("Not measured", "bold"))
    for reason, names in by_reason.items():
        console.print(_indented(f"{', '.join(names)}: {reason}"))
    for line in _modules(record):
        console.print(_indented(line))


def _modules(record: CapstoneRecord) -> Iterator[str]:
    for note in dict.fromkeys(found.note for found in record.accuracy if found.note):
        if not note.startswith("no "):  # that there are no files of the course is usual
            yield f"The course's own digits: {note}"
    if record.inventory is None:
        return
    absent = [module for module in record.inventory.modules if not module.files]
    if absent:
        names = ", ".join(f"{module.number:02d} {module.title}" for module in absent)
        yield f"Modules not exported yet: {names}"
    yield from record.inventory.problems


def _indented(text: str, style: str = "") -> Text:
    return Text("  ").append_text(plain(text, style, _LONGEST))


def _ms(value: float | None) -> str:
    return "" if value is None else milliseconds(value)


def _count(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _times(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1f}x"


def _kib(size: int) -> str:
    return f"{size / 1024:,.0f} KiB"
