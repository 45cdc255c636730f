"""The worker's side of measuring: holds the subject, its operations and the kernels.

Runs inside the worker process, beside the student's code. What it times it
times in C, and it keeps its own references to all it needs, so that student
code that replaces functions in `time` or `numpy` changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import threadpoolctl

from tito_bench import _native
from tito_bench.measure.environment import describe_runtime
from tito_bench.measure.protocol import (
    Answer,
    Failed,
    Load,
    Loaded,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Question,
    Reading,
    Step,
)
from tito_bench.subjects import Missing, Subject, choose_subject, describe_exception
from tito_bench.subjects.operation import Arrays, SubjectOperation
from tito_bench.workloads.baseline import BASELINE, operation_named
from tito_bench.workloads.inputs import InputPool, make_weights
from tito_bench.workloads.native import bind, output_shape
from tito_bench.workloads.operation import Operation
from tito_bench.workloads.oracle import disagreement, tolerance

__all__ = ["Workbench"]

_ONCE = Step("subject", 0, 1)
_WEIGHTS_SEED = 20  # weights are the same in every run: only inputs vary


def _smallest_array_call(a: Any, b: Any) -> Any:
    return a + b


@dataclass(frozen=True)
class _Station:
    """One operation, ready on both sides. `inputs` are refilled in place before each use."""

    operation: Operation
    subject: SubjectOperation
    inputs: Arrays
    weights: Arrays
    expected: np.ndarray
    native: _native.Call


class Workbench:
    """Answers the questions of the measuring process, one at a time."""

    def __init__(self, seed: int) -> None:
        """Make the kernels and the input pool; `seed` decides all random numbers."""
        largest = max(
            max(int(np.prod(shape)) for shape in operation.inputs) for operation in BASELINE
        )
        self._kernels = _native.Kernels()
        self._pool = InputPool(largest, seed)
        self._stations: dict[str, _Station] = {}
        self._subject: Subject | None = None
        tiny = np.ones(1, dtype=np.float32)
        self._dispatch_arguments = [(tiny, tiny)]

    def answer(self, question: Question) -> Answer:
        """Answer one question. An exception of the student's code becomes `Failed`."""
        answers: dict[type, Callable[[Any], Answer]] = {
            Load: self._load,
            Prepare: self._prepare,
            Measure: self._measure,
        }
        try:
            return answers[type(question)](question)
        except Missing as missing:
            return Failed("missing", str(missing))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return Failed("raised", describe_exception(error, self._subject))

    def _load(self, question: Load) -> Answer:
        subject, note = choose_subject(question.subject, question.root, question.package)
        self._subject = subject
        # After the import: the student's code may have loaded another BLAS.
        threadpoolctl.threadpool_limits(1)
        return Loaded(
            name=subject.name,
            version=subject.version,
            file=subject.file,
            files=dict(subject.files),
            fingerprint=subject.fingerprint,
            note=note,
            runtime=describe_runtime(self._kernels.target),
        )

    def _prepare(self, question: Prepare) -> Answer:
        operation = operation_named(question.operation)
        inputs = tuple(np.empty(shape, dtype=np.float32) for shape in operation.inputs)
        weights = make_weights(operation.weights, _WEIGHTS_SEED)
        # Written once: a page that was never written reads falsely fast.
        expected = np.full(output_shape(operation), np.nan, dtype=np.float32)
        if self._subject is None:
            raise AssertionError("Load comes before Prepare")
        station = _Station(
            operation,
            self._subject.operation(operation.kind, weights),
            inputs,
            weights,
            expected,
            bind(self._kernels, operation, inputs, weights, expected),
        )
        self._stations[operation.name] = station
        arguments = self._fresh_arguments(station, question.seed)
        first, result = _time_callable(station.subject.function, arguments, _ONCE)
        wrong = self._check(station, result)
        if wrong is not None:
            return Failed("incorrect", wrong)
        return Prepared(first, dict(self._subject.files))

    def _measure(self, question: Measure) -> Answer:
        station = self._stations[question.operation]
        arguments = self._fresh_arguments(station, question.seed)
        readings = []
        result: object = None
        measured_subject = False
        for step in question.steps:
            if step.side == "subject":
                reading, result = _time_callable(station.subject.function, arguments, step)
                measured_subject = True
            elif step.side == "native":
                reading = _time_native(station.native, step)
            else:
                reading, _ = _time_callable(_smallest_array_call, self._dispatch_arguments[0], step)
            readings.append(reading)
        if measured_subject:
            wrong = self._check(station, result)
            if wrong is not None:
                return Failed("incorrect", wrong)
        return Measured(tuple(readings))

    def _fresh_arguments(self, station: _Station, seed: int) -> tuple[object, ...]:
        self._pool.fill(station.inputs, seed)
        return station.subject.arguments(station.inputs)

    @staticmethod
    def _check(station: _Station, result: object) -> str | None:
        station.native()
        allowed = tolerance(station.operation, station.inputs, station.weights)
        return disagreement(result, station.expected, allowed)


def _time_callable(
    function: Callable[..., object], arguments: tuple[object, ...], step: Step
) -> tuple[Reading, object]:
    ring = [arguments]
    if step.warmup:
        _native.time_callable(function, ring, step.warmup)
    timing, result = _native.time_callable(function, ring, step.loops)
    return _reading(timing, step.loops), result


def _time_native(call: _native.Call, step: Step) -> Reading:
    if step.warmup:
        _native.time_calls([call], step.warmup)
    return _reading(_native.time_calls([call], step.loops), step.loops)


def _reading(timing: _native.Timing, loops: int) -> Reading:
    return Reading(loops, timing.wall_ns, timing.cpu_ns, timing.process_cpu_ns, timing.waits)
