"""The capstone record: what one run of `benchmark capstone` measured. Immutable once written.

Times are in ns unless a name says ms; accuracies are between 0 and 1. Every
null has its reason in `not_measured`, or in the `reason` beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, TypeVar

import msgspec

from tito_bench import __version__
from tito_bench.capstone.findings import Findings, judge_capstone, track_scores
from tito_bench.capstone.results import ModelFigures
from tito_bench.foreign_json import without_bom
from tito_bench.measure import task_figures as fig
from tito_bench.measure.messages import FailureKind
from tito_bench.measure.results import Failure
from tito_bench.measure.verdict import Verdict
from tito_bench.records.benchmark import (
    OperationRecord,
    SubjectRecord,
    SystemInfo,
    operation_record,
    subject_record,
    system_info,
)
from tito_bench.records.schema import record_bytes
from tito_bench.score import overall_score

__all__ = [
    "CapstoneMetrics",
    "CapstoneRaw",
    "CapstoneRecord",
    "ModelRecord",
    "NotMeasuredRecord",
    "build_capstone_record",
    "decode_capstone",
    "encode_capstone",
]


_T = TypeVar("_T")


class ModelRecord(msgspec.Struct, frozen=True):
    """One model in the speed track; `reason` says why there are no numbers, or not all."""

    name: str
    reason: str | None
    latency_median_ms: fig.Positive | None
    latency_p95_ms: fig.Positive | None
    latency_calls: int
    scored_batch: int | None
    slowdown: float | None
    slowdown_interval: tuple[float, float] | None
    throughput_per_s: float | None
    native_throughput_per_s: float | None
    gflops: float | None
    native_gflops: float | None
    share_of_native: float | None


class NotMeasuredRecord(msgspec.Struct, frozen=True):
    """Something that has no numbers, and why."""

    what: str
    kind: FailureKind
    reason: str


class CapstoneRaw(msgspec.Struct, frozen=True):
    """Figures that hold for this machine only."""

    latency_ms: dict[str, float]
    throughput_per_s: dict[str, float]
    compression_ratio: float | None
    accuracy: float | None


class CapstoneMetrics(msgspec.Struct, frozen=True):
    """What can be compared: slowdowns of the models, scores of the tracks, the overall."""

    slowdowns: dict[str, float | None]
    composite: float | None
    tracks: dict[str, float | None]
    tracks_measured: int
    overall: float | None
    score_interval: tuple[float, float] | None


class CapstoneRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One run of `benchmark capstone`."""

    schema: Literal[1] = 1
    kind: Literal["capstone"] = "capstone"
    created_at: str
    tito_bench_version: str
    subject: SubjectRecord
    system_info: SystemInfo
    tracks_requested: list[str]
    inventory: fig.InventoryFigures | None
    operations: list[OperationRecord]
    models: list[ModelRecord]
    accuracy: list[fig.AccuracyFigures]
    training: fig.TrainingFigures | None
    compression: list[fig.CompressionFigures]
    memory: list[fig.MemoryFigures]
    course: list[fig.StudentBenchmarkFigures]
    own: fig.CustomModelsFigures | None
    optimisations: list[fig.OptimisationFigures] = []
    course_metrics: fig.CourseMetricsFigures | None = None
    not_measured: list[NotMeasuredRecord]
    raw_metrics: CapstoneRaw
    normalized_metrics: CapstoneMetrics
    verdict: Verdict


def build_capstone_record(found: Findings, now: datetime) -> CapstoneRecord:
    """Put what a run found into its record; `now` is an aware UTC time."""
    verdict = judge_capstone(found)
    scores = track_scores(found)
    total = None if verdict.status == "invalid" else overall_score(scores)
    speed = "speed" in found.tracks
    return CapstoneRecord(
        created_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        tito_bench_version=__version__,
        subject=subject_record(found.subject),
        system_info=system_info(found.subject, found.machine, found.environment),
        tracks_requested=list(found.tracks),
        inventory=_only(found.of(fig.InventoryFigures)),
        operations=[
            operation_record(op, found.subject.references) for op in found.summary.operations
        ],
        models=[_model_record(model) for model in found.models],
        accuracy=found.of(fig.AccuracyFigures),
        training=_only(found.of(fig.TrainingFigures)),
        compression=found.of(fig.CompressionFigures),
        memory=found.of(fig.MemoryFigures),
        course=found.of(fig.StudentBenchmarkFigures),
        own=_only(found.of(fig.CustomModelsFigures)),
        optimisations=found.of(fig.OptimisationFigures),
        course_metrics=_only(found.of(fig.CourseMetricsFigures)),
        not_measured=list(_not_measured(found, scores)),
        raw_metrics=_raw(found),
        normalized_metrics=CapstoneMetrics(
            slowdowns={group.name: group.slowdown for group in found.summary.groups},
            composite=found.summary.composite,
            tracks=scores,
            tracks_measured=sum(points is not None for points in scores.values()),
            overall=total,
            score_interval=found.summary.score_interval if speed else None,
        ),
        verdict=verdict,
    )


def encode_capstone(record: CapstoneRecord) -> bytes:
    """Return the bytes of the file: indented UTF-8 JSON, the same for the same record."""
    return record_bytes(record)


def decode_capstone(data: bytes) -> CapstoneRecord:
    """Return the record in `data`. Raises msgspec.DecodeError on anything else."""
    return msgspec.json.decode(without_bom(data), type=CapstoneRecord)


def _not_measured(found: Findings, scores: dict[str, float | None]) -> Iterator[NotMeasuredRecord]:
    for task in found.tasks:
        if isinstance(task.outcome, Failure):
            yield NotMeasuredRecord(task.name, task.outcome.kind, task.outcome.reason)
    for op in found.summary.operations:
        if op.failure is not None:
            yield NotMeasuredRecord(op.operation.name, op.failure.kind, op.failure.reason)
    for track, points in scores.items():
        if points is None and track not in found.tracks:
            yield NotMeasuredRecord(f"{track} track", "missing", "not asked for with --track")


def _model_record(model: ModelFigures) -> ModelRecord:
    latency = model.latency
    return ModelRecord(
        name=model.name,
        reason=model.reason,
        latency_median_ms=latency.median_ns / 1e6 if latency else None,
        latency_p95_ms=latency.p95_ns / 1e6 if latency else None,
        latency_calls=latency.calls if latency else 0,
        scored_batch=model.scored_batch,
        slowdown=model.slowdown,
        slowdown_interval=model.slowdown_interval,
        throughput_per_s=model.throughput_per_s,
        native_throughput_per_s=model.native_throughput_per_s,
        gflops=model.gflops,
        native_gflops=model.native_gflops,
        share_of_native=1 / model.time_ratio if model.time_ratio else None,
    )


def _raw(found: Findings) -> CapstoneRaw:
    kept = [f.ratio for f in found.of(fig.CompressionFigures) if f.kept]
    shipped = {f.model: f.accuracy for f in found.of(fig.AccuracyFigures)}
    return CapstoneRaw(
        latency_ms={m.name: m.latency.median_ns / 1e6 for m in found.models if m.latency},
        throughput_per_s={
            m.name: m.throughput_per_s for m in found.models if m.throughput_per_s is not None
        },
        compression_ratio=max(kept, default=None),
        accuracy=shipped.get("mlp"),
    )


def _only(found: list[_T]) -> _T | None:
    return found[0] if found else None
