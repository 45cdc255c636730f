"""All records of a project, oldest to newest, and which of them can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tito_bench.errors import StoreError
from tito_bench.records.record_header import (
    Kind,
    NotARecord,
    OperationKey,
    RecordHeader,
    Skip,
    decode_header,
)
from tito_bench.records.store import DISK, list_names, read_bytes, show_path

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.records.benchmark import OperationRecord
    from tito_bench.records.filesystem import FileSystem

__all__ = [
    "Difference",
    "History",
    "Skipped",
    "differences",
    "read_history",
    "same_definition",
    "yardstick",
]

Difference = Literal["kernels", "subject", "workload", "parts"]
"""Why the scores of two records say different things: another version of the native kernels,
another subject, operations defined otherwise, or other groups or tracks that were measured."""


@dataclass(frozen=True)
class Skipped:
    """A file that is not shown. `file` is its name; `detail` is foreign text."""

    file: str
    skip: Skip
    detail: str


@dataclass(frozen=True)
class History:
    """The records of a project, oldest to newest, and the files that are none."""

    entries: tuple[RecordHeader, ...]
    skipped: tuple[Skipped, ...]

    def of(self, kind: Kind) -> tuple[RecordHeader, ...]:
        """The records of one kind."""
        return tuple(entry for entry in self.entries if entry.kind == kind)


def read_history(folder: Path, disk: FileSystem = DISK) -> History:
    """Read all records of `folder`, which need not exist.

    A file that is no record, or cannot be read, is skipped with its reason.
    Raises `StoreError` where the folder itself cannot be read.
    """
    entries: list[RecordHeader] = []
    skipped: list[Skipped] = []
    for name in sorted(list_names(folder, disk)):
        if not name.endswith(".json") or name.startswith("."):
            continue
        try:
            entries.append(decode_header(read_bytes(folder / name, disk) or b"", name))
        except NotARecord as reason:
            skipped.append(Skipped(name, reason.skip, str(reason)))
        except StoreError as error:
            # Without the path: a page with this text is made to be handed on.
            said = str(error).removeprefix(f"cannot read {show_path(folder / name)}: ")
            skipped.append(Skipped(name, "unreadable", said))
    entries.sort(key=lambda entry: (entry.created_at, entry.file))
    return History(tuple(entries), tuple(skipped))


def yardstick(entries: Sequence[RecordHeader], kind: Kind) -> RecordHeader | None:
    """The record that others of its kind are compared with: the newest that has a score."""
    of_kind = [entry for entry in entries if entry.kind == kind]
    return next((entry for entry in reversed(of_kind) if entry.score is not None), None)


def differences(entry: RecordHeader, other: RecordHeader) -> tuple[Difference, ...]:
    """What keeps the scores of two records of one kind from being compared; nothing where they can.

    Another machine, kernel target or version of tito-bench does not: that is
    what the native kernels are measured for.
    """
    found: dict[Difference, bool] = {
        "kernels": entry.kernels_version != other.kernels_version,
        "subject": entry.subject != other.subject,
        "workload": not _same_workload(entry.operations, other.operations),
        "parts": set(entry.parts) != set(other.parts),
    }
    return tuple(difference for difference, differs in found.items() if differs)


def _same_workload(mine: Sequence[OperationKey], theirs: Sequence[OperationKey]) -> bool:
    """Whether the scores of both are made of the same operations."""
    if mine == theirs:
        return True
    scored = [{key.name: key for key in keys if key.scored} for keys in (mine, theirs)]
    return scored[0].keys() == scored[1].keys() and all(
        same_definition(key, scored[1][name]) for name, key in scored[0].items()
    )


def same_definition(
    mine: OperationKey | OperationRecord, theirs: OperationKey | OperationRecord
) -> bool:
    """Whether two operations of one name are the same work.

    A record without hashes is taken at the word of its version.
    """
    hashes = {mine.definition, theirs.definition} - {None}
    return mine.version == theirs.version and len(hashes) < 2
