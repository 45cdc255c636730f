"""Counts the lines of Python that one call runs, and where its arrays are made.

Uses `sys.settrace`, which every supported Python has: a line counts each time
it is begun, also within comprehensions, and so does every call of a Python
function. A traced call is slow and is never timed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from tito_bench import _native
from tito_bench.measure.evidence import Place

__all__ = ["MOST_LINES", "Count", "Locate", "count_lines"]

MOST_LINES = 200_000
"""Where counting ends: about 0.1 s."""

_MOST_MAKERS = 3

Locate = Callable[[CodeType], "str | None"]
"""The path to show for the file of some code, None for code that is not the student's."""

_settrace, _gettrace = sys.settrace, sys.gettrace


@dataclass(frozen=True)
class Count:
    """What one call did. `more` where it was ended at `MOST_LINES`; then `result` is None."""

    lines: int
    more: bool
    busiest: tuple[Place, ...]
    array_sizes: tuple[int, ...]
    array_count: int
    array_bytes: int
    makers: tuple[Place, ...]
    result: object


class _Enough(BaseException):
    """Ends the traced call; no `except Exception` of the student's code stops it."""


def count_lines(
    function: Callable[..., object], arguments: tuple[object, ...], locate: Locate
) -> Count:
    """Call `function(*arguments)` once and watch it. Raises what it raises."""
    watch = _Watch(locate)
    result: object = None
    before = _gettrace()
    with _native.AllocationLog() as log:
        watch.log = log
        try:
            _settrace(watch.called)
            result = function(*arguments)
        except _Enough:
            pass
        finally:
            _settrace(before)
        watch.attribute()
        sizes, count, total = log.sizes(), log.count, log.bytes
    return Count(
        lines=watch.lines,
        more=watch.lines >= MOST_LINES,
        busiest=watch.most(watch.runs, 1),
        array_sizes=sizes,
        array_count=count,
        array_bytes=total,
        makers=watch.most(watch.allocated, _MOST_MAKERS),
        result=result,
    )


class _Watch:
    """The trace function of one call."""

    log: _native.AllocationLog

    def __init__(self, locate: Locate) -> None:
        self.lines = 0
        self.runs: Counter[tuple[CodeType, int]] = Counter()
        self.allocated: Counter[tuple[CodeType, int]] = Counter()
        self._locate = locate
        self._files: dict[CodeType, str | None] = {}
        self._here: tuple[CodeType, int] | None = None
        self._bytes = 0

    def called(self, _frame: FrameType, _event: str, _argument: Any) -> Any:
        """Note that a Python function begins, or a generator goes on."""
        self._step()
        return self._went_on

    def _went_on(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            code = frame.f_code
            if code not in self._files:
                self._files[code] = self._locate(code)
            if self._files[code] is not None:
                # What was made since belongs to the line before, library code below it included.
                self.attribute()
                self._here = code, frame.f_lineno
                self.runs[self._here] += 1
            self._step()
        return self._went_on

    def _step(self) -> None:
        self.lines += 1
        if self.lines >= MOST_LINES:
            raise _Enough

    def attribute(self) -> None:
        """Give the arrays made since the last line to that line."""
        made = self.log.bytes
        if self._here is not None and made > self._bytes:
            self.allocated[self._here] += made - self._bytes
        self._bytes = made

    def most(self, counter: Counter[tuple[CodeType, int]], count: int) -> tuple[Place, ...]:
        """Return the lines with the highest counts, the highest first."""
        return tuple(
            Place(f"{self._files[code]}:{line}", found)
            for (code, line), found in counter.most_common(count)
        )
