"""A polite end when the user or the system ends a command."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

__all__ = ["ended_by_signals"]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
_IMPORTING = "<frozen importlib"
_AGAIN_S = 0.01


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM, and a terminal that is closed, end the block as an exception does.

    Left to themselves the last two end this process at once, and a worker that runs
    the student's code would go on without anybody to stop it.
    """
    before = {}
    for name in _NAMES:
        number = getattr(signal, name, None)
        # nohup asks for SIGHUP to be ignored; so it stays.
        if number is not None and signal.getsignal(number) in (
            signal.SIG_DFL,
            signal.default_int_handler,
        ):
            before[number] = signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    if frame is not None and frame.f_code.co_filename.startswith(_IMPORTING):
        # Raised in a callback of the import system, it would be printed and forgotten.
        threading.Timer(_AGAIN_S, os.kill, (os.getpid(), number)).start()
        return
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
