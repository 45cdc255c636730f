"""Run by test_processes.py: add one to a counter, so many times."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tito_bench.records.documents import Documents
from tito_bench.records.schema import DocumentKind


class Counter(msgspec.Struct, frozen=True):
    count: int = 0


COUNTER = DocumentKind("counter", Counter, 1)

if __name__ == "__main__":
    documents = Documents(lambda: datetime.now(UTC), lock_timeout_s=60)
    for _ in range(int(sys.argv[2])):
        documents.update(
            COUNTER, Path(sys.argv[1]), lambda old: Counter((old.count if old else 0) + 1)
        )
