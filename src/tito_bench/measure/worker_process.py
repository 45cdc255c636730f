"""The parent's side of the worker process: start, ask with a deadline, kill."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import msgspec

from tito_bench import _native
from tito_bench.errors import WorkerError
from tito_bench.measure.aslr import fixed_addresses
from tito_bench.measure.cpu_account import CpuAccount, cpu_clock_of
from tito_bench.measure.messages import (
    Answer,
    Measure,
    Measured,
    Purpose,
    Question,
)
from tito_bench.measure.process_tree import MARK, kill_marked, kill_tree
from tito_bench.subjects.redaction import hide_folders, one_line

__all__ = ["WorkerCrashed", "WorkerProcess", "WorkerTimeout"]

_ONE_THREAD = (
    "BLIS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TBB_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_OF_PYTHON = frozenset(
    f"PYTHON{name}"
    for name in (
        *("COERCECLOCALE", "EXECUTABLE", "HASHSEED", "HOME", "INTMAXSTRDIGITS", "NOUSERSITE"),
        *("PATH", "PLATLIBDIR", "USERBASE", "UTF8", "WARNINGS", "_GIL"),
    )
)
"""What a worker is told of Python: which files it runs. All else (PYTHONDEVMODE, PYTHONMALLOC,
PYTHONTRACEMALLOC, ...) watches it, and takes time."""
_WATCHERS = (
    *("DEBUGPY_", "DYLD_INSERT_LIBRARIES", "LD_AUDIT", "LD_PRELOAD"),
    *("MALLOC_CHECK_", "MALLOC_PERTURB_", "PYCHARM_", "PYDEVD_"),
)
"""How the names of variables begin that have a debugger follow child processes, malloc check, or
another library answer in place of the system's, for its clock too. The one that starts coverage
may stay: its trace function is taken down while anything is timed."""
_TAIL_BYTES = 16_384
_LONGEST_ANSWER = 16 * 2**20


class WorkerCrashed(WorkerError):
    """The worker ended, or broke the protocol, before it answered."""


class WorkerTimeout(WorkerError):
    """The worker did not answer within its deadline and was killed."""


class WorkerProcess:
    """One worker. A context manager: it is killed at the end whatever happened."""

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        *,
        memory_bytes: int,
        seed: int,
        purpose: Purpose = "baseline",
    ) -> None:
        """Start the worker in the folder `root`.

        Raises `WorkerCrashed` if the process cannot be started.
        """
        self._root = root
        self._mark = secrets.token_hex(8)
        # -P: the project's folder must not come before the installed packages.
        # -B: nothing is written into the student's tree.
        command = [sys.executable, "-P", "-B", "-m", "tito_bench.worker"]
        try:
            with fixed_addresses():
                self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                    [*command, str(memory_bytes), f"{seed:010d}", f"{purpose:8}"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=root,
                    env={
                        **_without_watchers(environ),
                        **dict.fromkeys(_ONE_THREAD, "1"),
                        "TINYTORCH_QUIET": "1",
                        MARK: self._mark,
                        "PYTHONIOENCODING": "utf-8:replace",
                    },
                    # An own group: Ctrl-C reaches the parent, which then ends the worker;
                    # and what the student's code forks can be ended with it.
                    start_new_session=os.name == "posix",
                )
        except OSError as error:
            why = error.strerror or type(error).__name__  # the error itself names the folder
            raise WorkerCrashed(f"the measuring process cannot be started: {why}") from error
        self._answers: queue.Queue[bytes | None] = queue.Queue()
        self._tail: deque[bytes] = deque()
        self._decoder: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
        self._key = secrets.token_bytes(16)
        self._accounts: defaultdict[str, CpuAccount] = defaultdict(CpuAccount)
        self._cpu_clock: int | None = None  # known once the worker has answered
        self._asked = 0
        self._killed = False
        self._threads = [
            threading.Thread(target=self._read_answers, daemon=True),
            threading.Thread(target=self._read_output, daemon=True),
        ]
        try:
            for thread in self._threads:
                thread.start()
        except RuntimeError as error:  # `ulimit -u`, or the machine is full
            self._process.kill()
            self._process.communicate()
            raise WorkerCrashed(
                "the measuring process cannot be started: no more threads or processes are allowed"
            ) from error

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.kill()

    def ask(self, question: Question, deadline_s: float) -> Answer:
        """Put a question and wait for its answer.

        Raises
        ------
        WorkerTimeout
            After `deadline_s` seconds; the worker has been killed.
        WorkerCrashed
            The worker ended or answered something else; it has been killed.
        """
        try:
            started_ns = self._cpu_ns()
            stdin = _pipe(self._process.stdin)
            if self._asked == 0:
                stdin.write(self._key)
            self._asked += 1
            stdin.write(msgspec.json.encode(question) + b"\n")
            stdin.flush()
            line = self._answers.get(timeout=deadline_s)
        except queue.Empty:
            self.kill()
            raise WorkerTimeout(f"no answer within {deadline_s:.0f} s") from None
        except OSError:
            line = None
        if line is None:
            raise WorkerCrashed(self._how_it_ended())
        answer = self._decode(line)
        if isinstance(question, Measure) and isinstance(answer, Measured):
            self._check_sums(question, answer, started_ns)
        elif self._cpu_clock is None:
            self._cpu_clock = cpu_clock_of(self._process.pid)
        return answer

    def _cpu_ns(self) -> int:
        return 0 if self._cpu_clock is None else time.clock_gettime_ns(self._cpu_clock)

    def _check_sums(self, question: Measure, answer: Measured, started_ns: int) -> None:
        """Hold the readings against the CPU time of the question, where one can be seen.

        The call that is looked at line by line takes as long as it likes.
        """
        if self._cpu_clock is None or answer.metered or len(answer.readings) != len(question.steps):
            return
        account = self._accounts[question.operation]
        account.add(question.steps, answer, self._cpu_ns() - started_ns)
        if not account.adds_up():
            self.kill()
            raise WorkerCrashed("its readings do not add up to the CPU time of its process")

    def output_tail(self) -> str:
        """Return the last that the student's code printed, at most 16 KiB."""
        return b"".join(self._tail).decode("utf-8", "replace")

    def kill(self) -> int:
        """End the worker and all that its code started; return how many processes those were.

        Safe to call twice.
        """
        died_before = self._process.poll() is not None
        started = kill_tree(self._process)
        self._process.wait()
        if died_before and not self._killed:
            # Nobody was left to whom orphans could be handed: find them by what they inherited.
            started += kill_marked(self._mark)
        self._killed = True
        pipes = self._process.stdin, self._process.stdout, self._process.stderr
        for pipe, thread in zip(pipes, (None, *self._threads), strict=True):
            if thread is not None:
                thread.join(timeout=1.0)
                if thread.is_alive():  # whom we have not found keeps it open: closing would wait
                    continue
            with contextlib.suppress(OSError):  # unsent bytes of a dead pipe
                _pipe(pipe).close()
        return started

    def _decode(self, line: bytes) -> Answer:
        sealed, _, said = line.removesuffix(b"\n").partition(b" ")
        if sealed != _native.seal(self._key, self._asked, said):
            self.kill()
            raise WorkerCrashed("the measuring process did not give this answer: it has no seal")
        try:
            return self._decoder.decode(said)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.kill()
            raise WorkerCrashed(f"the measuring process answered nonsense: {error}") from error

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            # The pipe closes before the process is gone: its own end is what to report.
            self._process.wait(timeout=2.0)
        self.kill()
        ended = f"the code ended the measuring process with {_exit_name(self._process.returncode)}"
        words = [line for line in self.output_tail().splitlines() if line.strip()]
        if not words:
            return ended
        return f"{ended}, its last words: {one_line(hide_folders(words[-1], self._root))}"

    def _read_answers(self) -> None:
        # Bounded: student code may write to the channel, and need not end a line.
        while line := _pipe(self._process.stdout).readline(_LONGEST_ANSWER):
            self._answers.put(line)
            if not line.endswith(b"\n"):
                break
        self._answers.put(None)

    def _read_output(self) -> None:
        kept = 0
        stderr = _pipe(self._process.stderr)
        while block := stderr.read1(8192):  # type: ignore[attr-defined]
            self._tail.append(block)
            kept += len(block)
            while kept > _TAIL_BYTES:
                kept -= len(self._tail.popleft())


def _without_watchers(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_WATCHERS) and (not name.startswith("PYTHON") or name in _OF_PYTHON)
    }


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise AssertionError("the worker was started with pipes")
    return stream


def _exit_name(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # a real-time signal has no name
        return f"signal {-code}"
