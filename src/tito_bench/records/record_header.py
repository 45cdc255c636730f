"""A record seen from afar: what a history shows of it, without its samples.

Only the named fields are decoded; the rest of a file, which is nearly all of
it, is checked to be JSON and passed over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from tito_bench.foreign_json import NOT_JSON, without_bom
from tito_bench.measure.verdict import Status

__all__ = ["Kind", "NotARecord", "OperationKey", "RecordHeader", "Skip", "decode_header", "why_not"]

Kind = Literal["baseline", "capstone"]
Skip = Literal["broken", "half", "newer", "foreign", "unreadable"]
"""Why a file is passed over: no JSON, JSON that ends too early or lacks something, of a later
schema, not one of ours, or not to be read at all."""

_SCHEMA = 1
_Score = Annotated[float, msgspec.Meta(ge=0, le=100)]


class NotARecord(ValueError):
    """The bytes are no record that can be shown; `skip` says what they are, the text more."""

    def __init__(self, skip: Skip, detail: str) -> None:
        super().__init__(detail)
        self.skip = skip


class OperationKey(msgspec.Struct, frozen=True):
    """Which operation was measured: equal keys of two records mean equal work.

    `definition` is None in the first records, which did not have it.
    """

    name: str
    version: int
    scored: bool
    definition: str | None = None


class RecordHeader(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a project.

    Attributes
    ----------
    file
        Its name in `.tito/benchmarks`, or the path that was given.
    created_at
        UTC.
    score, score_interval
        0 to 100 and its 95% interval; None where nothing could be scored. The
        overall of a capstone has an interval only if speed alone makes it,
        for no other track has one.
    verdict
        `"stable"`, `"unstable"` or `"invalid"`.
    subject, subject_version, fingerprint
        Whose code (`"numpy"` or `"tinytorch"`); foreign text.
    parts, parts_asked
        What the score is made of, and what it could have been made of: the
        groups of a baseline, the tracks of a capstone.
    operations
        What was measured, in the order of the record.
    slowdowns
        Of each group, None where it was not measured.
    """

    file: str
    kind: Kind
    created_at: datetime
    score: float | None
    score_interval: tuple[float, float] | None
    verdict: Status
    subject: str
    subject_version: str | None
    fingerprint: str | None
    cpu_model: str
    kernel_target: str
    kernels_version: str
    tito_bench_version: str
    parts: tuple[str, ...]
    parts_asked: tuple[str, ...]
    operations: tuple[OperationKey, ...]
    slowdowns: dict[str, float | None] = {}


class _Subject(msgspec.Struct):
    name: str
    version: str | None
    fingerprint: str | None


class _Machine(msgspec.Struct):
    cpu_model: str


class _Runtime(msgspec.Struct):
    kernel_target: str
    kernels_version: str


class _SystemInfo(msgspec.Struct):
    machine: _Machine
    runtime: _Runtime


class _Verdict(msgspec.Struct):
    status: Status


class _BaselineMetrics(msgspec.Struct):
    slowdowns: dict[str, float | None]
    score: _Score | None
    score_interval: tuple[_Score, _Score] | None


class _CapstoneMetrics(msgspec.Struct, kw_only=True):
    slowdowns: dict[str, float | None] = {}
    tracks: dict[str, _Score | None]
    overall: _Score | None
    score_interval: tuple[_Score, _Score] | None


class _Seen(msgspec.Struct, tag_field="kind"):
    schema: Literal[1]
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    tito_bench_version: str
    subject: _Subject
    system_info: _SystemInfo
    operations: tuple[OperationKey, ...]
    verdict: _Verdict


class _Baseline(_Seen, tag="baseline"):
    normalized_metrics: _BaselineMetrics


class _Capstone(_Seen, tag="capstone"):
    tracks_requested: list[str]
    normalized_metrics: _CapstoneMetrics


_decoder = msgspec.json.Decoder(_Baseline | _Capstone)


def decode_header(data: bytes, file: str) -> RecordHeader:
    """The entry of the record in `data`. Raises `NotARecord`."""
    try:
        seen = _decoder.decode(without_bom(data))
        created_at = seen.created_at.astimezone(UTC)
    except NOT_JSON as error:
        raise why_not(data, error) from error
    except OverflowError as error:
        raise NotARecord("broken", "its time is beyond the calendar") from error
    if isinstance(seen, _Baseline):
        measured = seen.normalized_metrics
        score, interval, parts = measured.score, measured.score_interval, measured.slowdowns
        asked = tuple(parts)
    else:
        overall = seen.normalized_metrics
        score, interval, parts = overall.overall, overall.score_interval, overall.tracks
        asked = tuple(seen.tracks_requested)
    found = tuple(name for name, value in parts.items() if value is not None)
    only_speed = isinstance(seen, _Baseline) or found == ("speed",)
    return RecordHeader(
        file=file,
        kind="baseline" if isinstance(seen, _Baseline) else "capstone",
        created_at=created_at,
        score=score,
        score_interval=interval if score is not None and only_speed else None,
        verdict=seen.verdict.status,
        subject=seen.subject.name,
        subject_version=seen.subject.version,
        fingerprint=seen.subject.fingerprint,
        cpu_model=seen.system_info.machine.cpu_model,
        kernel_target=seen.system_info.runtime.kernel_target,
        kernels_version=seen.system_info.runtime.kernels_version,
        tito_bench_version=seen.tito_bench_version,
        parts=found,
        parts_asked=asked,
        operations=seen.operations,
        slowdowns=seen.normalized_metrics.slowdowns,
    )


def why_not(data: bytes, error: Exception) -> NotARecord:
    """What `data` is, which could not be decoded because of `error`."""
    try:
        found = msgspec.json.decode(without_bom(data))
    except NOT_JSON as fault:
        ended = not data.strip() or "truncated" in str(fault)
        return NotARecord("half" if ended else "broken", str(fault))
    if not isinstance(found, dict):
        return NotARecord("foreign", f"a JSON {_json_name(found)}, not an object")
    schema, kind = found.get("schema"), found.get("kind")
    if kind not in {"baseline", "capstone"} or not isinstance(schema, int):
        named = found.get("benchmark_type")
        course = isinstance(named, str) and named.startswith(("baseline", "capstone"))
        return NotARecord("foreign", "by TinyTorch's own command" if course else "no record")
    if schema > _SCHEMA:
        return NotARecord("newer", f"schema {schema}" if schema < 10**9 else "a large schema")
    return NotARecord("broken", str(error))


def _json_name(value: object) -> str:
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
