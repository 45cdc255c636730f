"""The figures that module 20 wants of a model, measured: for the course's submission.json."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.capstone.arrays import encoded_bytes, needed_arrays
from tito_bench.capstone.custom_data import load_custom_data
from tito_bench.capstone.custom_model import load_custom_model
from tito_bench.capstone.task_context import TaskContext, accuracy_of, images_for
from tito_bench.kinds import kind_of
from tito_bench.measure.task_figures import CourseMetrics, CourseMetricsFigures
from tito_bench.measure.timing import reading_of
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.student_code import as_function, require_array, student_code

__all__ = ["assess_course_metrics"]

_MOST_CALLS, _FEWEST_CALLS = 200, 5
_WARM_UP = 3
_BATCH, _BATCH_CALLS = 32, 5
_TIMING_SHARE = 0.6
_time_callable = _native.time_callable
_wall_clock_ns = _native.wall_clock_ns


@dataclass(frozen=True)
class _Model:
    name: str
    forward: Callable[[Any], Any]
    parameters: tuple[np.ndarray, ...]
    """The arrays that its answer depends on."""


def assess_course_metrics(context: TaskContext) -> CourseMetricsFigures:
    """Measure the student's own model and the optimized one, or else the trained `mlp`.

    Latencies are single calls on one sample, by the wall clock, of the models in turn.
    Raises `StudentCodeError` where there are no labels to be right about.
    """
    models, images, labels = _own(context) if context.own is not None else _shipped(context)
    latencies = _latencies_ns(context, models, images)
    return CourseMetricsFigures(
        *(
            _metrics(context, model, images, labels, latency)
            for model, latency in zip(models, latencies, strict=True)
        )
    )


def _shipped(context: TaskContext) -> tuple[list[_Model], np.ndarray, np.ndarray]:
    """Return the trained mlp of the student's layers, on the test images of the digits."""
    data, _ = context.digits()
    model = context.build()
    weights = kind_of(context.operation).weights(context.operation)
    images = images_for(context.model, data.test_images)
    return [_Model(context.model, model.forward, weights)], images, data.test_labels


def _own(context: TaskContext) -> tuple[list[_Model], np.ndarray, np.ndarray]:
    choice = context.own
    data = None if choice is None else load_custom_data(choice)
    if choice is None or data is None:
        raise StudentCodeError("an accuracy needs labels: name them with --data")
    models = []
    for named in filter(None, (choice.model, choice.optimized)):
        file, _, factory = named.rpartition(":")
        whole = load_custom_model(context, Path(file), factory)

        def answer(model: Any) -> np.ndarray:
            return _answer(context, as_function(model), data.images[:1])

        try:
            arrays = tuple(needed_arrays(whole, answer))
        except Exception as error:  # deepcopy may raise anything
            raise StudentCodeError(f"{Path(file).name}:{factory} cannot be copied") from error
        models.append(_Model(f"{Path(file).name}:{factory}", as_function(whole), arrays))
    return models, data.images, data.labels


def _latencies_ns(
    context: TaskContext, models: list[_Model], images: np.ndarray
) -> list[list[float]]:
    """Time single calls on one sample, as many as fit, each on another sample."""
    order = random.Random(context.seed)  # noqa: S311 - of images, not of secrets
    ends = _wall_clock_ns() + 1e9 * _TIMING_SHARE * context.time_s
    found: list[list[float]] = [[] for _ in models]
    with student_code(context.subject.package.location):
        for call in range(_WARM_UP + _MOST_CALLS):
            if call >= _WARM_UP + _FEWEST_CALLS and _wall_clock_ns() > ends:
                break
            index = order.randrange(len(images))
            for model, times in zip(models, found, strict=True):
                x = context.tensor(images[index : index + 1].copy())
                timing, _ = _time_callable(model.forward, ((x,),), 1)
                times.append(reading_of(timing, 1).elapsed_ns)
    return [times[_WARM_UP:] for times in found]


def _metrics(
    context: TaskContext,
    model: _Model,
    images: np.ndarray,
    labels: np.ndarray,
    latency_ns: list[float],
) -> CourseMetrics:
    order = np.random.default_rng(context.seed).permutation(len(labels))
    batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
    logits = np.concatenate([_answer(context, model.forward, images[batch]) for batch in batches])
    if logits.ndim != 2 or len(logits) != len(labels):
        raise StudentCodeError(
            f"{model.name} answers with shape {logits.shape}, one row of class values is needed "
            f"for each of {len(labels)} inputs"
        )
    batch = context.tensor(images[batches[0]].copy())
    with student_code(context.subject.package.location):
        times = [
            reading_of(_time_callable(model.forward, ((batch,),), 1)[0], 1).elapsed_ns
            for _ in range(_BATCH_CALLS)
        ]
    return CourseMetrics(
        name=model.name,
        parameter_count=sum(array.size for array in model.parameters),
        parameter_bytes=sum(map(encoded_bytes, model.parameters)),
        accuracy=accuracy_of(logits, labels[order]),
        samples=len(labels),
        latency_ns=latency_ns,
        batch=len(batches[0]),
        batch_ns=times,
    )


def _answer(context: TaskContext, forward: Callable[[Any], Any], images: np.ndarray) -> np.ndarray:
    with student_code(context.subject.package.location):
        return require_array(forward(context.tensor(images.copy())), "model(x)").copy()
