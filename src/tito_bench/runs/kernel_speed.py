"""How fast the native kernels are on one core, measured in this process.

No worker is needed: nothing here is a student's code, no BLAS is called, and
the kernels run in one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tito_bench import _native
from tito_bench.measure.sampling import Sampler, Timer
from tito_bench.measure.timing import native_timer, reading_of
from tito_bench.records.calibration import Bandwidth, Clocks, Figure, SgemmSpeed, TargetSpeed

__all__ = ["TimerOf", "measure_bandwidth", "measure_clocks", "measure_target"]

_LANES = 16
# Arrays at the same place within a page make stores wait for loads of one another.
_GAP = 256 + _LANES
_PEAK = "peak"
TimerOf = Callable[[_native.Call], Timer]
"""How a kernel is timed: tests bring a clock of their own."""


def measure_target(
    target: str, sizes: Sequence[int], sampler: Sampler, timer_of: TimerOf = native_timer
) -> TargetSpeed:
    """Measure peak and matrix products of one target, in the same rounds."""
    kernels = _native.Kernels(target)
    calls = {_PEAK: kernels.fma_peak()}
    for n in sizes:
        a, b, out = (np.full((n, n), 0.5, dtype=np.float32) for _ in range(3))
        calls[str(n)] = kernels.sgemm(a, b, out)
    times = _call_ns(calls, target, sampler, timer_of)
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


def measure_bandwidth(
    working_sets_kib: Sequence[int], sampler: Sampler, timer_of: TimerOf = native_timer
) -> list[Bandwidth]:
    """Measure triad and add of the best target, over arrays of each total size."""
    kernels = _native.Kernels()
    largest = max(_length(kib) for kib in working_sets_kib)
    pool = np.full(3 * (largest + _GAP), 0.5, dtype=np.float32)
    found = []
    for kib in working_sets_kib:
        n = _length(kib)
        starts = (0, n + _GAP, 2 * (n + _GAP))
        a, b, out = (pool[start : start + n] for start in starts)
        calls = {"triad": kernels.triad(a, b, 0.5, out), "add": kernels.add(a, b, out)}
        times = _call_ns(calls, f"{kib} KiB", sampler, timer_of)
        speeds = {name: Figure.of([calls[name].bytes / ns for ns in times[name]]) for name in calls}
        found.append(Bandwidth(kib, speeds["triad"], speeds["add"]))
    return found


def measure_clocks(rounds: int) -> Clocks:
    """Measure what reading a clock costs, in ns."""
    nothing = _native.Kernels().fma_peak(1)
    empty = [_native.time_calls([nothing], 0) for _ in range(max(10, rounds))]
    return Clocks(
        _reading_ns(_native.wall_clock_ns, rounds),
        _reading_ns(_native.thread_cpu_ns, rounds),
        Figure.of([max(1.0, float(timing.wall_ns)) for timing in empty]),
    )


def _call_ns(
    calls: Mapping[str, _native.Call], title: str, sampler: Sampler, timer_of: TimerOf
) -> dict[str, list[float]]:
    """Return the time of one call in ns, by name, one value a round."""
    titled = replace(sampler, tick=lambda name: sampler.tick(f"{title} {name}"))
    sampled = titled.take({name: timer_of(call) for name, call in calls.items()})
    return {name: sampled.call_ns(name) for name in calls}


def _reading_ns(clock: Callable[[], int], rounds: int, loops: int = 1000) -> Figure:
    timings = [_native.time_callable(clock, [()], loops)[0] for _ in range(rounds)]
    return Figure.of([max(1.0 / loops, reading_of(each, loops).call_ns) for each in timings])


def _length(working_set_kib: int) -> int:
    """Return the elements of each of three arrays, a whole number of the longest vectors."""
    return max(_LANES, working_set_kib * 1024 // (3 * 4) // _LANES * _LANES)
