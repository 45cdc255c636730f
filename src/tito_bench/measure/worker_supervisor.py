"""One conversation with workers: starts them, loads the subject, and survives their deaths."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import msgspec

from tito_bench.errors import SubjectError, WorkerError
from tito_bench.measure.messages import Answer, Failed, Load, Loaded, Measured, Question
from tito_bench.measure.results import Failure
from tito_bench.measure.worker_process import WorkerCrashed, WorkerTimeout

__all__ = [
    "LONGEST_LOAD_S",
    "NotMeasured",
    "Worker",
    "WorkerSupervisor",
    "failure_of",
    "unexpected",
    "why_not_imported",
]

LONGEST_LOAD_S = 30.0
_RELOAD_S = 5.0


class Worker(Protocol):
    """What a session needs of a worker process."""

    def ask(self, question: Question, deadline_s: float) -> Answer:
        """Answer, or raise WorkerTimeout or WorkerCrashed."""

    def kill(self) -> int:
        """End it at once, and all processes that its code started; return how many there were."""


class NotMeasured(Exception):
    """The worker answered why it cannot; it is alive and well."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class WorkerSupervisor:
    """Asks questions of a worker that holds the subject; starts another where one has died."""

    def __init__(
        self, start_worker: Callable[[], Worker], load: Load, clock: Callable[[], float]
    ) -> None:
        """Take the subject that `load` names; `clock` gives seconds. Nothing is started yet."""
        self._start_worker = start_worker
        self._load = load
        self._clock = clock
        self._worker: Worker | None = None
        self._spares: list[Worker] = []
        self._loaded: Loaded | None = None
        self._lost: Failure | None = None
        self._processes_seen = 0  # by the present worker
        self.load_s = 0.0
        self.processes_started = 0

    def load(self, deadline_s: float = LONGEST_LOAD_S) -> Loaded:
        """Start the first worker.

        Loading may take `deadline_s`. What it finds is what the whole session
        measures: later workers get no other subject and no other sources.

        Raises
        ------
        SubjectError
            The subject cannot be imported, or importing it ended or hung the process.
        WorkerError
            No worker can be started, or NumPy itself cannot be measured in it.
        """
        try:
            return self._load_first(deadline_s)
        except WorkerError as error:
            if self._load.subject == "numpy":
                raise
            raise SubjectError(why_not_imported(error)) from error

    def ask(self, question: Question, deadline_s: float) -> Answer:
        """Put a question to the present worker, or to a new one.

        Raises `NotMeasured` where the answer is a reason, `WorkerTimeout` and
        `WorkerCrashed` where the worker was lost.
        """
        if self._worker is None:
            self._reload()
        if self._worker is None:
            raise AssertionError("loading has started a worker")
        answer = self._worker.ask(question, deadline_s)
        if isinstance(answer, Failed):
            raise NotMeasured(Failure(answer.kind, answer.reason))
        if isinstance(answer, Measured):
            self._processes_seen = max(self._processes_seen, answer.processes)
        return answer

    @property
    def running(self) -> bool:
        """Whether there is a worker now."""
        return self._worker is not None

    def stop(self) -> None:
        """End the present worker, if there is one; the next question starts another."""
        if self._worker is not None:
            self.processes_started += max(self._worker.kill(), self._processes_seen)
            self._worker, self._processes_seen = None, 0

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

    def _load_first(self, deadline_s: float) -> Loaded:
        loaded = self._start_and_load(deadline_s)
        self._load = msgspec.structs.replace(
            self._load,
            subject="numpy" if loaded.name == "numpy" else "tinytorch",
            references=loaded.references,  # one run, one reference
        )
        self._loaded = loaded
        return loaded

    def _reload(self) -> None:
        """Start another worker. It must hold what the first held, and is tried only once."""
        first = self._loaded
        if first is None:
            self._load_first(LONGEST_LOAD_S)
            return
        if self._lost is None:
            self._lost = self._try_reload(first)
        if self._lost is not None:
            self.stop()
            raise NotMeasured(self._lost)

    def _try_reload(self, first: Loaded) -> Failure | None:
        deadline_s = min(LONGEST_LOAD_S, _RELOAD_S + 5 * self.load_s)
        try:
            again = self._start_and_load(deadline_s)
        except (SubjectError, WorkerError) as error:
            return Failure("crashed", f"the package could be imported once, then no more: {error}")
        if (again.name, again.fingerprint) != (first.name, first.fingerprint):
            return Failure("crashed", "the files of the package changed while it was measured")
        return None

    def _start_and_load(self, deadline_s: float) -> Loaded:
        self.stop()
        started = self._clock()
        self._worker = self._spares.pop(0) if self._spares else self._start_worker()
        answer = self._worker.ask(self._load, deadline_s)
        self.load_s = self._clock() - started
        if isinstance(answer, Failed):
            raise SubjectError(answer.reason)
        if not isinstance(answer, Loaded):
            raise unexpected(answer)
        return answer


def failure_of(error: NotMeasured | WorkerTimeout | WorkerCrashed) -> Failure:
    """Return what is recorded for a question that got no answer."""
    if isinstance(error, NotMeasured):
        return error.failure
    if isinstance(error, WorkerTimeout):
        return Failure("timeout", f"{error}; allow more with --time-budget")
    return Failure("crashed", str(error))


def unexpected(answer: Answer) -> WorkerCrashed:
    """Return the error for an answer of another kind than the question asks for."""
    return WorkerCrashed(f"the measuring process answered {type(answer).__name__} out of turn")


def why_not_imported(error: WorkerError) -> str:
    """Say how importing the student's package ended or hung the process; no line is known."""
    if isinstance(error, WorkerTimeout):
        return (
            f"importing your tinytorch did not end: {error}; look for a loop, a wait or a download "
            "that runs while a file is imported"
        )
    return f"importing your tinytorch failed: {error}"
