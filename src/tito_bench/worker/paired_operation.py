"""One operation in the worker: the subject's code and its native reference, side by side.

The subject's arguments are made once; before every question, and again
before every single call, their content is changed in place behind the
subject's back. So nothing can be computed before the clock runs, and no
result can be had from a memory of earlier ones.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable

import numpy as np

from tito_bench import _native
from tito_bench.measure.messages import Reading, Step
from tito_bench.measure.timing import reading_of
from tito_bench.score import Work
from tito_bench.subjects.operation import Arrays, SubjectOperation
from tito_bench.worker.input_perturbation import InputPerturbation, Loop
from tito_bench.worker.line_tracer import HiddenLines, LineTracer, Watched
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.native import bind, output_shape
from tito_bench.workloads.operation import Operation
from tito_bench.workloads.oracle import disagreement, same_values, tolerance
from tito_bench.workloads.reference import transformer_block
from tito_bench.workloads.weights import WEIGHTS_SEED, weights_of

__all__ = ["PairedOperation"]

_ONCE = Step("subject", 0, 1)
_ONE_NATIVE = Step("native", 1, 1)
_time_callable, _time_calls = _native.time_callable, _native.time_calls
_ResultSampler = _native.ResultSampler
_ndarray, _zeros, _full = np.ndarray, np.zeros, np.full
_urandom = os.urandom
_CHEAP_CHECK_NS = 1_000_000
"""A kernel that takes longer is not run twice for a check."""


class PairedOperation:
    """One operation, ready to be timed on both sides."""

    LASTING = (
        *("_arguments", "_changes", "_done", "_expected", "_function", "_inputs", "_native"),
        *("_native_inputs", "_operation", "_pool", "_variant", "_weights"),
    )
    """The attributes that never change."""
    # No attribute can be put before a method of the same name.
    __slots__ = (
        *LASTING,
        *("_first_share", "_foreseen", "_native_ns", "_seed", "_seen", "_share", "_subject_ns"),
        "_watched",
    )

    def __init__(
        self,
        operation: Operation,
        build: Callable[[str, Arrays], SubjectOperation],
        kernels: _native.Kernels,
        pool: InputPool,
    ) -> None:
        """Make arrays, weights and arguments; `build` makes the subject's side.

        Raises whatever the student's code raises.
        """
        self._operation = operation
        self._pool = pool
        self._weights = weights_of(operation)
        self._native_inputs = tuple(_zeros(shape, dtype=np.float32) for shape in operation.inputs)
        # Written once: a page that was never written reads falsely fast.
        self._expected = _full(output_shape(operation), math.nan, dtype=np.float32)
        self._native = bind(kernels, operation, self._native_inputs, self._weights, self._expected)
        pool.fill(self._native_inputs, WEIGHTS_SEED)
        subject = build(operation.kind, tuple(array.copy() for array in self._weights))
        self._function = subject.function
        self._arguments = subject.arguments(tuple(array.copy() for array in self._native_inputs))
        self._inputs = subject.inputs(self._arguments)
        self._variant = subject.variant
        self._changes = InputPerturbation(operation, pool)
        self._seed = 0
        self._subject_ns = self._native_ns = 0.0
        self._watched: Watched | None = None
        self._foreseen, self._share, self._first_share = True, 0.0, 0.0
        self._done: list[Loop] = []
        self._seen: tuple[int, _native.ResultSampler] | None = None

    def refill(self, seed: int) -> None:
        """Give both sides the same new inputs."""
        self._seed, self._seen = seed, None
        self._done.clear()
        self._pool.fill(self._inputs, seed)
        self._pool.fill(self._native_inputs, seed)

    def try_out(self, seed: int, meter: LineTracer) -> tuple[Reading, float, str | None]:
        """Call the subject twice on different inputs.

        Returns the time of the first call, the loop share of the last, and what
        is wrong. A first call may import or fill what later ones need, so
        that only a very slow one is the last as well.
        """
        self.refill(seed)
        reading, first, watched = self.meter_loops(meter)
        share = watched.share()
        wrong = self.check(first)
        self._foreseen, self._share, self._first_share = True, share, share
        if wrong is not None or reading.cpu_ns > 1_000_000_000:
            return reading, share, wrong
        expected = self._expected.copy()
        self.refill(seed + 1)
        _, second, watched = self.meter_loops(meter)
        share = watched.share()
        wrong = self.check(second)
        if wrong is None and disagreement(first, expected, self._tolerance()) is not None:
            wrong = "an earlier result was overwritten by a later call"
        self._foreseen, self._share, self._first_share = True, share, share
        return reading, share, wrong

    def meter_loops(self, meter: LineTracer) -> tuple[Reading, object, Watched]:
        """One call line by line: its time, its result and what was seen.

        Raises `HiddenLines` where the code under test has kept lines from being seen.
        """
        native_ns = self.time_native(_ONE_NATIVE).call_ns
        with meter.clock(native_ns) as clock:
            reading, result = self.time_subject(_ONCE, copy=False)
            # Its own lines are seen as well, or the clock has been taken away.
            seen_to_here = clock.lines_now
            clock_runs = clock.lines_now > seen_to_here
        if clock.hidden or not (clock_runs or clock.stopped):
            raise HiddenLines
        self._watched = meter.seen_by(clock, reading.cpu_ns)
        return reading, result, self._watched

    def must_be_metered(self) -> bool:
        """Whether only calls were metered that the code could foresee, and they fit no other."""
        foreseen, watched = self._foreseen, self._watched
        return foreseen and watched is not None and watched.is_unlike(self._subject_ns)

    def news_of_loops(self, *, metered: bool) -> float | None:
        """The share of loops where it is not what `try_out` found; else None.

        Call it after the subject was timed, and say whether a call was `metered`
        since the last time.
        """
        if self._watched is None:
            return None
        share = self._watched.share(self._subject_ns)
        if metered:
            self._share, self._foreseen = share, False
        elif self._foreseen:  # it must not gain by loops that later calls have no time for
            self._share = min(self._share, share)
        return self._share if metered or self._share != self._first_share else None

    def work(self, loop_share: float) -> Work:
        """What one call does, with the share that `try_out` found."""
        return Work(loop_share, self._native.flops, self._native.bytes)

    def time_subject(self, step: Step, *, copy: bool = True) -> tuple[Reading, object]:
        """Time the subject; the reading and the last result.

        The result is copied at once, so that nothing can fill it in later.
        """
        if step.warmup:
            self._call_subject(step.warmup)
        timing, result = self._call_subject(step.loops)
        if copy and type(result) is _ndarray:
            result = result.copy()
        reading = reading_of(timing, step.loops)
        self._subject_ns = reading.call_ns
        return reading, result

    def _call_subject(self, calls: int) -> tuple[_native.Timing, object]:
        whole = self._changes.whole(self._subject_ns)
        changes = self._changes.of(self._inputs, 0, whole)
        witness = _ResultSampler(_ndarray, self._expected.shape)
        timing, result = _time_callable(self._function, (self._arguments,), calls, changes, witness)
        if witness.seed is None:
            raise AssertionError("the loop has ended")
        self._done.append(Loop(witness.seed, whole, calls))
        # Every call since the inputs were filled is looked back at with the same probability.
        all_calls = sum(loop.calls for loop in self._done)
        if self._seen is None or _below(all_calls) < calls:
            self._seen = len(self._done) - 1, witness
        return timing, result

    def time_native(self, step: Step) -> Reading:
        """Time the native reference."""
        ring = (self._native,)
        whole = self._changes.whole(self._native_ns)
        changes = self._changes.of(self._native_inputs, self._seed, whole)
        if step.warmup:
            _time_calls(ring, step.warmup, changes)
        reading = reading_of(_time_calls(ring, step.loops, changes), step.loops)
        self._native_ns = reading.call_ns
        return reading

    def check(self, result: object) -> str | None:
        """Why `result`, of the last call of the subject, is wrong, or None.

        Replays the changes of the inputs on the native side, so that it also
        finds inputs that the subject has changed itself. On the way it looks at
        one call that nobody could foresee: else only the last one had to be
        right. Of a slow kernel it is the one or the other.
        """
        index, witness = self._seen or (-1, None)
        twice = self._native_ns < _CHEAP_CHECK_NS
        look_back = (
            witness is not None
            and (index, witness.call) != (len(self._done) - 1, self._done[-1].calls - 1)
            and (twice or _below(2) == 0)
        )
        remembered = self._replay(index if look_back else -1, witness)
        for mine, theirs in zip(self._native_inputs, self._inputs, strict=True):
            if not same_values(mine, theirs):
                return "the operation changed its own inputs"
        if look_back and witness is not None and witness.values:
            wrong = _disagreement_at(witness, remembered, self._tolerance())
            if wrong is not None or not twice:
                return wrong
        self._compute_expected()
        wrong = disagreement(result, self._expected, self._tolerance())
        if wrong is None and look_back and witness is not None and not witness.values:
            wrong = "a result in the loop is no array of floats of the expected shape"
        return wrong

    def _replay(self, stop_in: int, witness: _native.ResultSampler | None) -> tuple[float, ...]:
        """Bring the native inputs to where the subject's are.

        In loop number `stop_in`, stop at the call that `witness` remembers; the
        expected values of its elements.
        """
        self._pool.fill(self._native_inputs, self._seed)
        expected: tuple[float, ...] = ()
        for index, loop in enumerate(self._done):
            changes = self._changes.of(self._native_inputs, loop.seed, loop.whole)
            done = 0
            if index == stop_in and witness is not None and witness.call is not None:
                done = witness.call + 1
                changes.advance(done)
                self._compute_expected()
                flat = self._expected.reshape(-1)
                expected = tuple(flat[list(witness.places or ())].tolist())
            changes.advance(loop.calls - done)
        return expected

    def _compute_expected(self) -> None:
        self._native()
        if self._variant not in {"", "tanh"}:
            # Another form of GELU than the kernel's, as right as it.
            self._expected[...] = transformer_block(
                self._weights, self._native_inputs[0], self._variant
            )

    def _tolerance(self) -> float:
        return tolerance(self._operation, self._native_inputs, self._weights, self._expected)


def _below(limit: int) -> int:
    """A number that nobody can foresee."""
    return int.from_bytes(_urandom(8), "little") % limit


def _disagreement_at(
    witness: _native.ResultSampler, expected: tuple[float, ...], allowed: float
) -> str | None:
    """Why what `witness` has seen of a result is wrong, or None."""
    errors = [abs(seen - right) for seen, right in zip(witness.values or (), expected, strict=True)]
    worst = next((error for error in errors if not error <= allowed), None)  # NaN is worse as well
    if worst is None:
        return None
    return f"the result is off by {worst:.3g} inside a loop, rounding explains {allowed:.3g}"
