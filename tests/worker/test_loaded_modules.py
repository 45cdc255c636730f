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
    [("baseline", set()), ("capstone", {"capstone"}), ("explain", {"explain", "capstone"})],
)
def test_a_worker_loads_no_package_of_another_purpose(purpose: str, beside: set[str]) -> None:
    command = [sys.executable, "-c", LOADED, purpose]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    of_one_purpose = {"capstone", "explain", "records", "report", "cli", "community", "website"}
    assert set(done.stdout.split()) & of_one_purpose == beside


LOOKED_INTO = """
import sys
from tito_bench.measure.messages import Load
from tito_bench.worker import native_reference
from tito_bench.worker.request_handler import RequestHandler
found, looked = native_reference._is_right, []
native_reference._is_right = lambda blas: looked.append(blas) or found(blas)
answer = RequestHandler(1, "baseline").answer(Load("numpy", ".", operations=tuple(sys.argv[1:])))
print(type(answer).__name__, len(looked))
"""


@pytest.mark.parametrize(("operations", "times"), [([], 0), (["matmul_100"], 1)])
def test_no_blas_is_looked_into_where_nothing_is_measured(
    operations: list[str], times: int
) -> None:
    """As doctor asks: multiplying to see whether it is right took most of its time."""
    command = [sys.executable, "-c", LOOKED_INTO, *operations]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Loaded", str(times)]
