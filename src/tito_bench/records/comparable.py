"""Which records can be compared with each other, and what keeps the others from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tito_bench.records.benchmark import OperationRecord
    from tito_bench.records.read import Kind, OperationKey, RecordHeader

__all__ = ["Difference", "differences", "newest_scored", "same_definition"]

Difference = Literal["kernels", "subject", "workload", "parts"]
"""Why the scores of two records say different things: another version of the native kernels,
another subject, operations defined otherwise, or other groups or tracks that were measured."""


def newest_scored(entries: Sequence[RecordHeader], kind: Kind) -> RecordHeader | None:
    """Return the record that others of its kind are compared with: the newest with a score."""
    of_kind = [entry for entry in entries if entry.kind == kind]
    return next((entry for entry in reversed(of_kind) if entry.score is not None), None)


def differences(entry: RecordHeader, other: RecordHeader) -> tuple[Difference, ...]:
    """Return what keeps the scores of two records of one kind from being compared, if anything.

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
    """Return whether the scores of both are made of the same operations."""
    if mine == theirs:
        return True
    scored = [{key.name: key for key in keys if key.scored} for keys in (mine, theirs)]
    return scored[0].keys() == scored[1].keys() and all(
        same_definition(key, scored[1][name]) for name, key in scored[0].items()
    )


def same_definition(
    mine: OperationKey | OperationRecord, theirs: OperationKey | OperationRecord
) -> bool:
    """Return whether two operations of one name are the same work.

    A record without hashes is taken at the word of its version.
    """
    hashes = {mine.definition, theirs.definition} - {None}
    return mine.version == theirs.version and len(hashes) < 2
