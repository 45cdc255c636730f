"""How fast the native kernels are on one core, measured in this process.

No worker is needed: nothing here is a student's code, no BLAS is called, and
the kernels run in one thread. Samples are taken in random order within a
round, so that a machine that warms up slows them alike.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tito_bench import _native
from tito_bench.records.calibration import Bandwidth, Clocks, Figure, SgemmSpeed, TargetSpeed

__all__ = ["Sampler", "measure_bandwidth", "measure_clocks", "measure_target"]

_CPU_CLOCK_IS_COARSE = sys.platform == "win32"  # it advances in steps of 15.6 ms
_LANES = 16
# Arrays at the same place within a page make stores wait for loads of one another.
_GAP = 256 + _LANES
_PEAK = "peak"


@dataclass(frozen=True)
class Sampler:
    """Takes samples of about `sample_ns` in `rounds` rounds.

    `tick` is told the name of every sample before it is taken; `time` takes
    the loops and gives ns, so that tests bring a clock of their own.
    """

    rounds: int
    sample_ns: int
    order: random.Random
    tick: Callable[[str], None] = lambda _name: None
    time: Callable[[_native.Call, int], float] | None = None

    def samples(self, calls: Mapping[str, _native.Call], title: str) -> dict[str, list[float]]:
        """The time of one call in ns, by name, one value a round."""
        loops = {name: self._loops(call) for name, call in calls.items()}
        found: dict[str, list[float]] = {name: [] for name in calls}
        names = list(calls)
        for _ in range(self.rounds):
            self.order.shuffle(names)
            for name in names:
                self.tick(f"{title} {name}")
                found[name].append(self._time(calls[name], loops[name]) / loops[name])
        return found

    def _loops(self, call: _native.Call) -> int:
        """Loops of a sample, from the second of two single calls: the first touches the pages."""
        self._time(call, 1)
        once = self._time(call, 1)
        # Once more with a tenth of a sample: the clock itself lengthens a single short call.
        some = max(1, int(self.sample_ns / 10 / max(1.0, once)))
        each = self._time(call, some) / some
        return max(1, int(self.sample_ns / max(1.0, each)))

    def _time(self, call: _native.Call, loops: int) -> float:
        return (self.time or _time_call)(call, loops)


def measure_target(target: str, sizes: Sequence[int], sampler: Sampler) -> TargetSpeed:
    """Peak and matrix products of one target, in the same rounds."""
    kernels = _native.Kernels(target)
    calls = {_PEAK: kernels.fma_peak()}
    for n in sizes:
        a, b, out = (np.full((n, n), 0.5, dtype=np.float32) for _ in range(3))
        calls[str(n)] = kernels.sgemm(a, b, out)
    times = sampler.samples(calls, target)
    gflops = {name: [calls[name].flops / ns for ns in times[name]] for name in calls}
    peaks = gflops[_PEAK]
    return TargetSpeed(
        target,
        Figure.of(peaks),
        [
            SgemmSpeed(
                n,
                Figure.of(gflops[str(n)]),
                Figure.of([each / peak for each, peak in zip(gflops[str(n)], peaks, strict=True)]),
            )
            for n in sizes
        ],
    )


def measure_bandwidth(working_sets_kib: Sequence[int], sampler: Sampler) -> list[Bandwidth]:
    """Triad and add of the best target, over arrays of each total size."""
    kernels = _native.Kernels()
    largest = max(_length(kib) for kib in working_sets_kib)
    pool = np.full(3 * (largest + _GAP), 0.5, dtype=np.float32)
    found = []
    for kib in working_sets_kib:
        n = _length(kib)
        starts = (0, n + _GAP, 2 * (n + _GAP))
        a, b, out = (pool[start : start + n] for start in starts)
        calls = {"triad": kernels.triad(a, b, 0.5, out), "add": kernels.add(a, b, out)}
        times = sampler.samples(calls, f"{kib} KiB")
        speeds = {name: Figure.of([calls[name].bytes / ns for ns in times[name]]) for name in calls}
        found.append(Bandwidth(kib, speeds["triad"], speeds["add"]))
    return found


def measure_clocks(rounds: int) -> Clocks:
    """What reading a clock costs, in ns."""
    nothing = _native.Kernels().fma_peak(1)
    empty = [_native.time_calls([nothing], 0) for _ in range(max(10, rounds))]
    return Clocks(
        _reading_ns(_native.wall_clock_ns, rounds),
        _reading_ns(_native.thread_cpu_ns, rounds),
        Figure.of([max(1.0, float(timing.wall_ns)) for timing in empty]),
    )


def _reading_ns(clock: Callable[[], int], rounds: int, loops: int = 1000) -> Figure:
    timings = [_native.time_callable(clock, [()], loops)[0] for _ in range(rounds)]
    return Figure.of([_spent(timing) / loops for timing in timings])


def _length(working_set_kib: int) -> int:
    """Elements of each of three arrays, a whole number of the longest vectors."""
    return max(_LANES, working_set_kib * 1024 // (3 * 4) // _LANES * _LANES)


def _time_call(call: _native.Call, loops: int) -> float:
    return _spent(_native.time_calls([call], loops))


def _spent(timing: _native.Timing) -> float:
    return max(1.0, float(timing.wall_ns if _CPU_CLOCK_IS_COARSE else timing.cpu_ns))
