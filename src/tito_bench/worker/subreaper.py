"""A process between the measuring process and the student's code.

The student's code can do to its parent what it likes: stop it, kill it, send
it signals. So its parent is one that has nothing to lose. It also is whom the
system hands the processes that the code has tried to leave behind (Linux),
and it outlives the code, so that they can be found and ended.
"""

from __future__ import annotations

import os
import sys

__all__ = ["become_subreaper"]

_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
_SIGKILL = 9


def become_subreaper() -> None:
    """Go on in a child process; this one waits for it, and ends as it ended.

    Call it first of all: what was opened before is closed in this process
    only where its number is below 16. Do nothing on Windows.
    """
    if os.name != "posix":
        return
    _be_ended_with_parent()
    _prctl(_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    worker = os.fork()
    if worker:
        _wait_for(worker)
    _be_ended_with_parent()
    if os.getppid() != guard:  # it has ended before that call
        os._exit(1)


def _be_ended_with_parent() -> None:
    """Have the kernel end this process when its parent is killed, whatever runs here then.

    Elsewhere than on Linux a worker whose parent was killed ends after its present question.
    """
    _prctl(_SET_PARENT_DEATH_SIGNAL, _SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _wait_for(worker: int) -> None:
    import _signal as signal  # type: ignore[import-not-found]  # the enumerations of `signal` take longer to import than all else

    for number in signal.valid_signals():
        if number not in {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):  # the C library keeps some for itself
                continue
    # The worker's channels must end with the worker.
    os.closerange(0, 16)
    # What it leaves behind is not waited for before: who watches us shall see that it was there.
    _, status = os.waitpid(worker, 0)
    _end_adopted()
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def _end_adopted() -> None:
    """End the processes that were handed to us, and those that theirs are handed to us then."""
    path = f"/proc/self/task/{os.getpid()}/children"
    while True:
        try:
            with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib is not imported
                children = [int(word) for word in file.read().split()]
        except OSError:  # not Linux, or a kernel without that file
            return
        if not children:
            return
        for child in children:
            try:
                os.kill(child, _SIGKILL)
                os.waitpid(child, 0)
            except OSError:
                continue
