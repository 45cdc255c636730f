"""The figures of the fairness table, from records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median

from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.statistics import coefficient_of_variation

__all__ = ["Cell", "composite", "print_summary", "print_table", "slowdowns"]

Cell = tuple[str, str]
"""An instruction set and a kind of contention."""


def composite(record: BenchmarkRecord) -> float:
    """Return the composite slowdown. Raises ValueError on a record without one."""
    value = record.normalized_metrics.composite
    if value is None:
        raise ValueError(f"a run without a score: {record.verdict}")
    return value


def slowdowns(record: BenchmarkRecord) -> dict[str, tuple[float, float]]:
    """Return operation -> (raw time in ns, slowdown).

    Raw is what a stopwatch beside the loop shows: all wall time over all calls.
    """
    result = {}
    for op in record.operations:
        if op.slowdown is not None:
            raw_ns = sum(op.samples.subject_wall_ns) / sum(op.samples.subject_loops)
            result[op.name] = (raw_ns, op.slowdown)
    return result


def print_table(records: Mapping[Cell, Sequence[BenchmarkRecord]]) -> None:
    """Print how far raw times, slowdowns and the score move over the scenarios."""
    runs = [record for cell in records.values() for record in cell]
    print(f"{'operation':<16}{'raw time moves':>15}{'slowdown':>10}{'CV':>8}")
    for name in slowdowns(runs[0]):
        raw = [slowdowns(run)[name][0] for run in runs]
        ratio = [slowdowns(run)[name][1] for run in runs]
        print(
            f"{name:<16}{max(raw) / min(raw):>14.1f}x{median(ratio):>10.3f}"
            f"{_percent(coefficient_of_variation(ratio)):>8}"
        )
    values = [composite(run) for run in runs]
    low, high = _score_range(runs)
    print(
        f"{'composite':<16}{_raw_moves(runs):>14.1f}x{median(values):>10.3f}"
        f"{_percent(coefficient_of_variation(values)):>8}"
        f"   score {low:.2f} to {high:.2f}, range {high - low:.2f}"
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


def print_summary(records: Mapping[str, Mapping[Cell, Sequence[BenchmarkRecord]]]) -> None:
    """Print what was asked of each figure, and what it is, by subject."""
    rows: dict[str, tuple[str, list[str]]] = {}
    for found in records.values():
        by_target: dict[str, list[BenchmarkRecord]] = {}
        for (target, _), group in sorted(found.items()):
            by_target.setdefault(target, []).extend(group)
        runs = [record for group in by_target.values() for record in group]
        for target, group in by_target.items():
            spread = _percent(coefficient_of_variation([composite(run) for run in group]))
            _row(rows, f"{target}, contention only: composite, CV", "<= 0.80%", spread)
            _row(rows, f"{target}, contention only: score, range", "<= 1.00", _range(group))
        wide = [run for target in by_target if target != "sse2" for run in by_target[target]]
        _row(rows, "score without SSE2, range", "<= 1.00", _range(wide))
        _row(rows, "score over all cells, range", "<= 1.50", _range(runs))
        spread = _percent(coefficient_of_variation([composite(run) for run in runs]))
        _row(rows, "composite over all cells, CV", "<= 2.00%", spread)
        _row(rows, "raw times move", ">= 3.0x", f"{_raw_moves(runs):.1f}x")
    print(f"{'':<44}{'asked':>9}" + "".join(f"{subject:>10}" for subject in records))
    for title, (asked, figures) in rows.items():
        print(f"{title:<44}{asked:>9}" + "".join(f"{figure:>10}" for figure in figures))


def _row(rows: dict[str, tuple[str, list[str]]], title: str, asked: str, figure: str) -> None:
    rows.setdefault(title, (asked, []))[1].append(figure)


def _score_range(runs: Sequence[BenchmarkRecord]) -> tuple[float, float]:
    scores = [run.normalized_metrics.score or 0.0 for run in runs]
    return min(scores), max(scores)


def _range(runs: Sequence[BenchmarkRecord]) -> str:
    low, high = _score_range(runs)
    return f"{high - low:.2f}"


def _raw_moves(runs: Sequence[BenchmarkRecord]) -> float:
    """Return the largest over the smallest raw time; the geometric mean of the operations."""
    raw = ([raw_ns for raw_ns, _ in slowdowns(run).values()] for run in runs)
    moves = [math.log(max(column) / min(column)) for column in zip(*raw, strict=True)]
    return math.exp(sum(moves) / len(moves))


def _percent(value: float) -> str:
    return f"{100 * value:.2f}%"
