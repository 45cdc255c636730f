"""What a product costs besides its multiply-adds: NumPy's BLAS beside our kernels.

    python benchmarks/packing.py [--rounds 7]

For every instruction set of this CPU, in a process that is held to it (kernels,
OpenBLAS and NumPy alike), times np.matmul and our sgemm on 64 shapes in random
order, and fits to the medians, by least squares of relative errors,

    time = multiply-adds / speed + p m k + q k n + r m n + constant

Prints speed, p and q, and by how much the formula misses (rms).
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import subprocess
import sys
from collections.abc import Callable
from statistics import median

import numpy as np
import threadpoolctl
from fairness_lab.contention import cores
from fairness_lab.machines import clean_environ, instruction_sets

from tito_bench import _native

_SHAPES = tuple(itertools.product((64, 128, 256, 512), (128, 256, 512, 784), (64, 128, 256, 512)))
_FLOPS_PER_SAMPLE = 4e7
_HELD = "TITO_BENCHMARK_HELD"


def main() -> int:
    """Print a line for np.matmul and one for our kernel, for each instruction set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if _HELD in os.environ:
        _print_fits(options.rounds)
        return 0
    print(f"{'':<22}{'GFLOP/s':>9}{'p: ns':>9}{'q: ns':>9}{'rms':>7}")
    for one in instruction_sets():
        environ = {**clean_environ(), **one.environ(), "OPENBLAS_NUM_THREADS": "1", _HELD: "1"}
        subprocess.run([sys.executable, *sys.argv], env=environ, check=True)
    return 0


def _print_fits(rounds: int) -> None:
    os.sched_setaffinity(0, {cores()[1]})
    threadpoolctl.threadpool_limits(1)
    kernels = _native.Kernels()
    with _native.AlignedArrays():
        ours, theirs = _times(kernels, rounds)
    for name, times in (("np.matmul", theirs), ("sgemm", ours)):
        (seconds, p, q, *_), rms = _fit(times)
        title = f"{kernels.target} {name}"
        print(f"{title:<22}{2 / seconds:>9.0f}{p:>9.2f}{q:>9.2f}{100 * rms:>6.1f}%", flush=True)


def _times(kernels: _native.Kernels, rounds: int) -> tuple[list[float], list[float]]:
    """Return the medians of our kernel and of np.matmul in ns, in the order of _SHAPES."""
    draw = np.random.default_rng(0)
    arrays, ours, theirs = {}, {}, {}
    for m, k, n in _SHAPES:
        a, b = (draw.uniform(-1, 1, size).astype(np.float32) for size in ((m, k), (k, n)))
        out = np.zeros((m, n), dtype=np.float32)
        arrays[m, k, n] = a, b, kernels.sgemm(a.data, b.data, out.data)
        ours[m, k, n], theirs[m, k, n] = [], []
    for _ in range(rounds):
        for shape in random.sample(_SHAPES, len(_SHAPES)):
            a, b, call = arrays[shape]
            loops = max(2, int(_FLOPS_PER_SAMPLE / call.flops))
            ours[shape].append(_call_ns(lambda n, c=call: _native.time_calls([c], n), loops))
            theirs[shape].append(
                _call_ns(lambda n, x=(a, b): _native.time_callable(np.matmul, [x], n)[0], loops)
            )
    return [median(ours[s]) for s in _SHAPES], [median(theirs[s]) for s in _SHAPES]


def _call_ns(time: Callable[[int], _native.Timing], loops: int) -> float:
    time(2)  # warms the caches
    return time(loops).cpu_ns / loops


def _fit(times: list[float]) -> tuple[np.ndarray, float]:
    """Return the terms of the formula, in ns, and the rms of its relative errors."""
    terms = np.array([[m * k * n, m * k, k * n, m * n, 1.0] for m, k, n in _SHAPES])
    weights = 1 / np.array(times)
    found = np.linalg.lstsq(terms * weights[:, None], np.ones(len(times)), rcond=None)[0]
    errors = terms @ found * weights - 1
    return found, float(np.sqrt(np.mean(errors**2)))


if __name__ == "__main__":
    sys.exit(main())
