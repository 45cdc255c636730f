"""The view model of a history: the rows and columns that every form of it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import get_args

from tito_bench.records.comparable import Difference, differences, newest_scored
from tito_bench.records.read import History, Kind, RecordHeader, Skipped
from tito_bench.report.progress import part_change
from tito_bench.report.record_wording import difference_words, explain_skipped
from tito_bench.report.table import Column
from tito_bench.safe_text import safe_text

__all__ = ["COLUMNS", "HistoryRow", "HistoryView", "SkippedRow", "history_row", "history_view"]


@dataclass(frozen=True)
class HistoryRow:
    """One record. Texts are harmless; `created_at` is UTC.

    `differs` says why its score cannot be compared with that of the newest
    record of its kind; empty where it can. `part_change` says what more or less the
    score is made of than that of the record before, of the same kind and subject.
    """

    file: str
    kind: Kind
    created_at: datetime
    score: float | None
    score_interval: tuple[float, float] | None
    verdict: str
    subject: str
    subject_version: str | None
    cpu_model: str
    kernel_target: str
    kernels_version: str
    parts: tuple[str, ...]
    parts_asked: tuple[str, ...]
    differs: tuple[Difference, ...]
    part_change: str = ""

    @property
    def whose(self) -> str:
        """The subject with its version."""
        return f"{self.subject} {self.subject_version}" if self.subject_version else self.subject

    @property
    def comparable(self) -> bool:
        """Whether its score means the same as that of the newest record."""
        return not self.differs


@dataclass(frozen=True)
class SkippedRow:
    """A file that is no record, and why, in one line."""

    file: str
    skip: str
    reason: str


@dataclass(frozen=True)
class HistoryView:
    """What a history shows, oldest first. `earlier` rows were cut off by a limit."""

    records: tuple[HistoryRow, ...]
    earlier: int
    skipped: tuple[SkippedRow, ...]

    def of(self, kind: Kind) -> tuple[HistoryRow, ...]:
        """Return the rows of one kind."""
        return tuple(row for row in self.records if row.kind == kind)


def history_view(
    history: History, kind: Kind | None = None, limit: int | None = None
) -> HistoryView:
    """Return the newest `limit` records (all without), of one `kind` (both without)."""
    newest = {each: newest_scored(history.entries, each) for each in get_args(Kind)}
    changes = _part_changes(history.entries)
    wanted = history.entries if kind is None else history.of(kind)
    shown = wanted if limit is None else wanted[-limit:]
    return HistoryView(
        records=tuple(
            replace(history_row(entry, newest[entry.kind]), part_change=changes.get(entry.file, ""))
            for entry in shown
        ),
        earlier=len(wanted) - len(shown),
        skipped=tuple(map(_skipped, history.skipped)),
    )


def _part_changes(entries: Sequence[RecordHeader]) -> dict[str, str]:
    """Return by file what changed in what the score is made of since the record before."""
    last: dict[tuple[str, str], RecordHeader] = {}
    changes = {}
    for entry in entries:
        if entry.score is None:
            continue
        before = last.get((entry.kind, entry.subject))
        if before is not None:
            changes[entry.file] = part_change(entry.kind, before.slowdowns, entry.slowdowns)
        last[entry.kind, entry.subject] = entry
    return changes


def history_row(entry: RecordHeader, newest: RecordHeader | None = None) -> HistoryRow:
    """Return the row of one record; `newest` is the one that it should be comparable with."""
    version = entry.subject_version
    return HistoryRow(
        file=safe_text(entry.file),
        kind=entry.kind,
        created_at=entry.created_at,
        score=entry.score,
        score_interval=entry.score_interval,
        verdict=entry.verdict,
        subject=_short(entry.subject),
        subject_version=None if version is None else _short(version),
        cpu_model=_short(entry.cpu_model),
        kernel_target=_short(entry.kernel_target),
        kernels_version=_short(entry.kernels_version),
        parts=tuple(_short(part) for part in entry.parts),
        parts_asked=tuple(_short(part) for part in entry.parts_asked),
        differs=() if newest is None or entry is newest else differences(entry, newest),
    )


def _skipped(file: Skipped) -> SkippedRow:
    return SkippedRow(safe_text(file.file), file.skip, explain_skipped(file.skip, file.detail))


@lru_cache(maxsize=1024)
def _short(text: str) -> str:
    """Make a foreign text harmless; cached, for thousands of records repeat a few of them."""
    return safe_text(text, 40)


# -- the cells --------------------------------------------------------------------


def _points(score: float | None) -> str:
    return "" if score is None else f"{score:.1f}"


def _end(row: HistoryRow, end: int) -> str:
    return _points(None if row.score_interval is None else row.score_interval[end])


COLUMNS: Sequence[Column[HistoryRow]] = (
    Column("created_at", "when (UTC)", lambda row: f"{row.created_at:%Y-%m-%d %H:%M}"),
    Column("kind", "kind", lambda row: row.kind),
    Column("score", "score", lambda row: _points(row.score), right=True),
    Column("score_low", "from", lambda row: _end(row, 0), right=True),
    Column("score_high", "to", lambda row: _end(row, 1), right=True),
    Column("subject", "subject", lambda row: row.whose, foreign=True),
    Column("kernel_target", "kernels", lambda row: row.kernel_target, foreign=True),
    Column("verdict", "verdict", lambda row: row.verdict),
    Column("not_comparable", "not comparable", lambda row: difference_words(row.differs)),
    Column("file", "file", lambda row: row.file, foreign=True),
)
"""The columns of every table of a history; `score_low` and `score_high` are the 95% interval."""
