"""Benchmark submissions: what of a record a student may share, and where it is kept.

A submission is built from a list of allowed fields, never by leaving fields
out: what is not named here cannot be in it. It is written to
`.tinytorch/submissions/` and stays on this machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tito_bench import __version__
from tito_bench.errors import StoreError
from tito_bench.foreign_json import NotJson, decode_foreign_json
from tito_bench.records.project_layout import Layout
from tito_bench.records.schema import DocumentKind, encode
from tito_bench.records.store import DISK, add_stamped, utc_text
from tito_bench.safe_text import safe_text
from tito_bench.subjects.code_origin import CodeOrigin

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tito_bench.records.filesystem import FileSystem

__all__ = [
    "SUBMISSION",
    "Submission",
    "SubmissionChoices",
    "build_submission",
    "random_id",
    "shared_part",
    "submission_bytes",
    "submission_object",
    "write_submission",
]

_MACHINE_FIELDS = ("cpu_model", "architecture", "cores_physical", "cores_logical", "ram_gib", "os")
_RUNTIME_FIELDS = (
    "python",
    "numpy",
    "blas",
    "blas_version",
    "blas_architecture",
    "blas_threads",
    "cores_usable",
    "kernel_target",
    "kernels_version",
)
# Of the baseline and of the capstone's tracks; a metric that is to be shared is named here.
_METRICS = (
    "tensor_ops_ms",
    "matmul_ms",
    "forward_pass_ms",
    "latency_ms",
    "throughput_per_s",
    "model_size_mib",
    "compression_ratio",
    "accuracy",
    "slowdowns",
    "composite",
    "score",
    "score_interval",
    "overall",
    "tensor_ops",
    "matmul",
    "forward_pass",
    "tracks",
    "speed",
    "compression",
    "efficiency",
)
_KINDS = ("baseline", "capstone")  # a tuple: what cannot be hashed may be looked for
_ABSENT = object()
_SUBJECT_FIELDS = ("name", "version", "whose")
_REASON_FIELDS = ("code", "what", "value")
_OS_NAME = re.compile(r"(\w+)(?: (\d+(?:\.\d+)?))?")
# What no allowed field should hold, were a record edited: MAC addresses and absolute paths.
_IDENTIFYING = re.compile(
    r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|(?<!\w)(?:~|[A-Za-z]:)?[/\\](?:[^/\\]+[/\\])*[^/\\]+"
)
_RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TEXT_LIMIT = 120
_LIST_LIMIT = 20


@dataclass(frozen=True)
class SubmissionChoices:
    """What the student agreed to have in the submission, beside the figures."""

    include_system_info: bool = False
    include_anonymous_id: bool = False


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """One submission; the order of the fields is the order in the file."""

    kind: Literal["submission"] = "submission"
    created_at: str
    tito_bench_version: str
    benchmark: Literal["baseline", "capstone", "other"]
    measured_at: str | None = None
    anonymous_id: str | None = None
    subject: dict[str, Any] = {}
    raw_metrics: dict[str, Any] = {}
    normalized_metrics: dict[str, Any] = {}
    verdict: dict[str, Any] = {}
    system_info: dict[str, Any] | None = None


def _from_course(found: dict[str, Any]) -> dict[str, Any]:
    """Migrate the files of TinyTorch's own commands. Their times were measured and
    stay; their scores were constants or ratios to constants, and go."""
    metrics = found.get("metrics")
    metrics = metrics if isinstance(metrics, Mapping) else {}
    named = found.get("benchmark_type")
    return {
        "kind": "submission",
        "created_at": _value(found.get("timestamp")) or "",
        "tito_bench_version": "",
        "benchmark": named if named in _KINDS else "other",
        "measured_at": _value(found.get("timestamp")),
        "raw_metrics": _figures({k: v for k, v in metrics.items() if k.endswith("_ms")}),
        "verdict": {"status": "not comparable", "reasons": []},
    }


SUBMISSION = DocumentKind("submission", Submission, 1, {0: _from_course})


def build_submission(
    record: Mapping[str, Any],
    choices: SubmissionChoices,
    now: datetime,
    anonymous_id: str | None = None,
) -> Submission:
    """Build the submission of a benchmark record (its JSON object); pure.

    Raises `StoreError` if the record does not say what it measured.
    """
    kind: Any = record.get("kind")
    if kind not in _KINDS:
        raise StoreError("the record is of neither a baseline nor a capstone; name another file")
    measured_at = record.get("created_at")
    return Submission(
        created_at=utc_text(now),
        tito_bench_version=__version__,
        benchmark=kind,
        measured_at=safe_text(measured_at, 40) if isinstance(measured_at, str) else None,
        anonymous_id=random_id(anonymous_id) if choices.include_anonymous_id else None,
        subject=_subject(record.get("subject")),
        raw_metrics=_figures(record.get("raw_metrics")),
        normalized_metrics=_figures(record.get("normalized_metrics")),
        verdict=_verdict(record.get("verdict")),
        system_info=_system(record.get("system_info")) if choices.include_system_info else None,
    )


def shared_part(submission: Submission) -> Submission:
    """Return the submission with every field passed through the lists once more, for a
    file may have been edited since it was written."""
    return msgspec.structs.replace(
        submission,
        created_at=safe_text(submission.created_at, 40),
        tito_bench_version=safe_text(submission.tito_bench_version, 40),
        measured_at=safe_text(submission.measured_at, 40) if submission.measured_at else None,
        anonymous_id=random_id(submission.anonymous_id),
        subject=_picked(submission.subject, _SUBJECT_FIELDS),
        raw_metrics=_figures(submission.raw_metrics),
        normalized_metrics=_figures(submission.normalized_metrics),
        verdict=_verdict(submission.verdict),
        system_info=None if submission.system_info is None else _system(submission.system_info),
    )


def random_id(found: str | None) -> str | None:
    """Return an id that is a random UUID, or None: another shape might say who someone is."""
    return found if found is not None and _RANDOM_ID.fullmatch(found) else None


def submission_bytes(submission: Submission) -> bytes:
    """Return exactly what is written, shown and, if the student agrees, sent."""
    return encode(SUBMISSION, submission)


def submission_object(submission: Submission) -> dict[str, Any]:
    """Return the same as a JSON object, for a larger document."""
    found: dict[str, Any] = msgspec.json.decode(submission_bytes(submission))
    return found


def write_submission(
    root: Path,
    record: Mapping[str, Any] | bytes,
    choices: SubmissionChoices,
    now: datetime,
    anonymous_id: str | None = None,
    disk: FileSystem = DISK,
) -> Path:
    """Build the submission of a record and keep it; the path of the new file.

    `record` is the benchmark record's JSON object or its bytes; nothing
    leaves this machine. Raises `StoreError` if it cannot be written.
    """
    if isinstance(record, bytes):
        try:
            record = decode_foreign_json(record, unique_keys=False)
        except NotJson as error:
            raise StoreError("this is no benchmark record; name another file") from error
        if not isinstance(record, Mapping):
            raise StoreError("this is no benchmark record; name another file")
    submission = build_submission(record, choices, now, anonymous_id)
    folder = Layout(root).submissions
    return add_stamped(folder, submission.benchmark, now, submission_bytes(submission), disk)


def _subject(found: Any) -> dict[str, Any]:
    """Return what is shared of the subject; whose code it was, not which functions."""
    picked = _picked(found, _SUBJECT_FIELDS)
    try:
        origin = msgspec.convert(found.get("origin"), CodeOrigin) if picked else None
    except msgspec.ValidationError:  # none, or a record that was edited
        return picked
    return picked if origin is None else picked | {"whose": origin.whose}


def _picked(found: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        return {}
    return {name: _value(found[name]) for name in names if name in found}


def _verdict(found: Any) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        return {}
    reasons = found.get("reasons")
    shared = [
        _picked(reason, _REASON_FIELDS)
        for reason in (reasons[:_LIST_LIMIT] if isinstance(reasons, list) else [])
    ]
    for reason in shared:
        if reason.get("code") == "failed_operation":
            # The text of an exception of the student's code: it may name their files.
            reason.pop("value", None)
    return {"status": _value(found.get("status")), "reasons": shared}


def _system(found: Any) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        return {}
    machine = _picked(found.get("machine"), _MACHINE_FIELDS)
    if machine.get("os") is not None:
        # A kernel's release may carry the name of who built it, or where.
        named = _OS_NAME.match(str(machine["os"]))
        machine["os"] = named.group() if named else None
    return {"machine": machine, "runtime": _picked(found.get("runtime"), _RUNTIME_FIELDS)}


def _value(found: Any) -> str | float | None:
    """Make text harmless and short, keep numbers as they are; null for anything else."""
    if isinstance(found, str):
        return _IDENTIFYING.sub("[removed]", safe_text(found, _TEXT_LIMIT))
    return found if isinstance(found, int | float) else None


def _figures(found: Any) -> dict[str, Any]:
    """Pick numbers, nulls and short lists of numbers under known names, groups of them nested."""
    if not isinstance(found, Mapping):
        return {}
    figures: dict[str, Any] = {}
    for name in _METRICS:
        item = found.get(name, _ABSENT)
        if isinstance(item, Mapping):
            figures[name] = _figures(item)
        elif isinstance(item, list):
            figures[name] = [value for value in item[:_LIST_LIMIT] if _is_figure(value)]
        elif _is_figure(item):
            figures[name] = item
    return figures


def _is_figure(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
