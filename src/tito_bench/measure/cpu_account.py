"""Whether readings add up to the CPU time of their questions, as the parent itself sees it.

What the worker says of its own time it has read in C, where the code under test cannot reach
without rewriting memory. Where it does that, its readings must still fit what the system tells
of the process from outside.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tito_bench.measure.messages import Measured, Step

__all__ = ["CpuAccount", "cpu_clock_of"]

_ENOUGH_NS = 50_000_000
"""From so much CPU time on an account is looked at: less of it may be the first call's."""
_STEP_NS = 4_000_000
"""From outside the clock of a process may have steps of so much."""
_MOST_OVER = 1.1
_MOST_OWN, _OWN_NS = 2.0, 2_000_000
"""Between the samples of a question inputs change, with the clock stopped."""
_MOST_SPENT, _JUDGING_NS = 4.0, 60_000_000
"""After them results are checked, which takes 4 ms, or as long as the samples; under a debugger's
trace function ten times that."""


class CpuAccount:
    """The samples of one operation, and what their questions took."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._samples_ns = self._timed_ns = self._own_ns = self._spent_ns = 0.0
        self._questions = 0

    def add(self, steps: Sequence[Step], answer: Measured, spent_ns: int) -> None:
        """Enter the answer to `steps`, for which the process took `spent_ns` of CPU time."""
        for step, reading in zip(steps, answer.readings, strict=True):
            self._timed_ns += reading.counted_ns
            self._samples_ns += reading.call_ns * (step.loops + step.warmup)
        self._own_ns += answer.own_cpu_ns + answer.others_cpu_ns
        self._spent_ns += spent_ns
        self._questions += 1

    def adds_up(self) -> bool:
        """Return whether the readings can be true."""
        if self._spent_ns < _ENOUGH_NS:
            return True
        own_ns = _MOST_OWN * self._samples_ns + _OWN_NS * self._questions
        spent_ns = _MOST_SPENT * self._samples_ns + _JUDGING_NS * self._questions
        return (
            self._timed_ns <= _MOST_OVER * min(self._own_ns, self._spent_ns) + _STEP_NS
            and self._own_ns <= own_ns
            and self._spent_ns <= spent_ns + _STEP_NS
        )


def cpu_clock_of(guard: int) -> int | None:
    """Return the clock of the CPU time of the process that `guard` has started first, the worker.

    None where the system has no such clock: it has to be Linux.
    """
    try:
        children = Path(f"/proc/{guard}/task/{guard}/children").read_text("ascii").split()
        clock = (~int(children[0]) << 3) | 2  # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
        time.clock_gettime_ns(clock)
    except (OSError, IndexError, AttributeError):
        return None
    return clock
