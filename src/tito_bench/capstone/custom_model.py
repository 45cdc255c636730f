"""The student's own model, and their optimized version of it: `--model FILE.py:factory`."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.capstone.arrays import children_of, encoded_bytes, needed_arrays
from tito_bench.capstone.custom_data import CustomData, load_custom_data
from tito_bench.capstone.forward_trace import Trace, trace_forward
from tito_bench.capstone.replay import KNOWN, Replay, build_replay
from tito_bench.capstone.task_context import TaskContext, accuracy_of
from tito_bench.measure.sampling import Sampler, Timer
from tito_bench.measure.task_figures import (
    Comparison,
    CustomModelChoice,
    CustomModelFigures,
    CustomModelsFigures,
)
from tito_bench.measure.timing import dispatch_timer, function_timer, native_timer
from tito_bench.score import slowdown
from tito_bench.statistics import median, median_interval
from tito_bench.subjects.missing import IncorrectResult, Missing, StudentCodeError
from tito_bench.subjects.student_code import (
    as_function,
    require_array,
    require_input,
    student_code,
)

__all__ = ["assess_custom_model", "load_custom_model"]

_BATCH = 50
_DEEPEST = 8
# As many rounds as the models of the suite get in a capstone. The rest of the task's time is for
# loading and tracing both models, and for their accuracy on the student's data.
_ROUNDS, _TIMING_SHARE = 45, 0.6


@dataclass(frozen=True)
class _Model:
    name: str
    whole: Any
    forward: Callable[[Any], Any]
    trace: Trace
    replay: Replay


@dataclass(frozen=True)
class _Times:
    """What one call took in each round; no native times where nothing could be replayed."""

    subject_ns: list[float]
    native_ns: list[float]
    dispatch_ns: list[float]


def assess_custom_model(context: TaskContext) -> CustomModelsFigures:
    """Trace, replay and time the model, and the optimized one in the same rounds."""
    choice = context.own
    if choice is None:
        raise AssertionError("the task `own` comes with a choice")
    data = load_custom_data(choice)
    context.subject.package.require("Tensor")
    x = _input(choice, data, context.seed)
    models = [_load(context, name, x) for name in (choice.model, choice.optimized) if name]
    if len(models) == 2:
        first, second = (_answer(context, model.forward, x).shape for model in models)
        if first != second:
            raise StudentCodeError(
                f"{models[1].name} answers with shape {second}, {models[0].name} with {first}"
            )
    timed = _timed(context, models, x)
    figures = [
        _model_figures(context, model, times, data, x)
        for model, times in zip(models, timed, strict=True)
    ]
    return CustomModelsFigures(
        input_shape=list(x.shape),
        baseline=figures[0],
        optimized=figures[1] if len(figures) > 1 else None,
        comparison=_compare(figures, timed) if len(figures) > 1 else None,
    )


def _timed(context: TaskContext, models: list[_Model], x: np.ndarray) -> list[_Times]:
    """Time all models, their replays and the smallest array call in the same rounds."""
    order = random.Random(context.seed)  # noqa: S311 - of samples, not of secrets
    arguments = [context.tensor(x) for _ in models]
    timers = {
        f"model {index}": _timer(model, argument, order.getrandbits(32))
        for index, (model, argument) in enumerate(zip(models, arguments, strict=True))
    }
    natives = {
        f"native {index}": native_timer(model.replay.call)
        for index, model in enumerate(models)
        if model.replay.call
    }
    sampler = Sampler(_ROUNDS, order, time_s=_TIMING_SHARE * context.time_s)
    with student_code(context.subject.package.location):
        sampled = sampler.take({**timers, **natives, "dispatch": dispatch_timer()})
    for model, argument in zip(models, arguments, strict=True):
        _check_memory(context, model, argument)
    return [
        _Times(
            sampled.spent_ns(side, never_waiting=(*natives, "dispatch")),
            sampled.call_ns(native) if native in natives else [],
            sampled.call_ns("dispatch"),
        )
        for side, native in ((name, name.replace("model", "native")) for name in timers)
    ]


def _timer(model: _Model, argument: Any, seed: int) -> Timer:
    array = require_input(argument, "Tensor")
    # In every sample of the batch: a memory of single samples must not pay.
    spread = max(1, len(array)) if array.ndim else 1
    return function_timer(model.forward, (argument,), _native.Perturbation([array], seed, spread))


def _model_figures(
    context: TaskContext, model: _Model, times: _Times, data: CustomData | None, x: np.ndarray
) -> CustomModelFigures:
    ratios = [
        slowdown(
            subject_ns,
            native_ns,
            dispatch_calls=model.replay.dispatch_calls,
            dispatch_ns=dispatch_ns,
        )
        for subject_ns, native_ns, dispatch_ns in zip(
            times.subject_ns, times.native_ns, times.dispatch_ns, strict=False
        )
    ]
    return CustomModelFigures(
        name=model.name,
        subject_ns=median(times.subject_ns),
        native_ns=median(times.native_ns) if ratios else None,
        slowdown=median(ratios) if ratios else None,
        slowdown_interval=median_interval(ratios),
        covered=model.replay.covered,
        calls=model.trace.calls,
        unknown=sorted({*model.trace.unknown, *model.replay.left_out}),
        parameter_bytes=_bytes(context, model, x),
        accuracy=None if data is None else _accuracy(context, model, data),
    )


def _compare(figures: list[CustomModelFigures], timed: list[_Times]) -> Comparison:
    """Compare by ratios within the same rounds, so that what disturbs one disturbs both."""
    first, second = timed
    speedups = [one / other for one, other in zip(first.subject_ns, second.subject_ns, strict=True)]
    before, after = figures
    ratio = change = None
    if before.parameter_bytes is not None and after.parameter_bytes is not None:
        ratio = before.parameter_bytes / after.parameter_bytes
    if before.accuracy is not None and after.accuracy is not None:
        change = after.accuracy - before.accuracy
    return Comparison(
        speedup=median(speedups),
        speedup_interval=median_interval(speedups),
        compression_ratio=ratio,
        accuracy_change=change,
    )


# -- loading -----------------------------------------------------------------------


def load_custom_model(context: TaskContext, file: Path, factory_name: str) -> Any:
    """Call the factory of a file, and return its model: callable, or with a `forward`.

    Raises `StudentCodeError` where there is no such thing.
    """
    with student_code(context.subject.package.location):
        factory = getattr(_import(file), factory_name, None)
    shown = f"{file.name}:{factory_name}"
    if not callable(factory):
        raise StudentCodeError(f"{shown}: there is no function of that name")
    with student_code(context.subject.package.location):
        whole = factory()
    if whole is None:
        raise StudentCodeError(f"{shown} returns nothing, a model is needed")
    if not callable(whole) and not callable(getattr(whole, "forward", None)):
        raise StudentCodeError(
            f"{shown} returns a {type(whole).__name__}, which has no forward and is not callable"
        )
    return whole


def _load(context: TaskContext, named: str, x: np.ndarray) -> _Model:
    """Load a model, and see that it answers, twice the same."""
    file, _, factory_name = named.rpartition(":")
    whole = load_custom_model(context, Path(file), factory_name)
    shown = f"{Path(file).name}:{factory_name}"
    forward = as_function(whole)
    first, second = _answer(context, forward, x), _answer(context, forward, x)
    if first.shape != second.shape or not np.array_equal(first, second):
        raise IncorrectResult(
            f"{shown}: the model answers the same input in two ways; switch off dropout and chance"
        )
    trace = _trace(context, whole, forward, x)
    return _Model(shown, whole, forward, trace, build_replay(context.kernels, trace))


def _import(file: Path) -> Any:
    # Beside it lie the modules that it may import; what is installed comes first.
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    spec = importlib.util.spec_from_file_location(f"_own_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise StudentCodeError(f"{file.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _trace(context: TaskContext, whole: Any, forward: Callable[[Any], Any], x: np.ndarray) -> Trace:
    package = context.subject.package
    known: dict[str, type] = {}
    for name in KNOWN:
        found = package.find(name) if name[0].isupper() else None
        if found is not None and not isinstance(found, Missing) and isinstance(found.value, type):
            known[name] = found.value
    others = {
        kind.__name__: kind
        for kind in _classes_in(whole)
        if kind not in known.values() and callable(getattr(kind, "forward", None))
    }
    tensor: Any = package.require("Tensor")
    with student_code(package.location):
        return trace_forward(forward, tensor(x), known, others, tensor)


def _classes_in(whole: Any) -> Iterator[type]:
    seen: set[int] = set()
    waiting = [(whole, 0)]
    while waiting:
        value, depth = waiting.pop()
        if id(value) in seen or depth > _DEEPEST or isinstance(value, str | bytes | np.ndarray):
            continue
        seen.add(id(value))
        if type(value).__module__ not in {"builtins", "numpy"}:
            yield type(value)
        waiting += [(child, depth + 1) for child in children_of(value)]


# -- what it answers ---------------------------------------------------------------


def _input(choice: CustomModelChoice, data: CustomData | None, seed: int) -> np.ndarray:
    if choice.input_shape is not None:
        shape = tuple(choice.input_shape)
    elif data is not None:
        shape = (1, *data.images.shape[1:])
    else:
        raise StudentCodeError("the shape of the input is not known: name it with --input-shape")
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def _answer(context: TaskContext, forward: Callable[[Any], Any], x: np.ndarray) -> np.ndarray:
    with student_code(context.subject.package.location):
        values = require_array(forward(context.tensor(x.copy())), "model(x)")
    if values.dtype.kind != "f" or not np.isfinite(values).all():
        raise StudentCodeError("model(x) holds NaN, infinity, or something else than real numbers")
    return values.copy()


def _check_memory(context: TaskContext, model: _Model, argument: Any) -> None:
    """Check after all calls that the same Tensor, and a new one with its values, get one answer."""
    with student_code(context.subject.package.location):
        remembered = require_array(model.forward(argument), "model(x)").copy()
    fresh = _answer(
        context, model.forward, np.array(require_input(argument, "Tensor"), dtype=np.float32)
    )
    if remembered.shape != fresh.shape or not np.allclose(remembered, fresh, 1e-4, 1e-5):
        raise IncorrectResult(
            f"{model.name}: the model answers from memory: its input changed and the answer did not"
        )


def _bytes(context: TaskContext, model: _Model, x: np.ndarray) -> int | None:
    """Return what its arrays take, as in the compression track; None where it resists copying."""
    try:
        arrays = needed_arrays(model.whole, lambda whole: _answer(context, as_function(whole), x))
    except Exception:  # deepcopy may raise anything
        return None
    return sum(map(encoded_bytes, arrays)) or None


def _accuracy(context: TaskContext, model: _Model, data: CustomData) -> float:
    """Return the accuracy on all of the data, in an order that the model cannot foresee."""
    order = list(range(len(data.labels)))
    random.Random(context.seed).shuffle(order)  # noqa: S311 - of images, not of secrets
    logits = [
        _answer(context, model.forward, data.images[order[start : start + _BATCH]])
        for start in range(0, len(order), _BATCH)
    ]
    found = np.concatenate(logits)
    if found.ndim != 2 or len(found) != len(order):
        raise StudentCodeError(
            f"model(x) has shape {found.shape}, one row of class values an input is needed"
        )
    return accuracy_of(found, data.labels[order])
