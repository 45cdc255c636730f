"""A server of its own process, `serve.py`, and the empty database that it is given."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postgres_cluster import running_cluster

__all__ = ["empty_database", "served"]


@contextmanager
def empty_database(*, postgresql: bool) -> Iterator[str]:
    """Yield the address of a database without tables, on SQLite or a cluster of PostgreSQL's."""
    if postgresql:
        with running_cluster() as cluster:
            yield cluster.new_database()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/community.db"


@contextmanager
def served(url: str, largest_group: int = 512) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Yield the address and the process of a server on that database; stop it in the end."""
    program = Path(__file__).with_name("serve.py")
    process = subprocess.Popen(
        [sys.executable, str(program), url, str(largest_group)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
    finally:
        process.terminate()
        process.wait(timeout=60)
