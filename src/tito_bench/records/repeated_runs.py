"""Runs of the same code: what their records say of how far runs drift apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from tito_bench.errors import StoreError
from tito_bench.measure.comparison import (
    FEWEST_PAIRS,
    Drift,
    Estimate,
    estimate,
    learn_drift,
    process_medians,
    seen_reach,
)
from tito_bench.records.benchmark import OperationRecord, Samples, kept_slowdowns
from tito_bench.records.comparable import same_definition
from tito_bench.records.read import Record, RecordHeader, load_record

__all__ = ["drifts_of", "estimate_of", "learned_drifts", "repeated_runs", "same_code"]

_MOST_PAIRS = 30
"""More say little more of a deviation, and each is two files to read."""


def same_code(one: RecordHeader, other: RecordHeader) -> bool:
    """Return whether both measured the same files of the same subject, as far as records say.

    NumPy itself has no fingerprint: its version says which it is.
    """
    mine, theirs = (
        (entry.subject, entry.subject_version, entry.fingerprint) for entry in (one, other)
    )
    return mine == theirs and (one.fingerprint is not None or one.subject == "numpy")


def repeated_runs(
    entries: Sequence[RecordHeader], before: RecordHeader, after: RecordHeader
) -> list[tuple[RecordHeader, RecordHeader]]:
    """Return the newest pairs of successive runs of the same code, oldest first.

    They are of the kind, CPU, kernels and version of tito-bench of `after`, and without the two
    that are compared, for what these differ by is the question. Nothing where fewer than
    `FEWEST_PAIRS` are left, or where the two were not made on one machine.
    """
    if _where(before) != _where(after):
        return []
    compared = {before.file, after.file}
    alike = [e for e in entries if _where(e) == _where(after) and e.file not in compared]
    pairs = [(one, other) for one, other in pairwise(alike) if same_code(one, other)]
    return pairs[-_MOST_PAIRS:] if len(pairs) >= FEWEST_PAIRS else []


def learned_drifts(
    folder: Path,
    entries: Sequence[RecordHeader],
    before: RecordHeader,
    after: RecordHeader,
    now: datetime,
    left_out: Callable[[StoreError], object],
) -> dict[str, Drift]:
    """Return what the other runs in `folder` say of each operation's drift between these two.

    A pair of which a file cannot be read is told to `left_out` and not learned from: it keeps
    nobody from comparing two others.
    """
    return drifts_of(_loaded(repeated_runs(entries, before, after), folder, now, left_out))


def _loaded(
    pairs: Iterable[tuple[RecordHeader, RecordHeader]],
    folder: Path,
    now: datetime,
    left_out: Callable[[StoreError], object],
) -> Iterator[tuple[Record, Record]]:
    for one, other in pairs:
        try:
            loaded = load_record(folder / one.file, now), load_record(folder / other.file, now)
        except StoreError as error:
            left_out(error)
        else:
            yield loaded[0].record, loaded[1].record


def drifts_of(pairs: Iterable[tuple[Record, Record]]) -> dict[str, Drift]:
    """Return what each operation drifts by from run to run, by the pairs that have it in both;
    an operation that fewer than `FEWEST_PAIRS` have is left out."""
    differences: dict[str, list[float]] = {}
    seen: dict[str, list[float]] = {}
    for before, after in pairs:
        now = {op.name: op for op in after.operations}
        for was in before.operations:
            here, there = estimate_of(was), estimate_of(now.get(was.name))
            if here and there and same_definition(was, now[was.name]):
                ratio = math.log(there.value) - math.log(here.value)
                differences.setdefault(was.name, []).append(ratio)
                seen.setdefault(was.name, []).append(seen_reach(here, there))
    return {
        name: learn_drift(found, seen[name])
        for name, found in differences.items()
        if len(found) >= FEWEST_PAIRS
    }


def estimate_of(op: OperationRecord | None) -> Estimate | None:
    """Return the slowdown of an operation as a comparison takes it; None where it has none."""
    if op is None:
        return None
    processes = process_medians(_kept_ratios(op.samples, waits=op.waits))
    interval = op.slowdown_interval
    if interval is None and (slowdowns := kept_slowdowns(op)):
        interval = min(slowdowns), max(slowdowns)
    return estimate(op.slowdown, interval, op.rounds_kept, processes)


def _kept_ratios(samples: Samples, *, waits: bool) -> list[float]:
    """Return the subject's time over the kernel's in each kept round: what processes differ by."""
    subject_ns = samples.subject_wall_ns if waits else samples.subject_cpu_ns
    rows = zip(
        samples.kept,
        subject_ns,
        samples.subject_loops,
        samples.native_cpu_ns,
        samples.native_loops,
        strict=False,
    )
    return [
        subject / subject_loops * native_loops / native
        for kept, subject, subject_loops, native, native_loops in rows
        if kept and subject_loops > 0 and native > 0 and native_loops > 0
    ]


def _where(entry: RecordHeader) -> tuple[str, ...]:
    return (
        entry.kind,
        entry.cpu_model,
        entry.kernel_target,
        entry.kernels_version,
        entry.tito_bench_version,
    )
