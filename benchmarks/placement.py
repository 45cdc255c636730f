"""How much the place of a process in memory decides: fresh processes, placed at random or not.

    python benchmarks/placement.py [--processes 15]

Each process times a product of 100x100 that is looped in Python beside the
smallest array call, and gives the median of their ratio. Processes that Linux
places at random (its default) and at fixed addresses take turns. Prints the
coefficient of variation of either kind.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from statistics import median

import numpy as np
from fairness_lab.contention import cores
from fairness_lab.machines import clean_environ

from tito_bench import _native
from tito_bench.measure.aslr import fixed_addresses
from tito_bench.statistics import coefficient_of_variation

_HELD = "TITO_BENCHMARK_HELD"
_ROUNDS, _LOOPS = 20, 4000


def main() -> int:
    """Print a line for each kind of placement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=15)
    options = parser.parse_args()
    if _HELD in os.environ:
        print(_ratio())
        return 0
    kinds = {"at random": contextlib.nullcontext, "at fixed addresses": fixed_addresses}
    ratios: dict[str, list[float]] = {kind: [] for kind in kinds}
    environ = {**clean_environ(), _HELD: "1"}
    for _ in range(options.processes):
        for kind, placed in kinds.items():
            with placed():
                done = subprocess.run(
                    [sys.executable, *sys.argv], env=environ, stdout=subprocess.PIPE, check=True
                )
            ratios[kind].append(float(done.stdout))
    for kind, found in ratios.items():
        spread = 100 * coefficient_of_variation(found)
        print(f"{kind:<20}ratio {median(found):>8.0f}   CV {spread:.2f}%")
    return 0


def _ratio() -> float:
    os.sched_setaffinity(0, {cores()[0]})
    draw = np.random.default_rng(0)
    a, b = (draw.random((100, 100), dtype=np.float32) for _ in range(2))
    tiny = np.ones(1, dtype=np.float32)

    def dispatch_ns() -> float:
        return _native.time_callable(np.add, [(tiny, tiny)], _LOOPS)[0].cpu_ns / _LOOPS

    ratios = []
    for _ in range(_ROUNDS):
        before = dispatch_ns()
        looped_ns = _native.time_callable(_looped_product, [(a, b)], 1)[0].cpu_ns
        ratios.append(2 * looped_ns / (before + dispatch_ns()))
    return median(ratios)


def _looped_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.zeros((a.shape[0], b.shape[1]), dtype=np.float32)
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            out[i, j] = np.dot(a[i, :], b[:, j])
    return out


if __name__ == "__main__":
    sys.exit(main())
