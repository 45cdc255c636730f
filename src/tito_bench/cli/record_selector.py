"""Which record a word on the command line means: a file, `latest`, `latest~1`, a day, a minute."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tito_bench.errors import StoreError, UsageError
from tito_bench.records.benchmark import BenchmarkRecord, decode_record
from tito_bench.records.capstone import CapstoneRecord, decode_capstone
from tito_bench.records.record_header import Kind, NotARecord, RecordHeader, decode_header, why_not
from tito_bench.records.store import read_bytes, show_path
from tito_bench.records.validate import validate
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RECORD_WORDS", "Chosen", "choose_pair", "choose_record", "load_record"]

RECORD_WORDS = (
    "a file, latest, latest~1 (the one before), or a day or minute as 2026-11-22 or "
    "'2026-11-22 20:30' (its newest record, UTC)"
)
"""What can be said for a record, for help and errors."""

_LATEST = re.compile(r"latest(?:~(\d{1,9}))?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2})?")  # as a history shows it


@dataclass(frozen=True)
class Chosen:
    """A record and its entry; `entry.file` is its name as people would type it."""

    path: Path
    entry: RecordHeader


def choose_record(
    word: str, folder: Path, cwd: Path, entries: Sequence[RecordHeader], kind: Kind | None = None
) -> Chosen:
    """The record that `word` means.

    Parameters
    ----------
    word
        `latest`, `latest~N` (N records before it), a day or a minute (its
        newest record), or a file: relative to `cwd`, or the bare name of one in `folder`.
        A file that is called like one of the words is written `./latest`.
    folder, entries
        The project's records: where, and all of them, oldest to newest.
    kind
        Count only records of this kind; a file may be of any.

    Raises
    ------
    UsageError
        No record is meant; the text says which there are.
    StoreError
        The file is there and is no record.
    """
    latest = _LATEST.fullmatch(word)
    if latest is not None:
        return _chosen(folder, _back(word, int(latest[1] or 0), entries, kind))
    if _MOMENT.fullmatch(word):
        return _chosen(folder, _at(word, entries, kind))
    if not word or (cwd / word).is_dir():
        raise UsageError(f"{safe_text(word) or 'nothing'} is no record: name {RECORD_WORDS}")
    for path in (cwd / word, *([] if _has_folder(word) else [folder / word])):
        data = read_bytes(path)
        if data is not None:
            try:
                return Chosen(path, decode_header(data, path.name))
            except NotARecord as reason:
                raise _no_record(path, reason) from reason
    raise UsageError(
        f"there is no record {safe_text(word)}: name {RECORD_WORDS}; "
        "list them with: tito-bench benchmark history"
    )


def choose_pair(
    words: tuple[str, str],
    folder: Path,
    cwd: Path,
    entries: Sequence[RecordHeader],
    kind: Kind | None = None,
) -> tuple[Chosen, Chosen]:
    """Two records of one kind; arguments and errors as of `choose_record`.

    Without a `kind`, a file decides which kind the other word counts, and
    where there is no file the newest record.
    """
    if kind is None:
        files = [
            word for word in words if not _LATEST.fullmatch(word) and not _MOMENT.fullmatch(word)
        ]
        if files:
            kind = choose_record(files[0], folder, cwd, entries).entry.kind
        elif entries:
            kind = entries[-1].kind
    first, second = (choose_record(word, folder, cwd, entries, kind) for word in words)
    if first.entry.kind != second.entry.kind:
        raise UsageError(
            f"{safe_text(words[0])} is a {first.entry.kind} and {safe_text(words[1])} a "
            f"{second.entry.kind}, which have no operation in common; name two of one kind"
        )
    return first, second


def load_record(path: Path) -> BenchmarkRecord | CapstoneRecord:
    """The whole record in `path`, samples and all.

    Raises `StoreError` where there is none, or something else is.
    """
    data = read_bytes(path)
    if data is None:
        raise StoreError(f"{show_path(path)} is not there any more; choose another record")
    try:
        kind = decode_header(data, path.name).kind
        record = decode_record(data) if kind == "baseline" else decode_capstone(data)
    except NotARecord as reason:
        raise _no_record(path, reason) from reason
    except ValueError as error:
        raise _no_record(path, why_not(data, error)) from error
    fault = validate(record)
    if fault is not None:
        raise _no_record(path, NotARecord("broken", fault))
    return record


def _chosen(folder: Path, entry: RecordHeader) -> Chosen:
    return Chosen(folder / entry.file, entry)


def _counted(entries: Sequence[RecordHeader], kind: Kind | None) -> list[RecordHeader]:
    return [entry for entry in entries if kind in {None, entry.kind}]


def _back(
    word: str, steps: int, entries: Sequence[RecordHeader], kind: Kind | None
) -> RecordHeader:
    counted = _counted(entries, kind)
    if steps < len(counted):
        return counted[-1 - steps]
    raise UsageError(f"{word}: {_how_many(entries, kind)}")


def _at(word: str, entries: Sequence[RecordHeader], kind: Kind | None) -> RecordHeader:
    """The newest record of a day or a minute."""
    begin = word.replace("T", " ")
    try:
        datetime.fromisoformat(begin)
    except ValueError:
        raise UsageError(f"{word} is no day of the calendar; name one as 2026-11-22") from None
    found = [e for e in _counted(entries, kind) if e.created_at.isoformat(" ").startswith(begin)]
    if found:
        return found[-1]
    raise UsageError(f"no record was made on {word} (UTC); {_how_many(entries, kind)}")


def _how_many(entries: Sequence[RecordHeader], kind: Kind | None) -> str:
    """What there is, and how to see it or to get more."""
    named = f"{kind} record" if kind else "record"
    counted = _counted(entries, kind)
    others = {entry.kind for entry in entries} - {kind} if kind else set()
    also = "".join(f" (for a {other} add --type {other})" for other in sorted(others))
    if not counted:
        return f"there is no {named} yet{also}; run: tito-bench benchmark {kind or 'baseline'}"
    there = f"are {len(counted)} {named}s" if len(counted) > 1 else f"is one {named}"
    return f"there {there}{also}; list them with: tito-bench benchmark history"


def _no_record(path: Path, reason: NotARecord) -> StoreError:
    from tito_bench.report.record_wording import explain_skipped

    return StoreError(f"{show_path(path)}: {explain_skipped(reason.skip, str(reason))}")


def _has_folder(word: str) -> bool:
    return "/" in word or "\\" in word
