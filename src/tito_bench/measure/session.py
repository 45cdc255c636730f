"""One conversation with workers: starts them, loads the subject, and survives their deaths."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import msgspec

from tito_bench.errors import SubjectError, WorkerError
from tito_bench.measure.process import WorkerCrashed, WorkerTimeout
from tito_bench.measure.protocol import Answer, Failed, Load, Loaded, Question
from tito_bench.measure.results import Failure

__all__ = ["NotMeasured", "Session", "Worker", "failure_of", "unexpected"]

_LOAD_DEADLINE_S = 30.0


class Worker(Protocol):
    """What a session needs of a worker process."""

    def ask(self, question: Question, deadline_s: float) -> Answer:
        """Answer, or raise WorkerTimeout or WorkerCrashed."""

    def kill(self) -> int:
        """End it at once, and all processes that its code started; how many there were."""


class NotMeasured(Exception):
    """The worker answered why it cannot; it is alive and well."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class Session:
    """Asks questions of a worker that holds the subject; starts another where one has died."""

    def __init__(
        self, start_worker: Callable[[], Worker], load: Load, clock: Callable[[], float]
    ) -> None:
        """`load` names the subject; `clock` gives seconds. Nothing is started yet."""
        self._start_worker = start_worker
        self._load = load
        self._clock = clock
        self._worker: Worker | None = None
        self._spares: list[Worker] = []
        self.load_s = 0.0
        self.processes_started = 0

    def load(self) -> Loaded:
        """Start the first worker, with numpy where `auto` finds that the package ends it.

        Raises
        ------
        SubjectError
            The subject that was asked for cannot be imported.
        WorkerError
            No worker can be started, or NumPy itself cannot be measured in it.
        """
        try:
            return self._start_and_load()
        except WorkerError as error:
            # Not an exception in it: importing the student's package ended or hung the process.
            reason = f"importing the student's tinytorch failed: {error}"
            if self._load.subject == "numpy":
                raise
            if self._load.subject == "tinytorch":
                raise SubjectError(reason) from error
        self._load = msgspec.structs.replace(self._load, subject="numpy")
        return msgspec.structs.replace(self._start_and_load(), note=reason)

    def ask(self, question: Question, deadline_s: float) -> Answer:
        """Put a question to the present worker, or to a new one.

        Raises `NotMeasured` where the answer is a reason, `WorkerTimeout` and
        `WorkerCrashed` where the worker was lost.
        """
        if self._worker is None:
            self._start_and_load()
        if self._worker is None:
            raise AssertionError("loading has started a worker")
        answer = self._worker.ask(question, deadline_s)
        if isinstance(answer, Failed):
            raise NotMeasured(Failure(answer.kind, answer.reason))
        return answer

    @property
    def running(self) -> bool:
        """Whether there is a worker now."""
        return self._worker is not None

    def stop(self) -> None:
        """End the present worker, if there is one; the next question starts another."""
        if self._worker is not None:
            self.processes_started += self._worker.kill()
            self._worker = None

    def start_spares(self, count: int) -> None:
        """Start workers for later; each takes a moment, which so passes beside other work.

        None of them has seen the subject before it is its turn. Where the system refuses one,
        it is asked again at that turn.
        """
        with suppress(WorkerError):
            while len(self._spares) < count:
                self._spares.append(self._start_worker())

    def close(self) -> None:
        """End the present worker and all spare ones."""
        self.stop()
        while self._spares:
            self._spares.pop().kill()

    def _start_and_load(self) -> Loaded:
        self.stop()
        started = self._clock()
        self._worker = self._spares.pop(0) if self._spares else self._start_worker()
        answer = self._worker.ask(self._load, _LOAD_DEADLINE_S)
        self.load_s = self._clock() - started
        if isinstance(answer, Failed):
            raise SubjectError(answer.reason)
        if not isinstance(answer, Loaded):
            raise unexpected(answer)
        return answer


def failure_of(error: NotMeasured | WorkerTimeout | WorkerCrashed) -> Failure:
    """What is recorded for a question that got no answer."""
    if isinstance(error, NotMeasured):
        return error.failure
    if isinstance(error, WorkerTimeout):
        return Failure("timeout", f"{error}; allow more with --time-budget")
    return Failure("crashed", str(error))


def unexpected(answer: Answer) -> WorkerCrashed:
    """An answer of another kind than the question asks for."""
    return WorkerCrashed(f"the measuring process answered {type(answer).__name__} out of turn")
