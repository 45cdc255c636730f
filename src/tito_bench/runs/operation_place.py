"""Where in the student's files an operation of a record spends its time, or broke."""

from __future__ import annotations

from pathlib import Path

from tito_bench.kinds import kind_of
from tito_bench.records.benchmark import OperationRecord, SubjectRecord
from tito_bench.subjects.source_places import SourcePlace, find_loop, find_method, places_in
from tito_bench.workloads.suites import OPERATIONS

__all__ = ["operation_place"]


def operation_place(
    root: Path, subject: SubjectRecord, operation: OperationRecord
) -> SourcePlace | None:
    """Return the line that a failure names, else the method that failed; or the loop of an
    operation that is mostly one.

    The files are looked at as they are now, so ask it of a record that was just made. None
    where it does not know: another run, of `explain`, may.
    """
    known = OPERATIONS.get(operation.name)
    methods = () if known is None else kind_of(known).student_methods
    if operation.failure is not None:
        named = next(places_in(root, operation.failure.reason), None)
        return named or find_method(root, subject.files, methods)
    return find_loop(root, subject.files, methods) if operation.is_looped else None
