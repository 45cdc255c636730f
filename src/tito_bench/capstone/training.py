"""A short real training with the student's own autograd, loss and optimizer.

A NumPy reference takes the same steps from the same start. Plain gradient descent
leaves no choice in what comes out, so that a student's network that ends much
better than the reference's has been trained with something else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from operator import truediv
from statistics import fmean
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.capstone.task_context import TaskContext, accuracy_of
from tito_bench.kinds import KINDS
from tito_bench.measure.messages import Reading
from tito_bench.measure.sampling import Sample, Sampled, cut, readings_by_side
from tito_bench.measure.task_figures import CurvePoint, TrainingFigures
from tito_bench.measure.timing import reading_of
from tito_bench.statistics import median
from tito_bench.subjects.missing import IncorrectResult, Missing, StudentCodeError
from tito_bench.subjects.models import StudentModel, parameters_of
from tito_bench.subjects.parameters import bare_array, holder_of, read_parameters
from tito_bench.subjects.student_code import student_code
from tito_bench.workloads.capstone import model_operation
from tito_bench.workloads.inputs import make_weights
from tito_bench.workloads.reference import mlp_logits, mlp_step

__all__ = ["assess_training"]

_SEED = 6
_BATCH, _EPOCHS, _RATE = 32, 6, 0.2
_FEWEST_STEPS, _STEPS_OF_ROUND = 10, 8
_MAGIC = 0.05
"""Float32 in another order ends within a few test images of 200; 5 points are ten of them."""
_time_callable, _wall_clock_ns = _native.time_callable, _native.wall_clock_ns

Batch = tuple[np.ndarray, np.ndarray]
Step = Callable[[np.ndarray, np.ndarray], float]


def assess_training(context: TaskContext) -> TrainingFigures:
    """Train for six epochs, or as long as the time allows; at least ten steps.

    Raises `Missing` where a module is not there yet, `StudentCodeError` where
    it fails or brings no gradients.
    """
    data, _ = context.digits()
    images = data.train_images.reshape(len(data.train_labels), -1)
    weights = make_weights(model_operation("mlp", 1).weights, _SEED)
    reference = tuple(array.copy() for array in weights)
    model, step = _trainer(context, weights)
    losses: list[float] = []
    steps = {
        "subject": lambda x, y: losses.append(step(x, y)),
        "reference": lambda x, y: mlp_step(reference, x, y, _RATE),
    }
    draw, order = np.random.default_rng(_SEED), random.Random(context.seed)  # noqa: S311
    ends = _wall_clock_ns() + context.time_s * 1e9
    rounds: list[Mapping[str, tuple[Reading, ...]]] = []
    curve: list[CurvePoint] = []
    for epoch in range(_EPOCHS):
        shuffled, begun = draw.permutation(len(images)), len(losses)
        for chosen in _rounds_of(shuffled):
            if len(losses) >= _FEWEST_STEPS and _wall_clock_ns() > ends:
                break
            batches = [(images[batch], data.train_labels[batch]) for batch in chosen]
            rounds.append(_take_round(steps, batches, order))
            if not np.isfinite(losses).all():
                raise StudentCodeError("the loss is not a finite number")
        else:
            point = CurvePoint(epoch + 1, fmean(losses[begun:]), _evaluate(context, model))
            curve.append(point)
            continue
        break
    if not curve:
        curve.append(CurvePoint(0, fmean(losses), _evaluate(context, model)))
    return _figures(context, model, reference, Sampled({}, rounds), curve)


def _rounds_of(shuffled: np.ndarray) -> list[list[np.ndarray]]:
    """Return the batches of an epoch, as many to a round as it has steps."""
    whole = len(shuffled) // _BATCH
    batches = np.split(shuffled[: whole * _BATCH], whole)
    return [batches[at : at + _STEPS_OF_ROUND] for at in range(0, whole, _STEPS_OF_ROUND)]


def _take_round(
    steps: Mapping[str, Callable[[np.ndarray, np.ndarray], object]],
    batches: Sequence[Batch],
    order: random.Random,
) -> dict[str, tuple[Reading, ...]]:
    """Train each side on the same batches, in slices that take turns.

    No step is taken for the clock alone: code could tell it from those that train.
    """
    slices = cut(dict.fromkeys(steps, Sample(len(batches), 0, 0.0)), order)
    waiting = {side: iter(batches) for side in steps}
    readings = []
    for side, _, loops in slices:
        timing, _ = _time_callable(steps[side], tuple(islice(waiting[side], loops)), loops)
        readings.append(reading_of(timing, loops))
    return readings_by_side(slices, readings)


def _figures(
    context: TaskContext,
    model: StudentModel,
    reference: tuple[np.ndarray, ...],
    sampled: Sampled[str],
    curve: list[CurvePoint],
) -> TrainingFigures:
    data, _ = context.digits()
    flat = data.test_images.reshape(len(data.test_labels), -1)
    accuracy = _evaluate(context, model)
    expected = accuracy_of(mlp_logits(reference, flat), data.test_labels)
    steps = sum(reading.loops for found in sampled.rounds for reading in found["subject"])
    if accuracy > expected + _MAGIC:
        raise IncorrectResult(
            f"{steps} steps of gradient descent reach an accuracy of {expected:.1%}, "
            f"this training says {accuracy:.1%}: it learned from something else"
        )
    step_ns = sampled.spent_ns("subject", never_waiting=["reference"])
    reference_ns = sampled.call_ns("reference")
    return TrainingFigures(
        optimizer="SGD",
        steps=steps,
        epochs=curve[-1].epoch,
        accuracy=accuracy,
        expected=expected,
        step_ns=median(step_ns),
        twin_step_ns=median(reference_ns),
        step_slowdown=median(map(truediv, step_ns, reference_ns)),
        curve=curve,
    )


def _trainer(context: TaskContext, weights: tuple[np.ndarray, ...]) -> tuple[StudentModel, Step]:
    """Return the student's network and one step of its training."""
    package = context.subject.package
    switch = package.find("enable_autograd")
    if isinstance(switch, Missing):
        engine = package.find("Function")
        # Where gradients need no switch it may be there and do nothing; and a `Function`
        # without a method marks a module as well as a written one does.
        if isinstance(engine, Missing) and (switch.unwritten or not engine.unwritten):
            raise switch.again()
    if not isinstance(switch, Missing):
        with student_code(package.location):
            _any(switch.value)()
    # Tried on a network of its own, which is then thrown away.
    _, parameters, step = _network(context, weights)
    _check_gradients(context, step, parameters)
    model, _, step = _network(context, weights)
    return model, step


def _network(
    context: TaskContext, weights: tuple[np.ndarray, ...]
) -> tuple[StudentModel, list[Any], Step]:
    package = context.subject.package
    loss_class, sgd_class, tensor = (
        _any(package.require(name)) for name in ("CrossEntropyLoss", "SGD", "Tensor")
    )
    model = KINDS["mlp"].tinytorch(package, tuple(array.copy() for array in weights))
    with student_code(package.location):
        parameters = [
            _trained(parameter, model.layers) for parameter in parameters_of(model.layers)
        ]
        optimizer = sgd_class(parameters, _RATE)
        criterion = loss_class()

    def step(batch: np.ndarray, labels: np.ndarray) -> float:
        with student_code(package.location):
            optimizer.zero_grad()
            loss = criterion(model.forward(tensor(batch)), tensor(labels))
            loss.backward()
            optimizer.step()
            return float(np.asarray(loss.data).reshape(-1)[0])

    return model, parameters, step


def _trained(parameter: Any, layers: tuple[Any, ...]) -> Any:
    """Return the parameter, told to keep its gradient."""
    if isinstance(parameter, np.ndarray):
        raise bare_array(*holder_of(parameter, layers))
    parameter.requires_grad = True
    return parameter


def _check_gradients(context: TaskContext, step: Step, parameters: list[Any]) -> None:
    """Take one step on a small batch; every parameter must have got a gradient from it."""
    data, _ = context.digits()
    step(data.train_images[:4].reshape(4, -1), data.train_labels[:4])
    if len(parameters) != 4:
        raise StudentCodeError(
            f"the layers name {len(parameters)} parameters, two Linear layers have 4"
        )
    for parameter in parameters:
        if getattr(parameter, "grad", None) is None:
            raise StudentCodeError("backward() gives the parameters of Linear no gradient")


def _evaluate(context: TaskContext, model: StudentModel) -> float:
    """Return the accuracy on the test images of the weights that the student's layers now hold.

    Computed from the weights themselves; the student's forward pass must agree.
    """
    data, _ = context.digits()
    flat = data.test_images.reshape(len(data.test_labels), -1)
    w1, b1, w2, b2 = model_operation("mlp", 1).weights
    with student_code(context.subject.package.location):
        held = tuple(
            values
            for layer, weight, bias in ((model.layers[0], w1, b1), (model.layers[2], w2, b2))
            for values in read_parameters(layer, {"weight": weight, "bias": bias}).values()
        )
    own = mlp_logits(held, flat)
    logits = context.forward(model.forward, flat.copy())
    size = max(1.0, float(np.abs(own).max()))
    if float(np.abs(logits - own).max()) > 1e-4 * size:
        raise IncorrectResult("the trained network answers otherwise than its weights say")
    return accuracy_of(own, data.test_labels)


def _any(value: object) -> Any:
    return value
