"""Timed loops in this process, read as CPU time of one call."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.measure.messages import Reading, Step

__all__ = ["reading_of", "time_dispatch"]

_time_callable = _native.time_callable
# Windows counts CPU time in ticks of 15.6 ms, too coarse for a sample: wall time stands in.
_CPU_CLOCK_IS_COARSE = sys.platform == "win32"


def time_dispatch(operands: tuple[Any, Any], step: Step) -> Reading:
    """Time the smallest array call: a sum of one-element arrays, called from C.

    No Python frame is part of it, so that no trace function can make it dear.
    """
    ring = (operands,)
    if step.warmup:
        _time_callable(_smallest_array_call, ring, step.warmup)
    timing, _ = _time_callable(_smallest_array_call, ring, step.loops)
    return reading_of(timing, step.loops)


_smallest_array_call = np.add


def reading_of(timing: _native.Timing, loops: int) -> Reading:
    """The reading of a timed loop of `loops` calls."""
    if _CPU_CLOCK_IS_COARSE:
        return Reading(loops, timing.wall_ns, timing.wall_ns, timing.wall_ns, timing.waits)
    return Reading(loops, timing.wall_ns, timing.cpu_ns, timing.process_cpu_ns, timing.waits)
