"""The figures of the fairness table, from records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from tito_bench.measure.statistics import coefficient_of_variation
from tito_bench.records.benchmark import BenchmarkRecord

__all__ = ["Cell", "composite", "print_table", "slowdowns"]

Cell = tuple[str, str]
"""An instruction set and a kind of contention."""


def composite(record: BenchmarkRecord) -> float:
    """The composite slowdown. Raises ValueError on a record without one."""
    value = record.normalized_metrics.composite
    if value is None:
        raise ValueError(f"a run without a score: {record.verdict}")
    return value


def slowdowns(record: BenchmarkRecord) -> dict[str, tuple[float, float]]:
    """Operation -> (raw time in ns, slowdown).

    Raw is what a stopwatch beside the loop shows: all wall time over all calls.
    """
    result = {}
    for op in record.operations:
        if op.slowdown is not None:
            raw_ns = sum(op.samples.subject_wall_ns) / sum(op.samples.subject_loops)
            result[op.name] = (raw_ns, op.slowdown)
    return result


def print_table(records: Mapping[Cell, Sequence[BenchmarkRecord]]) -> None:
    """How far raw times, slowdowns and the score move over the scenarios."""
    runs = [record for cell in records.values() for record in cell]
    operations = slowdowns(runs[0])
    print(f"{'operation':<16}{'raw time moves':>15}{'slowdown':>10}{'CV':>8}")
    for name in operations:
        raw = [slowdowns(run)[name][0] for run in runs]
        ratio = [slowdowns(run)[name][1] for run in runs]
        print(
            f"{name:<16}{max(raw) / min(raw):>14.1f}x{median(ratio):>10.3f}"
            f"{_percent(coefficient_of_variation(ratio)):>8}"
        )
    raw_moves = [
        max(column) / min(column)
        for column in zip(
            *([raw for raw, _ in slowdowns(run).values()] for run in runs), strict=True
        )
    ]
    values = [composite(run) for run in runs]
    scores = [run.normalized_metrics.score or 0.0 for run in runs]
    print(
        f"{'composite':<16}{_mean(raw_moves):>14.1f}x{median(values):>10.3f}"
        f"{_percent(coefficient_of_variation(values)):>8}"
        f"   score {min(scores):.2f} to {max(scores):.2f}, range {max(scores) - min(scores):.2f}"
    )
    print()
    print(f"{'composite by cell':<28}{'median':>8}{'CV':>8}{'runs':>6}{'doubts':>8}")
    for cell, group in sorted(records.items()):
        values = [composite(run) for run in group]
        doubts = sum(run.verdict.status != "stable" for run in group)
        print(
            f"{' / '.join(cell):<28}{median(values):>8.3f}"
            f"{_percent(coefficient_of_variation(values)):>8}{len(group):>6}{doubts:>8}"
        )
    print()
    for target in dict.fromkeys(target for target, _ in records):
        values = [
            composite(run) for cell, group in records.items() if cell[0] == target for run in group
        ]
        print(
            f"{target}: composite CV over all contention "
            f"{_percent(coefficient_of_variation(values))}"
        )


def _percent(value: float) -> str:
    return f"{100 * value:.2f}%"


def _mean(values: Iterable[float]) -> float:
    """Geometric mean."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs))
