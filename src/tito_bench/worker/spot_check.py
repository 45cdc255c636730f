"""Whether results in a timed loop are right: the last one, and one that nobody could foresee."""

from __future__ import annotations

import os

from tito_bench import _native
from tito_bench.worker.input_perturbation import InputPerturbation, Loop
from tito_bench.worker.paired_arrays import PairedArrays
from tito_bench.workloads.oracle import same_values

__all__ = ["SpotCheck"]

_urandom = os.urandom
_CHEAP_CHECK_NS = 1_000_000
"""A kernel that takes longer is not run twice for a check."""


class SpotCheck:
    """Remembers the loops since the inputs were filled, and looks back at a call of one of them."""

    CHANGING = ("_done", "_seed", "_seen")
    # No attribute can be put before a method of the same name.
    __slots__ = ("_arrays", "_changes", *CHANGING)

    def __init__(self, arrays: PairedArrays, changes: InputPerturbation) -> None:
        """Look at results of `arrays`, whose inputs `changes` changes before every call."""
        self._arrays, self._changes = arrays, changes
        self._done: list[Loop] = []
        self._seed = 0
        self._seen: tuple[int, _native.ResultSampler] | None = None

    def begin(self, seed: int) -> None:
        """Forget all loops: the arrays were filled from `seed`."""
        self._seed, self._seen = seed, None
        self._done.clear()

    def note(self, loop: Loop, witness: _native.ResultSampler) -> None:
        """Note a loop of the subject's that `witness` has looked at."""
        self._done.append(loop)
        # Every call since the inputs were filled is looked back at with the same probability.
        all_calls = sum(one.calls for one in self._done)
        if self._seen is None or _below(all_calls) < loop.calls:
            self._seen = len(self._done) - 1, witness

    def check(self, result: object, native_ns: float) -> str | None:
        """Return why `result`, of the last call of the subject, is wrong, or None.

        Replay the changes of the inputs on the native side, so that it also
        finds inputs that the subject has changed itself. On the way it looks at
        one call that nobody could foresee: else only the last one had to be
        right. Of a kernel that is slow, by its `native_ns` a call, it is the one or the other.
        """
        twice, seen = native_ns < _CHEAP_CHECK_NS, self._seen
        if seen is not None and (
            (seen[0], seen[1].call) == (len(self._done) - 1, self._done[-1].calls - 1)
            or not (twice or _below(2) == 0)
        ):
            seen = None
        remembered = self._replay(seen)
        for mine, theirs in zip(self._arrays.native_inputs, self._arrays.inputs, strict=True):
            if not same_values(mine, theirs):
                return "the operation changed its own inputs"
        values = None if seen is None else seen[1].values
        if values:
            wrong = _disagreement_at(values, remembered, self._arrays.tolerance())
            if wrong is not None or not twice:
                return wrong
        self._arrays.compute_expected()
        wrong = self._arrays.disagreement(result)
        if wrong is None and seen is not None and not values:
            wrong = "a result in the loop is no array of floats of the expected shape"
        return wrong

    def _replay(self, seen: tuple[int, _native.ResultSampler] | None) -> tuple[float, ...]:
        """Bring the native inputs to where the subject's are.

        In the loop that was `seen`, stop at the call that is remembered of it; return the
        expected values of its elements.
        """
        arrays = self._arrays
        arrays.refill_native(self._seed)
        expected: tuple[float, ...] = ()
        for index, loop in enumerate(self._done):
            changes = self._changes.of(arrays.native_inputs, loop.seed, loop.whole)
            done = 0
            if seen is not None and index == seen[0] and seen[1].call is not None:
                done = seen[1].call + 1
                changes.advance(done)
                arrays.compute_expected()
                flat = arrays.expected.reshape(-1)
                expected = tuple(flat[list(seen[1].places or ())].tolist())
            changes.advance(loop.calls - done)
        return expected


def _below(limit: int) -> int:
    """Draw a number below `limit` that nobody can foresee."""
    return int.from_bytes(_urandom(8), "little") % limit


def _disagreement_at(
    values: tuple[float, ...], expected: tuple[float, ...], allowed: float
) -> str | None:
    """Return why the `values` that were seen of a result are wrong, or None."""
    errors = [abs(seen - right) for seen, right in zip(values, expected, strict=True)]
    worst = next((error for error in errors if not error <= allowed), None)  # NaN is worse as well
    if worst is None:
        return None
    return f"the result is off by {worst:.3g} inside a loop, rounding explains {allowed:.3g}"
