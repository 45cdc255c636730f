"""Run by test_processes.py: a writer is forked and killed, over and over; prints one line.

One process that forks is 50 times cheaper than one start of Python for each kill.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import filelock  # noqa: F401 - before the forks
import msgspec

from tito_bench.records.documents import Documents
from tito_bench.records.schema import DocumentKind


class State(msgspec.Struct, frozen=True):
    count: int
    text: str


STATE = DocumentKind("state", State, 1)
DOCUMENTS = Documents(lambda: datetime.now(UTC), lock_timeout_s=5)


def text_of(count: int) -> str:
    """Long, and different for each count, so that a mix of two would show."""
    return f"{count:06d}" * (200 + 997 * (count % 7))


def write_for_ever(path: Path, tell: int) -> None:
    """Say so, by one byte, before the first write and after each."""
    while True:
        os.write(tell, b".")
        DOCUMENTS.update(
            STATE, path, lambda old: State(old.count + 1, text_of(old.count + 1)) if old else None
        )


def main(path: Path, kills: int, seed: int) -> None:
    random.seed(seed)
    DOCUMENTS.update(STATE, path, lambda _old: State(0, text_of(0)))
    count = interrupted = writes = 0
    for _ in range(kills):
        hear, tell = os.pipe()
        child = os.fork()
        if child == 0:
            write_for_ever(path, tell)
        for _ in range(random.choice((1, 1, 2))):  # so that a slow machine writes as well
            os.read(hear, 1)
        time.sleep(random.uniform(0, 0.002))
        os.kill(child, signal.SIGKILL)
        os.close(hear)
        os.close(tell)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        interrupted += any(name.name.endswith(".tmp") for name in path.parent.iterdir())
        found = DOCUMENTS.load(STATE, path)
        assert found is not None
        assert found.value.text == text_of(found.value.count), "a mix"
        assert found.value.count >= count, "a write was lost"
        writes += found.value.count - count
        count = found.value.count
    final = DOCUMENTS.update(STATE, path, lambda old: old and State(old.count + 1, "end"))
    assert final is not None
    litter = sum(name.name.endswith(".tmp") for name in path.parent.iterdir())
    print(f"kills={kills} writes={writes} killed_within_a_write={interrupted} litter={litter}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
