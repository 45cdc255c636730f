"""Which native code is the reference of an operation: our kernels, or this machine's own BLAS.

The reference is the fastest native code that is known for an operation here, so that
nobody's score is made easier by a kernel that is slow on their processor: on Apple's,
Accelerate multiplies with a matrix unit that no kernel of ours reaches
(docs/design/reference.md). It is chosen before any code of the student's is there.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tito_bench import _native
from tito_bench.kinds import kind_of
from tito_bench.kinds.base import WEIGHTS_SEED
from tito_bench.machine.cblas import Cblas, find_cblas
from tito_bench.measure.messages import BlasProblem, Reading, References
from tito_bench.measure.sampling import Sampler, Timer, fastest_rounds
from tito_bench.measure.timing import native_timer
from tito_bench.statistics import median
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.operation import Operation

__all__ = ["Candidates", "find_candidates", "kernel_to_blas"]

# Beside the other half of its core a kernel with SSE2 that is 14% faster than OpenBLAS is 10%
# slower, for as long as that is busy: half a second at times. So the operations take turns, a few
# passes each, that what is chosen has been seen in several moments; and in all of these rounds the
# fastest quarter counts, as in a run. One pass after the other chose the slower code in a third of
# the runs.
_PASSES, _PASS_S = 4, 0.025
_MOST_ROUNDS = 60
_TURNED = 1.25
"""What is so many times faster is so whatever else the machine does: one pass will do."""
_SAMPLE_NS = 300_000
_ALONE = 1.3
"""CPU time of the process over that of the thread; the clocks have steps of up to 4 ms."""
_ALONE_NS = 20_000_000  # so that 0.3 of it is more than a step
# OpenBLAS's threads look for work for 2^26 ticks after a product: 0.1 s where ticks are slow.
_ALONE_TRIES = 15
_SHAPES = ((3, 5, 7), (1, 64, 33), (64, 64, 64), (65, 17, 96))
_SEED = 20261126

Side = Literal["kernel", "blas"]


@dataclass(frozen=True)
class Candidates:
    """The native code there is in this process.

    `blas` is None where NumPy's BLAS is no candidate, and `problem` says why.
    """

    kernels: _native.Kernels
    blas: _native.Kernels | None
    problem: BlasProblem | None

    def choose(self, operations: Iterable[Operation], pool: InputPool) -> References:
        """Find the faster candidate of each operation, by timing both."""
        if self.blas is None:
            return References({}, self.problem)
        timers: dict[str, Mapping[Side, Timer]] = {
            operation.name: {
                "kernel": native_timer(_bound(self.kernels, operation, pool)),
                "blas": native_timer(_bound(self.blas, operation, pool)),
            }
            for operation in operations
            if kind_of(operation).multiplies
        }
        return References(kernel_to_blas(timers), self.problem)

    def of(self, name: str, references: References) -> _native.Kernels:
        """Return what computes the native side of the operation of that name."""
        if references.name_of(name) == "blas" and self.blas is not None:
            return self.blas
        return self.kernels


def find_candidates(cblas: Cblas | None = None, references: References | None = None) -> Candidates:
    """Look for native code in this process; `cblas` is NumPy's own unless it is given.

    A BLAS that is wrong, or works in more threads than the calling one, is none. What an
    earlier worker of the run has found is not looked into again: it is in `references`.
    """
    kernels = _native.Kernels()
    if references is not None and references.problem is not None:
        return Candidates(kernels, None, references.problem)
    found = cblas or find_cblas()
    if found is None:
        return Candidates(kernels, None, "missing")
    blas = _native.Kernels(kernels.target, cblas_sgemm=found.address, ilp64=found.ilp64)
    if references is not None:
        return Candidates(kernels, blas, None)
    if not _is_right(blas):
        return Candidates(kernels, None, "wrong")
    if not _works_alone(blas):
        return Candidates(kernels, None, "threads")
    return Candidates(kernels, blas, None)


def kernel_to_blas(timers: Mapping[str, Mapping[Side, Timer]]) -> dict[str, float]:
    """Return how many times as long as the BLAS the kernel takes, by operation: the median ratio
    of the fastest rounds.

    `timers` has a timer for "kernel" and one for "blas" of each operation.
    """
    order = random.Random(_SEED)  # noqa: S311 - only an order
    sampler = Sampler(_MOST_ROUNDS, order, _SAMPLE_NS, time_s=_PASS_S, warm=False)
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in timers}
    for _ in range(_PASSES):
        for name, sides in timers.items():
            if not _is_clear(rounds[name]):
                taken = sampler.take(sides)
                rounds[name] += zip(taken.call_ns("kernel"), taken.call_ns("blas"), strict=True)
    return {name: _ratio(found) for name, found in rounds.items()}


def _is_clear(rounds: Sequence[tuple[float, float]]) -> bool:
    return bool(rounds) and not 1 / _TURNED <= _ratio(rounds) <= _TURNED


def _ratio(rounds: Sequence[tuple[float, float]]) -> float:
    fastest = fastest_rounds([kernel_ns * blas_ns for kernel_ns, blas_ns in rounds])
    return median(rounds[number][0] / rounds[number][1] for number in fastest)


def _bound(kernels: _native.Kernels, operation: Operation, pool: InputPool) -> _native.Call:
    inputs = tuple(np.zeros(shape, dtype=np.float32) for shape in operation.inputs)
    pool.fill(inputs, WEIGHTS_SEED)
    kind = kind_of(operation)
    out = np.zeros(kind.output_shape(operation), dtype=np.float32)
    return kind.native(kernels, inputs, kind.weights(operation), out)


def _is_right(blas: _native.Kernels) -> bool:
    """Return whether it multiplies: with and without a bias, whole blocks and odd ones."""
    draw = np.random.default_rng(_SEED)
    for m, k, n in _SHAPES:
        x, w = (draw.standard_normal(shape, dtype=np.float32) for shape in ((m, k), (k, n)))
        bias = draw.standard_normal(n, dtype=np.float32)
        out = np.full((m, n), np.nan, dtype=np.float32)
        for call, right in (
            (blas.sgemm(x, w, out), x.astype(np.float64) @ w),
            (blas.linear(x, w, bias, out), x.astype(np.float64) @ w + bias),
        ):
            call()
            # 4 lambda of workloads.oracle, for operands of a normal distribution.
            if not np.abs(out - right).max() <= 4 * k * np.finfo(np.float32).eps:
                return False
    return True


def _works_alone(blas: _native.Kernels) -> bool:
    """Return whether the calling thread does all the work of a product that is worth sharing."""
    a = np.full((384, 384), 0.5, dtype=np.float32)
    out = np.zeros_like(a)
    call = blas.sgemm(a, a, out)
    timer = native_timer(call)
    timer(1)  # the first one touches the pages
    loops = max(1, round(_ALONE_NS / max(1, timer(1).cpu_ns)))
    # A BLAS with more threads has them each time, what else runs in this process does not.
    return any(_is_alone(timer(loops)) for _ in range(_ALONE_TRIES))


def _is_alone(reading: Reading) -> bool:
    return reading.process_cpu_ns <= _ALONE * max(1, reading.cpu_ns)
