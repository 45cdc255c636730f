"""Timed loops of both sides of one operation, with inputs that change before every call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tito_bench import _native
from tito_bench.measure.messages import Reading, Step
from tito_bench.measure.timing import reading_of, smallest_array_call
from tito_bench.worker.input_perturbation import InputPerturbation, Loop
from tito_bench.worker.paired_arrays import PairedArrays
from tito_bench.worker.spot_check import SpotCheck

__all__ = ["PairedTiming", "dispatch_pace"]

_time_callable = _native.time_callable
_ResultSampler, _Sides = _native.ResultSampler, _native.Sides
_ndarray = np.ndarray
_DISPATCH = (Step("dispatch", 100, 300),) * 8


class PairedTiming:
    """Times both sides. `subject_ns` and `native_ns` are what one call took last, or 0."""

    CHANGING = ("_seed", "native_ns", "subject_ns")
    # No attribute can be put before a method of the same name.
    __slots__ = ("_arrays", "_changes", "_hooks", "_sides", "_spot_check", *CHANGING)

    def __init__(
        self,
        arrays: PairedArrays,
        changes: InputPerturbation,
        spot_check: SpotCheck,
        hooks: _native.Hooks,
    ) -> None:
        """Tell `spot_check` of every loop of the subject's; take `hooks` down around them."""
        self._arrays, self._changes, self._spot_check = arrays, changes, spot_check
        self._hooks = hooks
        self._sides = _Sides(
            arrays.function,
            arrays.arguments,
            _ndarray,
            arrays.expected.shape,
            arrays.native,
            *smallest_array_call(),
        )
        self._seed = 0
        self.subject_ns = self.native_ns = 0.0

    def begin(self, seed: int) -> None:
        """Give both sides the same new inputs."""
        self._seed = seed
        self._spot_check.begin(seed)
        self._arrays.refill(seed)

    def take(self, steps: Sequence[Step]) -> tuple[tuple[Reading, ...], _native.Taken]:
        """Take `steps` one after the other; return their readings, and the rest of what was taken.

        Until the last of them no reading is where the code under test could reach it.
        """
        arrays, changes = self._arrays, self._changes
        whole, native_whole = changes.whole(self.subject_ns), changes.whole(self.native_ns)
        taken = self._sides.take(
            steps,
            self._hooks,
            changes.of(arrays.inputs, 0, whole),
            changes.of(arrays.native_inputs, self._seed, native_whole),
        )
        for calls, sampler in taken.loops:
            self._note(sampler, calls, whole)
        readings = tuple(
            reading_of(timing, step.loops)
            for timing, step in zip(taken.timings, steps, strict=True)
        )
        for step, reading in zip(steps, readings, strict=True):
            if step.side == "subject":
                self.subject_ns = reading.call_ns
            elif step.side == "native":
                self.native_ns = reading.call_ns
        return readings, taken

    def call(self) -> tuple[Reading, object]:
        """Call the subject once, with whatever is hung in; return the reading and the result."""
        whole = self._changes.whole(self.subject_ns)
        changes = self._changes.of(self._arrays.inputs, 0, whole)
        sampler = _ResultSampler(_ndarray, self._arrays.expected.shape)
        timing, result = _time_callable(
            self._arrays.function, (self._arrays.arguments,), 1, changes, sampler
        )
        self._note(sampler, 1, whole)
        reading = reading_of(timing, 1)
        self.subject_ns = reading.call_ns
        return reading, result

    def _note(self, sampler: _native.ResultSampler, calls: int, whole: bool) -> None:
        if sampler.seed is None:
            raise AssertionError("the loop has ended")
        self._spot_check.note(Loop(sampler.seed, whole, calls), sampler)


def dispatch_pace(hooks: _native.Hooks) -> float:
    """Return what the smallest array call takes beside the pace of the CPU."""
    nothing = np.zeros(1, dtype=np.float32)
    kernel = _native.Kernels("portable").relu(nothing, nothing)
    sides = _Sides(np.add, (nothing, nothing), _ndarray, (1,), kernel, *smallest_array_call())
    changes = _native.Perturbation([nothing], 0)
    return sides.take(_DISPATCH, hooks, changes, changes).pace
