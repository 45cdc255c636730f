"""Timed loops of both sides of one operation, with inputs that change before every call."""

from __future__ import annotations

import numpy as np

from tito_bench import _native
from tito_bench.measure.messages import Reading, Step
from tito_bench.measure.timing import reading_of
from tito_bench.worker.input_perturbation import InputPerturbation, Loop
from tito_bench.worker.paired_arrays import PairedArrays
from tito_bench.worker.spot_check import SpotCheck

__all__ = ["PairedTiming"]

_time_callable, _time_calls = _native.time_callable, _native.time_calls
_ResultSampler = _native.ResultSampler
_ndarray = np.ndarray


class PairedTiming:
    """Times both sides. `subject_ns` and `native_ns` are what one call took last, or 0."""

    LASTING = ("_arrays", "_changes", "_spot_check")
    """The attributes that never change."""
    # No attribute can be put before a method of the same name.
    __slots__ = (*LASTING, "_seed", "native_ns", "subject_ns")

    def __init__(
        self, arrays: PairedArrays, changes: InputPerturbation, spot_check: SpotCheck
    ) -> None:
        """Tell `spot_check` of every loop of the subject's."""
        self._arrays, self._changes, self._spot_check = arrays, changes, spot_check
        self._seed = 0
        self.subject_ns = self.native_ns = 0.0

    def begin(self, seed: int) -> None:
        """Give both sides the same new inputs."""
        self._seed = seed
        self._spot_check.begin(seed)
        self._arrays.refill(seed)

    def time_subject(self, step: Step, *, copy: bool = True) -> tuple[Reading, object]:
        """Time the subject; return the reading and the last result.

        The result is copied at once, so that nothing can fill it in later.
        """
        if step.warmup:
            self._call_subject(step.warmup)
        timing, result = self._call_subject(step.loops)
        if copy and type(result) is _ndarray:
            result = result.copy()
        reading = reading_of(timing, step.loops)
        self.subject_ns = reading.call_ns
        return reading, result

    def _call_subject(self, calls: int) -> tuple[_native.Timing, object]:
        arrays = self._arrays
        whole = self._changes.whole(self.subject_ns)
        changes = self._changes.of(arrays.inputs, 0, whole)
        witness = _ResultSampler(_ndarray, arrays.expected.shape)
        timing, result = _time_callable(
            arrays.function, (arrays.arguments,), calls, changes, witness
        )
        if witness.seed is None:
            raise AssertionError("the loop has ended")
        self._spot_check.note(Loop(witness.seed, whole, calls), witness)
        return timing, result

    def time_native(self, step: Step) -> Reading:
        """Time the native reference."""
        ring = (self._arrays.native,)
        whole = self._changes.whole(self.native_ns)
        changes = self._changes.of(self._arrays.native_inputs, self._seed, whole)
        if step.warmup:
            _time_calls(ring, step.warmup, changes)
        reading = reading_of(_time_calls(ring, step.loops, changes), step.loops)
        self.native_ns = reading.call_ns
        return reading
