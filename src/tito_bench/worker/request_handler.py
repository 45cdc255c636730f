"""The worker's side of measuring: holds the subject, its operations and the kernels.

Runs inside the worker process, beside the student's code. What it times it
times in C, and it keeps its own references to all it needs, so that student
code that replaces functions in `time` or `numpy` changes nothing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import threadpoolctl

from tito_bench import _native
from tito_bench.machine.environment import describe_runtime
from tito_bench.measure.messages import (
    Answer,
    Assess,
    Assessed,
    Failed,
    FailureKind,
    Inspect,
    Inspected,
    Load,
    Loaded,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Purpose,
    Question,
    References,
)
from tito_bench.subjects import Missing, Subject, choose_subject, describe_exception
from tito_bench.subjects.missing import IncorrectResult
from tito_bench.subjects.redaction import one_line
from tito_bench.subjects.student_errors import is_our_own
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject
from tito_bench.worker.input_perturbation import InputPerturbation
from tito_bench.worker.interpreter_share import HiddenLines
from tito_bench.worker.native_reference import Candidates, find_candidates
from tito_bench.worker.paired_arrays import PairedArrays
from tito_bench.worker.paired_operation import PairedOperation
from tito_bench.worker.paired_timing import dispatch_pace
from tito_bench.worker.tamper_detection import take_snapshot, watch
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.suites import LARGEST_INPUT, operation_named

__all__ = ["RequestHandler"]

# Bound as they were before any student code could replace them.
_sleep, _listdir, _open = time.sleep, os.listdir, open
_decode, _encode = msgspec.json.Decoder(Question).decode, msgspec.json.Encoder().encode
_MOST_TRIES, _UNTIL_IDLE_S = 8, 0.05
"""Threads of a BLAS go on spinning for 25 ms after they were asked for something."""
_JUDGED_BESIDE = 10
"""A thread that ran while a round was judged counts as much as a tenth of the round: more than
idle threads may take where it does so in every second round."""


_FAILURES: dict[type, FailureKind] = {
    Missing: "missing",
    IncorrectResult: "incorrect",
    HiddenLines: "tampered",
}


class RequestHandler:
    """Answers the questions of the measuring process, one at a time."""

    CHANGING = ("_candidates", "_paired_operations", "_references", "_root", "_subject")
    # No attribute can be put before a method of the same name.
    __slots__ = (
        *("_answers", "_dispatch_pace", "_hooks", "_kernels", "_pool"),
        *("_snapshot", *CHANGING),
    )

    def __init__(self, seed: int, purpose: Purpose) -> None:
        """Make the kernels and the input pool; `seed` decides all random numbers.

        What `purpose` needs is imported here, before any code of the student's, and
        nothing else is.
        """
        self._kernels = _native.Kernels()
        self._candidates = Candidates(self._kernels, None, None)
        self._references = References()
        self._pool = InputPool(LARGEST_INPUT, seed)
        self._paired_operations: dict[str, PairedOperation] = {}
        self._subject: Subject | None = None
        self._root = Path()
        self._hooks = _native.Hooks()
        self._dispatch_pace = dispatch_pace(self._hooks)
        self._answers: dict[type, Callable[[Any], Answer]] = {
            Load: self._load,
            Prepare: self._prepare,
            Measure: self._measure,
        }
        if purpose in {"capstone", "explain"}:
            self._answers[Assess] = self._assess_by()
        if purpose == "explain":
            self._answers[Inspect] = self._inspect_by()
        self._snapshot = take_snapshot()
        self._snapshot.watch_numbers("the input pool", self._pool.values)
        watch(self._snapshot, self)
        self._hooks.hold(self._snapshot, self._failure)

    def answer_line(self, line: bytes) -> bytes:
        """Answer one question, both as they are sent."""
        question = _decode(line)
        said = _encode(self.answer(question))
        if not isinstance(question, Measure):  # that comes often, and its answer needs no words
            self._hooks.call(_flush_prints)
        return said

    def answer(self, question: Question) -> Answer:
        """Answer one question. Whatever the student's code raises becomes `Failed`."""
        try:
            return self._answers[type(question)](question)
        except _native.Raised as raised:
            (failed,) = raised.args
            return Failed(failed.kind, failed.reason)
        except BaseException as error:  # our own: what is wrong in their place is found by us
            # Words are made with Python's own modules, which their code may have changed.
            return self._hooks.call(self._failure, error)

    def _failure(self, error: BaseException) -> Failed:
        # Student code may raise what means something only if it comes from us.
        kind = _FAILURES.get(type(error)) if is_our_own(error) else None
        try:
            reason = describe_exception(error, self._subject) if kind is None else str(error)
            return Failed(kind or "raised", one_line(reason))  # it may name the student's classes
        except BaseException:  # an exception that resists being looked at
            return Failed("raised", "the code raised what cannot be described")

    def _load(self, question: Load) -> Answer:
        threadpoolctl.threadpool_limits(1)
        # Who asks only whether it loads has nothing measured: no BLAS is looked into for that.
        given = question.references or (None if question.operations else References())
        self._candidates = find_candidates(references=given)
        self._references = given or self._candidates.choose(
            map(operation_named, question.operations), self._pool
        )
        self._root = Path(os.fsdecode(question.root))
        for name in ("_candidates", "_references", "_root"):
            self._snapshot.watch_attribute(name, self, name)
        watch(self._snapshot, (self._candidates, self._references))
        package = None if question.package is None else Path(os.fsdecode(question.package))
        code = None if question.code is None else (question.code.name, question.code.text)
        subject, note = self._hooks.call(
            choose_subject, question.subject, self._root, package, code
        )
        self._subject = subject
        self._snapshot.watch_attribute("_subject", self, "_subject")
        # Once more: the student's code may have loaded another BLAS.
        self._hooks.call(threadpoolctl.threadpool_limits, 1)
        return Loaded(
            name=subject.name,
            version=subject.version,
            file=subject.file,
            files=dict(subject.files),
            fingerprint=subject.fingerprint,
            note=note,
            runtime=self._hooks.call(describe_runtime, self._kernels.target),
            references=self._references,
            dispatch_pace=self._dispatch_pace,
        )

    def _prepare(self, question: Prepare) -> Answer:
        if self._subject is None:
            raise AssertionError("Load comes before Prepare")
        paired = self._pair(self._subject, question.operation)
        if paired is None:
            return Failed("raised", "other threads of the code never rest: end them when done")
        first, interpreter_share = paired.try_out(question.seed)
        remarks = self._hooks.call(_remarks, self._subject)
        return Prepared(first, dict(self._subject.files), paired.work(interpreter_share), remarks)

    def _pair(self, subject: Subject, name: str) -> PairedOperation | None:
        """Make an operation ready while nothing else runs in the process; None where that fails."""
        operation = operation_named(name)
        kernels = self._candidates.of(name, self._references)
        for _ in range(_MOST_TRIES):
            arrays = PairedArrays(operation, subject.operation, kernels, self._pool, self._hooks)
            changes = InputPerturbation(operation, self._pool)
            paired = PairedOperation(arrays, changes, self._hooks)
            watch(self._snapshot, paired)
            if self._hooks.alone():
                self._paired_operations[name] = paired
                self._snapshot.watch_names("operations", self._paired_operations, closed=False)
                for array in arrays.weights:
                    self._snapshot.watch_numbers(f"the weights of {name}", array)
                return paired
            self._hooks.call(_sleep, _UNTIL_IDLE_S)
        return None

    def _measure(self, question: Measure) -> Answer:
        paired = self._paired_operations[question.operation]
        timing, share = paired.timing, paired.share
        timing.begin(question.seed)
        metered = question.meter or share.must_be_metered(timing.subject_ns)
        if metered:
            paired.check(paired.meter_loops())
        readings, taken = timing.take(question.steps)
        processes = _count_children()
        interpreter_share = None
        if taken.loops:
            paired.check(taken.result)
            interpreter_share = share.news(timing.subject_ns, metered=metered)
        others_ns = taken.others_cpu_ns
        if not self._hooks.alone():
            # Code that runs while it is judged can do what it likes, however little it takes.
            others_ns += taken.own_cpu_ns // _JUDGED_BESIDE
        own_ns, pace = taken.own_cpu_ns, taken.pace
        return Measured(readings, own_ns, others_ns, interpreter_share, processes, metered, pace)

    def _assess_by(self) -> Callable[[Assess], Answer]:
        from tito_bench.capstone.tasks import TaskContext, perform

        def assess(question: Assess) -> Answer:
            if not isinstance(self._subject, TinyTorchSubject):
                return Failed("missing", "only a tinytorch package has a capstone")
            candidates, references = self._candidates, self._references
            context = TaskContext(
                self._subject,
                self._kernels,
                self._root,
                question.model,
                question.seed,
                question.time_s,
                question.own,
                lambda name: candidates.of(name, references),
            )
            figures = self._hooks.call(perform, question.task, context)
            subject = self._subject
            remarks = self._hooks.call(_remarks, subject)
            return Assessed(figures, dict(subject.files), remarks, subject.fingerprint)

        return assess

    def _inspect_by(self) -> Callable[[Inspect], Answer]:
        from tito_bench.explain.inspection import inspect

        def look(question: Inspect) -> Answer:
            if self._subject is None:
                raise AssertionError("Load comes before Inspect")
            operation = operation_named(question.operation)
            pool, seed, time_s = self._pool, question.seed, question.time_s
            return Inspected(
                self._hooks.call(
                    inspect, operation, self._subject, self._kernels, pool, seed, time_s
                )
            )

        return look


def _remarks(subject: Subject) -> tuple[str, ...]:
    """Return what was noticed of the student's code; it may hold names of their classes."""
    return (
        tuple(map(one_line, subject.package.remarks))
        if isinstance(subject, TinyTorchSubject)
        else ()
    )


def _count_children() -> int:
    """Count the children of this process, those included that have ended and wait for it.

    0 where the system does not tell (it has to be Linux).
    """
    found = 0
    try:
        for thread in _listdir("/proc/self/task"):
            with _open(f"/proc/self/task/{thread}/children", encoding="ascii") as file:
                found += len(file.read().split())
    except OSError:  # a thread that has just ended, or a system without that file
        return found
    return found


def _flush_prints() -> None:
    """Send on what student code printed: it may explain the answer, and os._exit would lose it."""
    try:
        if sys.__stdout__ is not None:
            sys.__stdout__.flush()
    except (OSError, ValueError):  # student code closed it
        return
