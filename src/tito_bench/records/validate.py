"""Whether the numbers of a record fit together, so that every report can rely on them.

A record of a run always does; a file that somebody edited, or that was made
to do harm, need not.
"""

from __future__ import annotations

from collections.abc import Iterator

from tito_bench.measure.task_figures import TrainingFigures
from tito_bench.records.benchmark import BenchmarkRecord, OperationRecord
from tito_bench.records.capstone import CapstoneRecord

__all__ = ["validate"]

_SMALLEST, _LARGEST = 2.0**-63, 2**63  # ns: what no clock shows, and 292 years


def validate(record: BenchmarkRecord | CapstoneRecord) -> str | None:
    """What does not fit, in a few words; foreign text within. None for a sound record."""
    return next(_faults(record), None)


def _faults(record: BenchmarkRecord | CapstoneRecord) -> Iterator[str]:
    for op in record.operations:
        yield from _operation_faults(op)
    if isinstance(record, BenchmarkRecord):
        yield from _group_faults(record)
    else:
        yield from _capstone_faults(record)


def _operation_faults(op: OperationRecord) -> Iterator[str]:
    if op.slowdown is None:
        return
    times = (op.subject_ns, op.native_ns, op.dispatch_ns, op.reference_ns)
    if not all(map(_positive, (op.slowdown, *times, *(op.slowdown_interval or (None,))))):
        yield f"{op.name} has a slowdown without its times"
    if op.work is not None and not (
        0 <= op.work.interpreter_share <= 1 and op.work.flops > 0 and op.work.bytes_moved > 0
    ):
        yield f"{op.name} did no possible work"
    columns = [getattr(op.samples, field) for field in op.samples.__struct_fields__]
    if len(set(map(len, columns))) != 1:
        yield f"the samples of {op.name} are not of one length"
    if not any(op.samples.kept):
        yield f"{op.name} has a slowdown and no round"
    taken = op.samples
    counts = (taken.subject_loops, taken.native_loops, taken.dispatch_loops)
    if not all(0 < count < _LARGEST for column in counts for count in column):
        yield f"a sample of {op.name} has no loops"
    spent = (
        taken.subject_wall_ns,
        taken.subject_cpu_ns,
        taken.subject_process_cpu_ns,
        taken.native_wall_ns,
        taken.native_cpu_ns,
        taken.dispatch_cpu_ns,
    )
    if not all(0 <= time < _LARGEST for column in spent for time in column):
        yield f"a sample of {op.name} took no possible time"
    if not all(map(any, zip(taken.native_cpu_ns, taken.dispatch_cpu_ns, strict=False))):
        yield f"a sample of {op.name} took no time"


def _group_faults(record: BenchmarkRecord) -> Iterator[str]:
    for name, slowdown in record.normalized_metrics.slowdowns.items():
        if slowdown is None:
            continue
        members = [op for op in record.operations if op.group == name and op.scored]
        if not _positive(slowdown) or not members or any(op.slowdown is None for op in members):
            yield f"the group {name} has a slowdown that its operations do not have"


def _capstone_faults(record: CapstoneRecord) -> Iterator[str]:
    if record.training is not None:
        yield from _training_faults(record.training)
    pairs = [(found.accuracy, found.expected) for found in record.accuracy]
    pairs += [(found.accuracy_before, found.accuracy_after) for found in record.compression]
    if not all(_share(one) and _share(other) for one, other in pairs):
        yield "an accuracy is not between 0 and 1"
    for model in record.models:
        figures = (
            model.latency_median_ms,
            model.latency_p95_ms,
            model.slowdown,
            model.throughput_per_s,
            model.native_throughput_per_s,
            model.gflops,
            model.share_of_native,
        )
        if not all(figure is None or _positive(figure) for figure in figures):
            yield f"{model.name} has no possible figures"
    for memory in record.memory:
        if memory.peak_bytes + memory.parameter_bytes <= 0:
            yield f"{memory.model} took no memory"
    lost = set(record.tracks_requested) - set(record.normalized_metrics.tracks)
    if lost:
        yield f"there is no track {min(lost)}"


def _training_faults(training: TrainingFigures) -> Iterator[str]:
    if not (_positive(training.step_ns) and _positive(training.twin_step_ns)):
        yield "a training step took no time"
    reached = (training.accuracy, training.expected, *(p.accuracy for p in training.curve))
    if not all(map(_share, reached)):
        yield "the training reached no possible accuracy"
    if not all(abs(point.loss) < _LARGEST for point in training.curve):
        yield "the training had no possible loss"


def _share(value: float) -> bool:
    return 0 <= value <= 1


def _positive(value: float | None) -> bool:
    return value is not None and _SMALLEST < value < _LARGEST
