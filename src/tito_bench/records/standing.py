"""What the community part needs to know of a benchmark record: which, when, how good.

The one tolerant view of benchmark records: it reads those of this and of
newer versions, of the capstone as of the baseline, and the files that
TinyTorch's own commands left in `.tito/benchmarks` (which it shows, but does
not count: their scores were constants).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tito_bench.foreign_json import NotJson, decode_foreign_json
from tito_bench.records.store import DISK, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.records.filesystem import FileSystem

__all__ = ["Standing", "best_capstone", "parse_time", "read_standing", "read_standings"]

_FAULTY = frozenset({"invalid", "incorrect"})


@dataclass(frozen=True)
class Standing:
    """One record. `score` is 0..100 or None; `trusted` says whether it counts."""

    path: Path
    kind: str
    measured_at: datetime | None
    score: float | None
    status: str
    trusted: bool


def read_standing(path: Path, record: Any) -> Standing | None:
    """The view of one record (any JSON value); None if it is no benchmark record."""
    if not isinstance(record, Mapping):
        return None
    ours = _is_version(record.get("schema"))
    named = record.get("kind") if ours else record.get("benchmark_type")
    if not isinstance(named, str) or not named.startswith(("baseline", "capstone")):
        return None
    kind = "capstone" if named.startswith("capstone") else "baseline"
    verdict = record.get("verdict")
    status = verdict.get("status") if isinstance(verdict, Mapping) else verdict
    status = status if isinstance(status, str) else "unknown"
    simplified = named != kind or record.get("simplified") is True
    return Standing(
        path=path,
        kind=kind,
        measured_at=parse_time(record.get("created_at" if ours else "timestamp")),
        score=_score(record),
        status="simplified" if simplified else status if ours else "not comparable",
        trusted=ours and not simplified and status not in _FAULTY,
    )


def read_standings(folder: Path, disk: FileSystem = DISK) -> tuple[list[Standing], list[Path]]:
    """All records of the folder, oldest first, and what of that name is none.

    Raises `StoreError` where the folder or a file of it cannot be read.
    """
    found: list[Standing] = []
    unreadable: list[Path] = []
    for path in sorted(folder.glob("*.json")):
        data = None if path.is_dir() else read_bytes(path, disk)
        try:
            record = decode_foreign_json(data or b"", unique_keys=False)
        except NotJson:
            record = None
        standing = read_standing(path, record)
        if standing is None:
            unreadable.append(path)
        else:
            found.append(standing)
    found.sort(key=lambda standing: (standing.measured_at or _EPOCH, standing.path.name))
    return found, unreadable


def best_capstone(standings: Iterable[Standing]) -> float | None:
    """The highest score of a capstone record that counts; 0 is a score, None is none."""
    scores = [
        standing.score
        for standing in standings
        if standing.kind == "capstone" and standing.trusted and standing.score is not None
    ]
    return max(scores, default=None)


def parse_time(text: Any) -> datetime | None:
    """An ISO 8601 time as UTC; one without a zone is taken as UTC. None if it is none."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _is_version(schema: Any) -> bool:
    return isinstance(schema, int) and not isinstance(schema, bool) and schema >= 1


def _score(record: Mapping[str, Any]) -> float | None:
    metrics = record.get("normalized_metrics")
    metrics = metrics if isinstance(metrics, Mapping) else {}
    for found in (metrics.get("overall"), metrics.get("score"), record.get("overall_score")):
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found) if 0 <= found <= 100 and math.isfinite(found) else None
    return None
