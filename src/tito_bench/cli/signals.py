"""A polite end when the system, not the user, ends a command."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

__all__ = ["ended_by_signals"]

_NAMES = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM, and a terminal that is closed, end the block as an exception does.

    Left to themselves they end this process at once, and a worker that runs
    the student's code would go on without anybody to stop it.
    """
    before = {}
    for name in _NAMES:
        number = getattr(signal, name, None)
        # nohup asks for SIGHUP to be ignored; so it stays.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            before[number] = signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
