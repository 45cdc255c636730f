"""What else the computer does meanwhile: each a context manager around one run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

__all__ = ["CONTENTION", "Contention", "cores"]

_BUSY = "while True: pass"
# Streams over 128 MiB, so that neither caches nor memory are left alone.
_STREAM = """
import numpy as np
a = np.ones(2**25, dtype=np.float32)
b = np.ones_like(a)
while True:
    np.add(a, b, out=a)
"""
_DUTY_S = 0.005

Contention = Callable[[psutil.Process], "object"]


def cores() -> tuple[int, int]:
    """Return the core that measures, and another one (the same where there is only one)."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@contextmanager
def _hog(code: str, core: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        os.sched_setaffinity(process.pid, {core})
        time.sleep(0.3)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def idle(_measured: psutil.Process) -> Iterator[None]:
    """Run nothing else."""
    yield


@contextmanager
def busy_same_core(_measured: psutil.Process) -> Iterator[None]:
    """Keep an endless loop on the core that measures."""
    with _hog(_BUSY, cores()[0]):
        yield


@contextmanager
def busy_other_core(_measured: psutil.Process) -> Iterator[None]:
    """Keep an endless loop on the other core."""
    with _hog(_BUSY, cores()[1]):
        yield


@contextmanager
def memory_hog(_measured: psutil.Process) -> Iterator[None]:
    """Let the other core stream through memory."""
    with _hog(_STREAM, cores()[1]):
        yield


@contextmanager
def half_stopped(measured: psutil.Process) -> Iterator[None]:
    """Stop the measuring process and its worker half of the time."""
    done = threading.Event()

    def stop_and_go() -> None:
        while not done.is_set():
            _signal_all(measured, signal.SIGSTOP)
            time.sleep(_DUTY_S)
            _signal_all(measured, signal.SIGCONT)
            time.sleep(_DUTY_S)

    thread = threading.Thread(target=stop_and_go)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def half_quota(measured: psutil.Process) -> Iterator[None]:
    """Put the process into a control group that gives it half a core (cgroup v1 or v2)."""
    group = _quota_root() / f"tito_bench_{measured.pid}"
    group.mkdir()
    try:
        if (group / "cpu.cfs_quota_us").exists():
            (group / "cpu.cfs_quota_us").write_text("50000")
            (group / "cpu.cfs_period_us").write_text("100000")
        else:
            (group / "cpu.max").write_text("50000 100000")
        # At once: the worker is started later and inherits the group.
        (group / "cgroup.procs").write_text(str(measured.pid))
        yield
    finally:
        with suppress(OSError):  # the last process may take a moment to leave
            group.rmdir()


def _quota_root() -> Path:
    version_1 = Path("/sys/fs/cgroup/cpu")
    return version_1 if version_1.is_dir() else Path("/sys/fs/cgroup")


def _can_set_quota() -> bool:
    group = _quota_root() / f"tito_bench_probe_{os.getpid()}"
    try:
        group.mkdir()
        found = (group / "cpu.cfs_quota_us").exists() or (group / "cpu.max").exists()
        group.rmdir()
    except OSError:
        return False
    return found


def _signal_all(measured: psutil.Process, number: int) -> None:
    try:
        processes = [*measured.children(recursive=True), measured]
    except psutil.NoSuchProcess:
        return
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


CONTENTION: dict[str, Contention] = {
    "idle": idle,
    "busy same core": busy_same_core,
    "busy other core": busy_other_core,
    "memory hog": memory_hog,
    "half stopped": half_stopped,
    **({"half quota": half_quota} if _can_set_quota() else {}),
}
"""Without "half quota" where no control group can be made."""
