"""Whether a module-20 submission.json holds: its schema, its ranges, its improvements.

The rules are those of the course (module 20): see docs/guide/capstone.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tito_bench.did_you_mean import did_you_mean_file
from tito_bench.errors import StoreError
from tito_bench.foreign_json import NotJson, decode_foreign_json, read_file
from tito_bench.safe_text import safe_text

__all__ = ["Problem", "check_submission", "improvements", "read_submission"]

_MOST_BYTES = 1 << 20
_TOLERANCE = 0.01
"""Improvements may have been rounded to two digits: relative, or absolute below 1."""

# Each description is what a value must be, for people.
_Text = Annotated[str, Meta(pattern=r"\S", description="text")]
_Texts = Annotated[list[str], Meta(description="a list of text")]
_Count = Annotated[int, Meta(gt=0, le=10**15, description="a whole number above 0")]
_Positive = Annotated[float, Meta(gt=0, le=1e15, description="a number above 0, at most 1e15")]
_Deviation = Annotated[float, Meta(ge=0, le=1e15, description="a number from 0 to 1e15")]
_Share = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
_Number = Annotated[float, Meta(ge=-1e15, le=1e15, description="a number")]
_Type = Annotated[Literal["capstone_benchmark"], Meta(description='"capstone_benchmark"')]


class _System(msgspec.Struct):
    platform: _Text
    python_version: _Text
    numpy_version: _Text


class _Metrics(msgspec.Struct):
    parameter_count: _Count
    model_size_mb: _Positive
    latency_ms_mean: _Positive
    latency_ms_std: _Deviation
    throughput_samples_per_sec: _Positive
    accuracy: _Share
    latency_ms_median: _Positive | UnsetType = UNSET
    latency_ms_p95: _Positive | UnsetType = UNSET
    latency_ms_p99: _Positive | UnsetType = UNSET


class _Model(msgspec.Struct):
    model_name: _Text
    metrics: _Metrics


class _Optimized(_Model):
    techniques_applied: _Texts | UnsetType = UNSET


class _Improvements(msgspec.Struct):
    speedup: _Number
    compression_ratio: _Number
    accuracy_delta: _Number


class _Submission(msgspec.Struct):
    tinytorch_version: _Text
    timestamp: _Text
    submission_type: _Type
    system_info: _System
    baseline: _Model
    optimized: _Optimized | UnsetType = UNSET
    improvements: _Improvements | UnsetType = UNSET
    student_name: _Text | UnsetType = UNSET


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold: where in the document, and what."""

    where: str
    what: str


def read_submission(path: Path) -> Any:
    """Return the JSON document in `path`.

    Raises `StoreError` for a file that cannot be read, is larger than 1 MiB,
    or is no JSON; NaN, infinity and a key given twice are none.
    """
    try:
        data = read_file(path, _MOST_BYTES + 1)
    except OSError as error:
        meant = did_you_mean_file(path)
        said = f"{error.strerror or error}{meant and '; '}{meant}"
        raise StoreError(f"cannot read {path.name}: {said}") from error
    if len(data) > _MOST_BYTES:
        raise StoreError(f"{path.name} is larger than 1 MiB: no submission of module 20")
    try:
        return decode_foreign_json(data)
    except NotJson as error:
        raise StoreError(f"{path.name} is not JSON: {error}") from error


def check_submission(found: Any) -> tuple[Problem, ...]:
    """Return everything that does not hold in a decoded submission; nothing where all does.

    What follows from several values is looked at where each for itself holds.
    """
    problems = tuple(_shape(_Submission, found, ""))
    return problems or tuple(_relations(msgspec.convert(found, _Submission)))


def _shape(shape: type[msgspec.Struct], found: Any, where: str) -> Iterator[Problem]:
    """Yield the fields that are not as `shape` has them, those of its parts too."""
    if not isinstance(found, Mapping):
        yield Problem(where or "submission", "is missing or not an object")
        return
    for field in msgspec.structs.fields(shape):
        wanted = get_args(field.type)[0] if field.default is UNSET else field.type
        if field.name not in found and field.default is UNSET:
            continue
        name, value = f"{where}.{field.name}".lstrip("."), found.get(field.name)
        if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
            yield from _shape(wanted, value, name)
        elif not _holds(value, wanted):
            shown = f"is {_shown(value)}" if field.name in found else "is missing"
            yield Problem(name, f"{shown}; it must be {wanted.__metadata__[0].description}")


def _holds(value: Any, wanted: Any) -> bool:
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError:
        return False
    return True


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else safe_text(json.dumps(value), 40)


def _relations(found: _Submission) -> Iterator[Problem]:
    yield from _percentiles(found.baseline.metrics, "baseline.metrics")
    if found.optimized is UNSET:
        if found.improvements is not UNSET:
            yield Problem("improvements", "has no optimized model to be about")
        return
    yield from _percentiles(found.optimized.metrics, "optimized.metrics")
    if found.improvements is UNSET:
        yield Problem("improvements", "is missing beside optimized")
        return
    for name, value in _improvements(found.baseline.metrics, found.optimized.metrics).items():
        given = getattr(found.improvements, name)
        if abs(given - value) > _TOLERANCE * max(1.0, abs(value)):
            yield Problem(f"improvements.{name}", f"is {given:.4g}, the metrics give {value:.4g}")


def _percentiles(metrics: _Metrics, where: str) -> Iterator[Problem]:
    found = (metrics.latency_ms_median, metrics.latency_ms_p95, metrics.latency_ms_p99)
    values = [value for value in found if value is not UNSET]
    if values != sorted(values):
        yield Problem(where, "median, p95 and p99 do not grow in that order")


def improvements(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, float]:
    """Return what the course computes from the metrics of two models.

    Raises msgspec.ValidationError where they are none.
    """
    first, second = (msgspec.convert(metrics, _Metrics) for metrics in (before, after))
    return _improvements(first, second)


def _improvements(before: _Metrics, after: _Metrics) -> dict[str, float]:
    """Return what the course computes from both.

    The speedup is that of the medians where both models have one, as the course has it today,
    else that of the means: a median is never held against a mean.
    """
    medians = (before.latency_ms_median, after.latency_ms_median)
    speedup = before.latency_ms_mean / after.latency_ms_mean
    if medians[0] is not UNSET and medians[1] is not UNSET:
        speedup = medians[0] / medians[1]
    return {
        "speedup": speedup,
        "compression_ratio": before.model_size_mb / after.model_size_mb,
        "accuracy_delta": after.accuracy - before.accuracy,
    }
