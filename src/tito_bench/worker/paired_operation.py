"""One operation in the worker: the subject's code and its native reference, side by side."""

from __future__ import annotations

import numpy as np

from tito_bench import _native
from tito_bench.measure.messages import Reading, Step
from tito_bench.score import Work
from tito_bench.subjects.missing import IncorrectResult
from tito_bench.worker.input_perturbation import InputPerturbation
from tito_bench.worker.interpreter_share import (
    HiddenLines,
    InterpreterShare,
    Watched,
    line_clock,
)
from tito_bench.worker.paired_arrays import PairedArrays
from tito_bench.worker.paired_timing import PairedTiming
from tito_bench.worker.spot_check import SpotCheck

__all__ = ["PairedOperation"]

_detach, _ndarray = _native.detach, np.ndarray
_PACE = Step("native", 1, 1), Step("dispatch", 10, 250)  # a tenth of a ms
_SLOW_NS = 1_000_000_000
"""A call that takes longer is tried out only once."""


class PairedOperation:
    """One operation, ready to be timed on both sides by `timing`; `share` is that of loops."""

    CHANGING = ("_first",)
    # No attribute can be put before a method of the same name.
    __slots__ = ("_arrays", "_hooks", "_spot_check", "share", "timing", *CHANGING)

    def __init__(
        self, arrays: PairedArrays, changes: InputPerturbation, hooks: _native.Hooks
    ) -> None:
        """Time and check both sides of `arrays`, whose inputs `changes` changes."""
        self._arrays, self._hooks = arrays, hooks
        self._first: object = None
        self._spot_check = SpotCheck(arrays, changes)
        self.timing = PairedTiming(arrays, changes, self._spot_check, hooks)
        self.share = InterpreterShare()

    def check(self, result: object) -> None:
        """Raise `IncorrectResult` where `result`, of the last call, or an earlier one is wrong."""
        wrong = self._spot_check.check(result, self.timing.native_ns)
        if wrong is not None:
            raise IncorrectResult(wrong)

    def try_out(self, seed: int) -> tuple[Reading, float]:
        """Call the subject twice on different inputs.

        Return the time of the first call, and the loop share of the last. A first
        call may import or fill what later ones need, so that only a very slow one
        is the last as well. Raises `IncorrectResult` and `HiddenLines`.
        """
        self.timing.begin(seed)
        reading, first, watched = self._watch_call()
        share = self.share.try_out(watched)
        self.check(first)
        if reading.cpu_ns > _SLOW_NS:
            return reading, share
        expected = self._arrays.expected.copy()
        self.timing.begin(seed + 1)
        _, second, watched = self._watch_call()
        share = self.share.try_out(watched)
        self.check(second)
        first = self._hooks.call(_detach, self._first, _ndarray)
        if self._arrays.disagreement(first, expected) is not None:
            raise IncorrectResult("an earlier result was overwritten by a later call")
        return reading, share

    def meter_loops(self) -> object:
        """Make one call line by line, and return its result.

        Raises `HiddenLines` where the code under test has kept lines from being seen.
        """
        _, result, watched = self._watch_call()
        self.share.watch(watched)
        return result

    def _watch_call(self) -> tuple[Reading, object, Watched]:
        (native, dispatch), _ = self.timing.take(_PACE)
        clock = line_clock(native.call_ns, dispatch.call_ns)
        reading, result, clock_runs = self._hooks.call(self._call_under, clock)
        if clock.hidden or not (clock_runs or clock.stopped):
            raise HiddenLines
        whole_ns = reading.cpu_ns if clock.stopped else None
        return reading, result, Watched(clock.short_ns, clock.cpu_ns, whole_ns)

    def _call_under(self, clock: _native.LineClock) -> tuple[Reading, object, bool]:
        with clock:
            reading, result = self.timing.call()
            # Its own lines are seen as well, or the clock has been taken away.
            seen_to_here = clock.lines_now
            runs = clock.lines_now > seen_to_here
        if self._first is None:
            self._first = result
        return reading, _detach(result, _ndarray), runs

    def work(self, interpreter_share: float) -> Work:
        """Return what one call does, with the share that `try_out` found."""
        native, kind = self._arrays.native, self._arrays.kind
        return Work(interpreter_share, native.flops, native.bytes, kind.flops_per_call)
