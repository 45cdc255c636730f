"""A worker loads what its purpose needs, and nothing else of ours."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = """
import sys
from tito_bench.worker import __main__
from tito_bench.worker.request_handler import RequestHandler
RequestHandler(1, sys.argv[1])
print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith("tito_bench.")}))
"""


@pytest.mark.parametrize(
    ("purpose", "beside"),
    [("baseline", set()), ("capstone", {"capstone"}), ("explain", {"explain"})],
)
def test_a_worker_loads_no_package_of_another_purpose(purpose: str, beside: set[str]) -> None:
    command = [sys.executable, "-c", LOADED, purpose]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    of_one_purpose = {"capstone", "explain", "records", "report", "cli", "community", "website"}
    assert set(done.stdout.split()) & of_one_purpose == beside
