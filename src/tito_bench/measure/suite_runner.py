"""Conducts a run: loads, calibrates, and takes paired rounds in random order.

The parent conducts and the worker only answers, so that a crash or a hang of
the student's code costs one operation and never the run. Clock, randomness
and worker come in as arguments: the tests bring a clock of their own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import msgspec

from tito_bench.measure.messages import (
    Load,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Reading,
    Side,
    Step,
)
from tito_bench.measure.results import Failure, OperationResult, PairedRound, SuiteResult
from tito_bench.measure.sampling import Sample, calibrate, cut, fastest, readings_by_side, whole
from tito_bench.measure.schedule import Budget, Schedule, is_due, schedules_for, share_time
from tito_bench.measure.worker_process import WorkerCrashed, WorkerTimeout
from tito_bench.measure.worker_supervisor import (
    LONGEST_LOAD_S,
    NotMeasured,
    Worker,
    WorkerSupervisor,
    failure_of,
    unexpected,
)
from tito_bench.workloads.operation import Operation

__all__ = ["Progress", "SuiteRunner"]

_LOADING_S = 10.0  # what importing may take in the shortest run: some disks are slow
_SIDES: tuple[Side, ...] = ("subject", "native", "dispatch")
_MOST_LOADING = 0.1  # share of the time budget that fresh workers may take to load


@dataclass(frozen=True)
class Progress:
    """How far the run is: `done` of `total` operation rounds (0 of 0 while calibrating).

    `verb` says what is done where it is neither calibrating nor taking rounds,
    and `remaining` what comes after it.
    """

    operation: str
    done: int
    total: int
    verb: str = ""
    remaining: str = ""


class SuiteRunner:
    """Runs a suite against workers that `start_worker` starts."""

    def __init__(
        self,
        start_worker: Callable[[], Worker],
        load: Load,
        *,
        clock: Callable[[], float],
        order: random.Random,
        progress: Callable[[Progress], None],
    ) -> None:
        """Take the subject that `load` names; `clock` gives seconds, `order` orders and seeds."""
        self._supervisor = WorkerSupervisor(start_worker, load, clock)
        self._clock = clock
        self._order = order
        self._progress = progress
        self._dispatch_ns = 0.0  # the smallest array call is the same beside every operation
        self._dispatch_pace = 0.0  # before any code of the student's was there
        self._ready: set[str] = set()
        self._files: dict[str, str] = {}
        self._remarks: dict[str, None] = {}

    def run(
        self,
        operations: Sequence[Operation],
        budget: Budget,
        enough: Callable[[Sequence[OperationResult]], bool] = lambda _results: True,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> SuiteResult:
        """Measure `operations` within `budget`.

        The rounds are taken again, `budget.passes` times in all, until `enough`
        says that the results are certain enough or the time is over. `meanwhile` is done while
        the first worker starts, on another core where there is one.

        Raises
        ------
        SubjectError
            The subject that was asked for cannot be imported.
        WorkerError
            No worker can be started, or NumPy itself cannot be measured in it.
        """
        ends = self._clock() + budget.time_s
        schedules = schedules_for(operations)
        try:
            self._supervisor.start_spares(1)
            meanwhile()
            subject = self._supervisor.load(min(LONGEST_LOAD_S, max(_LOADING_S, budget.time_s)))
            # However long that took, on a busy machine or a slow disk, there is time to measure.
            ends = max(ends, self._clock() + min(budget.time_s, budget.usual_s))
            self._dispatch_pace = subject.dispatch_pace
            # They start while the samples are calibrated, which other work does not disturb.
            fresh = _fresh_worker_rounds(budget, self._supervisor.load_s)
            if not fresh and _fresh_worker_rounds(budget, 0.0):
                self._remarks[
                    f"all rounds in one process, and not in {budget.workers}, since loading takes "
                    f"{self._supervisor.load_s:.1f} s: --time-budget gives it time"
                ] = None
            self._supervisor.start_spares(len(fresh))
            for schedule in schedules:
                with self._guarded(schedule):
                    self._calibrate(schedule, budget, ends)
            active = [schedule for schedule in schedules if schedule.failure is None]
            for _ in range(budget.passes):
                self._take_rounds(active, budget, ends)
                if self._clock() > ends or enough([schedule.result() for schedule in schedules]):
                    break
                self.stop_worker()
        finally:
            self._supervisor.close()
        subject = msgspec.structs.replace(subject, files=subject.files | self._files)
        subject = subject.remarking(self._remarks)
        results = tuple(schedule.result() for schedule in schedules)
        return SuiteResult(subject, results, self._supervisor.processes_started)

    def stop_worker(self) -> None:
        """End the present worker, if there is one; the next question starts another."""
        self._supervisor.stop()
        self._ready.clear()

    # -- one operation -----------------------------------------------------

    def _prepare(self, schedule: Schedule, deadline_s: float) -> Reading | None:
        """Make the operation ready in the present worker; None where it was already."""
        name = schedule.operation.name
        if name in self._ready:
            return None
        answer = self._supervisor.ask(Prepare(name, self._seed()), deadline_s)
        if not isinstance(answer, Prepared):
            raise unexpected(answer)
        self._ready.add(name)
        self._files |= answer.files
        self._remarks |= dict.fromkeys(answer.remarks)
        schedule.tried_out(answer.work)
        return answer.first

    def _calibrate(self, schedule: Schedule, budget: Budget, ends: float) -> None:
        """Prepare, and find how many calls make a sample of each side."""
        self._progress(Progress(schedule.operation.name, 0, 0))
        left_s = ends - self._clock()
        if left_s <= 0:
            reason = f"no time left of {budget.time_s:g} s; allow more with --time-budget"
            raise NotMeasured(Failure("timeout", reason))
        # One operation may take half of what is left, so that a hang does not starve the rest.
        first = self._prepare(schedule, max(1.0, left_s / 2))
        call_ns = 0.0
        for side in _SIDES:
            target_ns = budget.target_ns(side, call_ns)
            if side == "dispatch" and self._dispatch_ns > 0:
                loops = max(1, round(target_ns / self._dispatch_ns))
                schedule.set_sample(side, Sample.of(loops, self._dispatch_ns))
                continue
            timer = partial(self._time, schedule, side, left_s)
            sample = calibrate(timer, target_ns, first if side == "subject" else None)
            if side == "subject":
                call_ns = sample.call_ns
            elif side == "dispatch":
                self._dispatch_ns = sample.call_ns
            schedule.set_sample(side, sample)

    def _time(self, schedule: Schedule, side: Side, left_s: float, loops: int) -> Reading:
        return self._measure(schedule, (Step(side, 0, loops),), max(5.0, left_s)).readings[0]

    def _measure(
        self, schedule: Schedule, steps: tuple[Step, ...], deadline_s: float, *, meter: bool = False
    ) -> Measured:
        question = Measure(schedule.operation.name, self._seed(), steps, meter)
        answer = self._supervisor.ask(question, deadline_s)
        if not isinstance(answer, Measured) or len(answer.readings) != len(steps):
            raise unexpected(answer)
        return answer

    # -- rounds ------------------------------------------------------------

    def _take_rounds(self, schedules: Sequence[Schedule], budget: Budget, ends: float) -> None:
        share_time(schedules, budget.rounds, min(budget.usual_s, ends - self._clock()))
        for schedule in schedules:
            schedule.choose_metered_rounds(self._order)
        total = sum(schedule.rounds_wanted for schedule in schedules)
        done = 0
        fresh = _fresh_worker_rounds(budget, self._supervisor.load_s)
        for number in range(budget.rounds):
            if number in fresh:
                self.stop_worker()
            due = [p for p in schedules if is_due(p.rounds_wanted, number, budget.rounds)]
            self._order.shuffle(due)
            for schedule in due:
                done += 1
                late = self._clock() > ends and bool(schedule.rounds)
                if schedule.failure is not None or late:
                    continue
                self._progress(Progress(schedule.operation.name, done, total))
                with self._guarded(schedule):
                    self._take_round(schedule, ends)

    def _take_round(self, schedule: Schedule, ends: float) -> None:
        # A hang must not take the run far past its end; a slow call may still finish.
        left_s = max(2.0 + 3 * schedule.round_s, ends - self._clock())
        deadline_s = min(5.0 + 20 * schedule.round_s, left_s)
        self._prepare(schedule, deadline_s)
        slices = cut(schedule.samples, self._order)
        steps = tuple(Step(*piece) for piece in slices)
        answer = self._measure(schedule, steps, deadline_s, meter=schedule.is_metered())
        if answer.interpreter_share is not None:
            schedule.note_share(answer.interpreter_share, metered=answer.metered)
        found = readings_by_side(slices, answer.readings)
        subject, native, dispatch = (fastest(found[side]) for side in _SIDES)
        schedule.rounds.append(
            PairedRound(
                subject,
                native,
                dispatch,
                answer.own_cpu_ns,
                answer.others_cpu_ns,
                whole(found["subject"]),
                whole(found["native"]),
                answer.dispatch_pace / self._dispatch_pace if self._dispatch_pace > 0 else 1.0,
            )
        )

    @contextmanager
    def _guarded(self, schedule: Schedule) -> Iterator[None]:
        """Let what goes wrong inside fail this one operation, and never the run."""
        try:
            yield
        except NotMeasured as refusal:
            schedule.failure = refusal.failure
        except (WorkerTimeout, WorkerCrashed) as error:
            schedule.failure = failure_of(error)
            self.stop_worker()

    def _seed(self) -> int:
        return self._order.getrandbits(32)


def _fresh_worker_rounds(budget: Budget, load_s: float) -> frozenset[int]:
    """Choose the rounds, by number, that begin with a fresh worker, if loading is quick enough."""
    if load_s * (budget.workers - 1) > _MOST_LOADING * budget.time_s:
        return frozenset()
    workers = min(budget.workers, budget.rounds)
    return frozenset(budget.rounds * index // workers for index in range(1, workers))
