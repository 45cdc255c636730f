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
_SLACK_NS = 10_000_000
"""From outside the clock of a process may have steps of 4 ms."""
_MOST_OVER = 1.1
_MOST_BESIDE = 2.0
"""Between the samples of a question are inputs that change with the clock stopped."""
_MOST_SPENT = 8.0
"""So many times as long as its samples a question may take: results are checked as well."""


class CpuAccount:
    """The samples of one operation, and what their questions took."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._samples_ns = self._timed_ns = self._own_ns = self._spent_ns = 0.0

    def add(self, steps: Sequence[Step], answer: Measured, spent_ns: int) -> None:
        """Enter the answer to `steps`, for which the process took `spent_ns` of CPU time."""
        for step, reading in zip(steps, answer.readings, strict=True):
            self._timed_ns += reading.counted_ns
            self._samples_ns += reading.call_ns * (step.loops + step.warmup)
        self._own_ns += answer.own_cpu_ns + answer.others_cpu_ns
        self._spent_ns += spent_ns

    def adds_up(self) -> bool:
        """Return whether the readings can be true."""
        if self._spent_ns < _ENOUGH_NS:
            return True
        return (
            self._timed_ns <= _MOST_OVER * min(self._own_ns, self._spent_ns) + _SLACK_NS
            and self._own_ns <= _MOST_BESIDE * self._samples_ns + _SLACK_NS
            and self._spent_ns <= _MOST_SPENT * self._samples_ns + _SLACK_NS
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
