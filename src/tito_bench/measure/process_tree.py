"""The processes that a worker has left: found, counted and ended, whatever they did to hide."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

import psutil

__all__ = ["MARK", "kill_marked", "kill_tree"]

MARK = "TITO_BENCH_WORKER"
"""The variable that a worker and all that its code starts inherit."""
_MOST_SWEEPS, _SWEEP_S = 20, 0.25


def kill_tree(process: subprocess.Popen[bytes]) -> int:
    """Kill a process, its group and its descendants; count those the student's code had started.

    The process itself goes last: it is whom orphans are handed to, so that
    what was started while others were killed is found by another look.
    """
    found = _descendants(process)
    started = _started(found, process.pid)
    for _ in range(_MOST_SWEEPS):
        if not found:
            break
        for child in found:
            with contextlib.suppress(psutil.Error):
                child.kill()
        psutil.wait_procs(found, timeout=_SWEEP_S)
        found = [child for child in _descendants(process) if _is_alive(child)]
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    return started


def kill_marked(mark: str) -> int:
    """Kill the processes that inherited `mark` in their environment; return how many."""
    found = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and _is_alive(process):
                process.kill()
                found += 1
    return found


def _descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def _started(found: list[psutil.Process], guard: int) -> int:
    """Count the descendants of a worker's guard that are not the worker itself.

    Those that have ended count where nobody but the guard could have waited for them.
    """
    if os.name != "posix":  # no guard there
        return sum(map(_is_alive, found))
    direct = sorted((p for p in found if _parent_of(p) == guard), key=lambda p: p.create_time())
    others = [p for p in found if p not in direct[:1]]
    return sum(p in direct or _is_alive(p) for p in others)


def _parent_of(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
