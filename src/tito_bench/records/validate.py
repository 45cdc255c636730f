"""Whether a record says what its samples say, so that every reader can rely on it.

A record of a run always does; a file that somebody edited, that was damaged, or that was made
to do harm, need not. What a single value may be is said by the types; here stands what
follows from other values: every figure is computed again, by the arithmetic of the run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from tito_bench.capstone.findings import scores_of
from tito_bench.measure.results import HARMLESS
from tito_bench.measure.summary import Figures, score_interval
from tito_bench.measure.verdict import UNMEASURED_WORK, status_of
from tito_bench.records.benchmark import (
    BenchmarkRecord,
    OperationRecord,
    RawMetrics,
    kept_figures,
    kept_slowdowns,
)
from tito_bench.records.capstone import CapstoneRecord, ModelRecord
from tito_bench.score import composite_slowdown, geometric_mean, overall_score, score

__all__ = ["NotARecord", "Skip", "validate"]

Skip = Literal["broken", "half", "newer", "foreign", "unreadable", "edited", "untimely"]
"""Why a file is passed over: no JSON or with values that cannot be, JSON that ends too early, of
a later schema, not one of ours, not to be read at all, with figures that its samples do not
give, or of a time that cannot be."""

_ROUNDING = 1e-9
"""Figures are kept as they were computed; another system's logarithm may end otherwise."""
_FIGURES = tuple(Figures.__dataclass_fields__)


class NotARecord(ValueError):
    """The bytes are no record that can be shown; `skip` says what they are, the text more.

    `path` is the file, where one was named.
    """

    def __init__(self, skip: Skip, detail: str) -> None:
        super().__init__(detail)
        self.skip = skip
        self.path: Path | None = None


def validate(record: BenchmarkRecord | CapstoneRecord) -> None:
    """Raise `NotARecord` for the first figure that does not follow from the record's samples.

    Raises OverflowError where one is too large to reckon with.
    """
    for op in record.operations:
        _check_operation(op)
    verdict = [reason.code for reason in record.verdict.reasons]
    _expect("the verdict", record.verdict.status, status_of(verdict))
    if isinstance(record, BenchmarkRecord):
        _check_baseline(record)
    else:
        _check_capstone(record)


def _check_operation(op: OperationRecord) -> None:
    taken = op.samples
    columns = [getattr(taken, field) for field in taken.__struct_fields__]
    if len(set(map(len, columns))) != 1:
        raise NotARecord("broken", f"the samples of {op.name} are not of one length")
    _expect(f"rounds_kept of {op.name}", op.rounds_kept, sum(taken.kept))
    _expect(f"rounds_dropped of {op.name}", op.rounds_dropped, len(taken.kept) - op.rounds_kept)
    figures = None
    if op.failure is None and op.rounds_kept:
        work = op.work
        if work is not None and not (
            0 <= work.interpreter_share <= 1
            and min(work.flops, work.bytes_moved, work.flops_per_call) > 0
        ):
            raise NotARecord("broken", f"{op.name} did no possible work")
        try:
            figures = kept_figures(op)
        except ZeroDivisionError as error:
            raise NotARecord("broken", f"a sample of {op.name} took no time") from error
    for name in _FIGURES:
        expected = None if figures is None else getattr(figures, name)
        if name == "slowdown_interval" and figures is not None and expected is None:
            # The first records hold the whole range of too few rounds.
            expected = None if op.slowdown_interval is None else _range(kept_slowdowns(op))
        _expect(f"{name} of {op.name}", getattr(op, name), expected)
    if (
        figures is not None
        and min(figures.subject_ns, *(figures.slowdown_interval or kept_slowdowns(op))) <= 0
    ):
        raise NotARecord("broken", f"a sample of {op.name} took no time")


def _range(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _check_baseline(record: BenchmarkRecord) -> None:
    for field in RawMetrics.__struct_fields__:
        members = _scored(record, field.removesuffix("_ms"))
        times = [op.subject_ns for op in members if op.subject_ns is not None]
        measured = members and len(times) == len(members)
        expected = geometric_mean(times) / 1e6 if measured else None
        _expect(field, getattr(record.raw_metrics, field), expected)
    metrics = record.normalized_metrics
    composite, interval = _check_groups(record)
    _expect("score", metrics.score, None if composite is None else score(composite))
    _expect("score_interval", metrics.score_interval, interval)


def _check_groups(
    record: BenchmarkRecord | CapstoneRecord,
) -> tuple[float | None, tuple[float, float] | None]:
    """Check the groups and the composite; return it, and the interval of its score."""
    names = dict.fromkeys(op.group for op in record.operations if op.scored)
    expected: dict[str, float | None] = {}
    for name in names:
        slowdowns = [op.slowdown for op in _scored(record, name)]
        measured = [slowdown for slowdown in slowdowns if slowdown is not None]
        whole = len(measured) == len(slowdowns)
        expected[name] = geometric_mean(measured) if whole else None
    metrics = record.normalized_metrics
    _expect_all("the slowdown of", metrics.slowdowns, expected)
    counted = {name: slowdown for name, slowdown in expected.items() if slowdown is not None}
    dishonest = any(reason.code in UNMEASURED_WORK for reason in record.verdict.reasons) or any(
        op.failure is not None and op.failure.kind not in HARMLESS for op in record.operations
    )
    if dishonest or not counted:
        _expect("composite", metrics.composite, None)
        return None, None
    composite = composite_slowdown(counted.values())
    _expect("composite", metrics.composite, composite)
    intervals = [
        (op.group, op.slowdown_interval)
        for op in record.operations
        if op.scored and op.group in counted
    ]
    return composite, score_interval(composite, intervals)


def _scored(record: BenchmarkRecord | CapstoneRecord, group: str) -> list[OperationRecord]:
    return [op for op in record.operations if op.scored and op.group == group]


def _check_capstone(record: CapstoneRecord) -> None:
    for model in record.models:
        _check_model(model, _scored(record, model.name))
    composite, interval = _check_groups(record)
    metrics, asked = record.normalized_metrics, record.tracks_requested
    try:
        scores = _track_scores(record, None if composite is None else score(composite))
    except NotARecord:
        raise
    except (ArithmeticError, ValueError) as error:  # the logarithm of nothing
        raise NotARecord("broken", f"a task has figures that cannot be: {error}") from error
    if lost := set(asked) - scores.keys():
        raise NotARecord("broken", f"there is no track {min(lost)}")
    _expect_all("the score of the track", metrics.tracks, scores)
    measured = sum(points is not None for points in scores.values())
    _expect("tracks_measured", metrics.tracks_measured, measured)
    invalid = record.verdict.status == "invalid"
    _expect("overall", metrics.overall, None if invalid else overall_score(scores))
    _expect("score_interval", metrics.score_interval, interval if "speed" in asked else None)
    _check_raw(record)


def _track_scores(record: CapstoneRecord, speed: float | None) -> dict[str, float | None]:
    ratios = [part.before_bytes / part.after_bytes for part in record.compression]
    for part, ratio in zip(record.compression, ratios, strict=True):
        _expect(f"the ratio of {part.technique}", part.ratio, ratio)
    shares = [model.share_of_native for model in record.models]
    return scores_of(
        record.tracks_requested,
        speed,
        accuracy=[*record.accuracy, *([record.training] if record.training else [])],
        compression=record.compression,
        memory=record.memory,
        time_ratios=[1 / share for share in shares if share is not None],
        # Named as `TaskResult.name` names them.
        failures=[(lost.what.partition(" of ")[0], lost.kind) for lost in record.not_measured],
    )


def _check_model(model: ModelRecord, scored: Sequence[OperationRecord]) -> None:
    """Check the row of a model against the operation that it counts with."""
    op = scored[0] if scored else None
    expected: dict[str, Any] = dict.fromkeys(
        (
            *("slowdown", "slowdown_interval", "share_of_native"),
            *("throughput_per_s", "native_throughput_per_s", "gflops", "native_gflops"),
        )
    )
    if op is not None and op.subject_ns is not None and op.native_ns is not None:
        batch = model.scored_batch or 0
        # The arithmetic of a call is known by one of both rates.
        flops = (model.native_gflops or 0.0) * op.native_ns if op.work is None else op.work.flops
        expected |= {
            "slowdown": op.slowdown,
            "slowdown_interval": op.slowdown_interval,
            "share_of_native": op.native_ns / op.subject_ns,
            "throughput_per_s": batch * 1e9 / op.subject_ns,
            "native_throughput_per_s": batch * 1e9 / op.native_ns,
            "gflops": flops / op.subject_ns,
            "native_gflops": flops / op.native_ns,
        }
    for name, value in expected.items():
        _expect(f"{name} of {model.name}", getattr(model, name), value)


def _check_raw(record: CapstoneRecord) -> None:
    raw, models = record.raw_metrics, record.models
    latencies = {m.name: m.latency_median_ms for m in models if m.latency_median_ms is not None}
    _expect_all("the latency of", raw.latency_ms, latencies)
    rates = {m.name: m.throughput_per_s for m in models if m.throughput_per_s is not None}
    _expect_all("the throughput of", raw.throughput_per_s, rates)
    kept = [technique.ratio for technique in record.compression if technique.kept]
    _expect("compression_ratio", raw.compression_ratio, max(kept, default=None))
    shipped = {found.model: found.accuracy for found in record.accuracy}
    _expect("accuracy", raw.accuracy, shipped.get("mlp"))


def _expect_all(
    what: str, found: Mapping[str, float | None], expected: Mapping[str, float | None]
) -> None:
    for name in {**expected, **found}:
        _expect(f"{what} {name}", found.get(name, "missing"), expected.get(name, "missing"))


def _expect(what: str, found: Any, expected: Any) -> None:
    """Raise `NotARecord` where a figure is not what it should be."""
    if found == expected or (
        isinstance(found, int | float)
        and isinstance(expected, int | float)
        and math.isclose(found, expected, rel_tol=_ROUNDING, abs_tol=_ROUNDING * 1e-3)
    ):
        return
    if isinstance(found, tuple) and isinstance(expected, tuple):
        for end, found_end, expected_end in zip(("from", "to"), found, expected, strict=True):
            _expect(f"{what} ({end})", found_end, expected_end)
        return
    raise NotARecord("edited", f"{what} is {_shown(found)}, not {_shown(expected)}")


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " to ".join(map(_shown, value))
    return "none" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
