"""Processes that are killed while they write, and two that write at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

HERE = Path(__file__).parent


def _environ() -> dict[str, str]:
    """Without coverage in the children, which makes a fork ten times as slow as a write."""
    return {name: value for name, value in os.environ.items() if "COVERAGE" not in name}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork")
def test_a_thousand_killed_writers(target):
    command = [sys.executable, str(HERE / "killed_writers.py"), str(target), "1000", "20261122"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=110, check=False, env=_environ()
    )
    assert done.returncode == 0, done.stderr
    figures = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", done.stdout)}
    assert figures["kills"] == 1000
    assert figures["writes"] > 200, "the writers wrote at all"
    assert figures["killed_within_a_write"] > 20, "the kills hit writes"
    assert figures["litter"] == 0, "the next writer cleans up"


def test_two_processes_lose_no_update(target):
    command = [sys.executable, str(HERE / "counting_process.py"), str(target), "100"]
    both = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_environ())
        for _ in range(2)
    ]
    for process in both:
        _, said = process.communicate(timeout=100)
        assert process.returncode == 0, said
    assert msgspec.json.decode(target.read_bytes()) == {"schema": 1, "count": 200}
