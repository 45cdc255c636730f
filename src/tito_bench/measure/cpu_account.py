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
    """The samples of one operation, and what their questions took.

    Where a host stops the whole machine for a while, its clocks of CPU time go on. That hits a
    question by chance, as a lie that is worth telling does not: of each sum the one question that
    exceeds most what it may take is left out.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._timed_ns = self._own_ns = self._spent_ns = 0.0
        self._own_over, self._spent_over = _Excess(), _Excess()

    def add(self, steps: Sequence[Step], answer: Measured, spent_ns: int) -> None:
        """Enter the answer to `steps`, for which the process took `spent_ns` of CPU time."""
        samples_ns = 0.0
        for step, reading in zip(steps, answer.readings, strict=True):
            self._timed_ns += reading.counted_ns
            samples_ns += reading.call_ns * (step.loops + step.warmup)
        own_ns = answer.own_cpu_ns + answer.others_cpu_ns
        self._own_ns += own_ns
        self._spent_ns += spent_ns
        self._own_over.add(own_ns - _MOST_OWN * samples_ns - _OWN_NS)
        self._spent_over.add(spent_ns - _MOST_SPENT * samples_ns - _JUDGING_NS)

    def adds_up(self) -> bool:
        """Return whether the readings can be true."""
        return self._spent_ns < _ENOUGH_NS or (
            self._timed_ns <= _MOST_OVER * min(self._own_ns, self._spent_ns) + _STEP_NS
            and self._own_over.without_largest <= 0
            and self._spent_over.without_largest <= _STEP_NS
        )


class _Excess:
    """By how much questions exceed what they may take, in ns; below 0 where they do not."""

    def __init__(self) -> None:
        self._sum = self._largest = 0.0

    def add(self, excess_ns: float) -> None:
        self._sum += excess_ns
        self._largest = max(self._largest, excess_ns)

    @property
    def without_largest(self) -> float:
        return self._sum - self._largest


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
