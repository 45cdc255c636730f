"""Timed loops in this process: what a sampler is given for each side."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.measure.messages import Reading

__all__ = ["dispatch_timer", "function_timer", "native_timer", "reading_of", "smallest_array_call"]

_time_callable, _time_calls = _native.time_callable, _native.time_calls
# Windows counts CPU time in ticks of 15.6 ms, too coarse for a sample: wall time stands in.
_CPU_CLOCK_IS_COARSE = sys.platform == "win32"
_smallest_array_call = np.add


def function_timer(
    function: Callable[..., object],
    arguments: tuple[object, ...] = (),
    changes: _native.Perturbation | None = None,
) -> Callable[[int], Reading]:
    """Return what times `function(*arguments)`; `changes` makes a step before each call."""
    ring = (arguments,)

    def time(loops: int) -> Reading:
        timing, _ = _time_callable(function, ring, loops, changes)
        return reading_of(timing, loops)

    return time


def native_timer(call: _native.Call) -> Callable[[int], Reading]:
    """Return what times a kernel."""
    ring = (call,)
    return lambda loops: reading_of(_time_calls(ring, loops), loops)


def dispatch_timer() -> Callable[[int], Reading]:
    """Return what times the smallest array call."""
    return function_timer(*smallest_array_call())


def smallest_array_call() -> tuple[Callable[..., object], tuple[Any, Any]]:
    """Return the smallest array call: a sum of one-element arrays, called from C.

    No Python frame is part of it, so that no trace function can make it dear.
    """
    return _smallest_array_call, (_one(), _one())


def _one() -> np.ndarray:
    # Over memory that is not theirs, so that it stays as small, and can be no other number.
    return np.frombuffer(np.ones(1, dtype=np.float32).tobytes(), dtype=np.float32)


def reading_of(timing: _native.Timing, loops: int) -> Reading:
    """Return the reading of a timed loop of `loops` calls."""
    if _CPU_CLOCK_IS_COARSE:
        return Reading(loops, timing.wall_ns, timing.wall_ns, timing.wall_ns, timing.waits)
    return Reading(loops, timing.wall_ns, timing.cpu_ns, timing.process_cpu_ns, timing.waits)
