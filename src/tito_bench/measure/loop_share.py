"""How much of a call goes into loops of Python: evidence that its time alone does not give."""

from __future__ import annotations

import ctypes

from tito_bench import _native

__all__ = ["LoopMeter"]

# A line of a loop, with its indexing and a call, takes up to so many smallest array calls...
_CALLS_PER_LINE = 8
# ...and does only a part of the work: a line as long as half the kernel's call works on arrays.
_PART_OF_NATIVE = 0.5
_ALL = 0.9  # the rest is what interrupts any loop: a few percent of its lines look long for it
_LINES_WITHOUT_LOOPS = 64
"""What stands around an array call in a package that is well written."""


class LoopMeter:
    """Looks at single calls, line by line; make it before any student code is imported."""

    __slots__ = ("_longest_ns", "_set_trace")

    def __init__(self, dispatch_ns: float) -> None:
        """Where the smallest array call of this interpreter takes `dispatch_ns`.

        Raises AttributeError on an interpreter that has no tracing API.
        """
        set_trace = ctypes.cast(ctypes.pythonapi.PyEval_SetTrace, ctypes.c_void_p)
        self._set_trace = set_trace.value or 0
        self._longest_ns = _CALLS_PER_LINE * dispatch_ns

    def clock(self, native_ns: float) -> _native.LineClock:
        """A context manager around one call, for which the kernel takes `native_ns`."""
        longest_ns = min(self._longest_ns, _PART_OF_NATIVE * native_ns)
        return _native.LineClock(self._set_trace, max(1, round(longest_ns)), _LINES_WITHOUT_LOOPS)

    @staticmethod
    def share(clock: _native.LineClock) -> float:
        """The share of loop lines in the CPU time of what ran under `clock`, 0 to 1."""
        share = clock.short_ns / max(1, clock.cpu_ns)
        return share if share < _ALL else 1.0
