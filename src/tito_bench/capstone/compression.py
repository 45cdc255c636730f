"""The student's quantization and pruning, on copies of the trained model."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from tito_bench.capstone.arrays import encoded_bytes, needed_arrays
from tito_bench.capstone.task_context import TaskContext, accuracy_of, images_for
from tito_bench.measure.task_figures import CompressionFigures
from tito_bench.subjects.course_modules import layout_of
from tito_bench.subjects.missing import Missing, StudentCodeError
from tito_bench.subjects.models import Biased, parameters_of
from tito_bench.subjects.student_code import as_function, student_code

__all__ = ["ACCURACY_LOSS", "assess_pruning", "assess_quantization"]

ACCURACY_LOSS = 0.02
"""An accuracy that falls by more than this is not kept."""

_SPARSITIES = (0.5, 0.7, 0.9)


class _Stack:
    """Layers one after the other, where the package has no Sequential."""

    def __init__(self, *layers: Any) -> None:
        self.layers = list(layers)

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = as_function(layer)(x)
        return x

    forward = __call__

    def parameters(self) -> list[Any]:
        return parameters_of(tuple(self.layers))


def assess_quantization(context: TaskContext) -> CompressionFigures:
    """Assess the student's `quantize_model`, or `QuantizedLinear` in place of each Linear."""
    package = context.subject.package
    whole, wrapper = package.find("quantize_model"), package.find("QuantizedLinear")
    if isinstance(whole, Missing) and isinstance(wrapper, Missing):
        raise wrapper.again()
    linear: Any = package.require("Linear")
    model = _stack(context)

    def compress(copied: Any) -> Any:
        if isinstance(whole, Missing):
            return wrapped(copied)
        kinds, values = _kinds_of(copied), _values_of(copied)
        returned = _call(whole.value, copied)
        if returned is not None and not isinstance(returned, dict) and _runs(returned):
            return returned
        if _kinds_of(copied) != kinds:
            return copied
        if not isinstance(wrapper, Missing):
            return wrapped(copied)
        if returned is not None and _values_of(copied) == values:
            module = layout_of("quantize_model").number
            reason = (
                f"module {module}: quantize_model returns a report and changes nothing in the "
                "model: there is nothing to measure until it puts int8 layers into it"
            )
            raise Missing("quantize_model", module, reason)
        return copied

    def wrapped(copied: Any) -> Any:
        if not isinstance(wrapper, Missing):
            copied.layers = [quantized(wrapper.value, layer) for layer in copied.layers]
        return copied

    def quantized(kind: Any, layer: Any) -> Any:
        if isinstance(layer, Biased):
            return Biased(quantized(kind, layer.layer), layer.bias)
        return _call(kind, layer) if isinstance(layer, linear) else layer

    return _assess(context, "int8 quantization", model, compress)


def assess_pruning(context: TaskContext) -> CompressionFigures:
    """Try the student's `magnitude_prune` at 50, 70 and 90%: the best that keeps the accuracy."""
    package = context.subject.package
    prune = package.require("magnitude_prune")
    best: CompressionFigures | None = None
    for sparsity in _SPARSITIES:
        model = _stack(context)

        def compress(copied: Any, sparsity: float = sparsity) -> Any:
            returned = _call(prune, copied, sparsity)
            return returned if returned is not None and _runs(returned) else copied

        found = _assess(context, f"magnitude pruning at {sparsity:.0%}", model, compress)
        if best is None or (found.kept and (not best.kept or found.ratio > best.ratio)):
            best = found
    if best is None:
        raise AssertionError("there are sparsities to try")
    return best


def _assess(
    context: TaskContext, technique: str, model: Any, compress: Callable[[Any], Any]
) -> CompressionFigures:
    """Compress a deep copy of `model`; return bytes and accuracy before and after."""
    data, _ = context.digits()
    images = images_for(context.model, data.test_images)

    def answer(candidate: Any) -> np.ndarray:
        return context.forward(as_function(candidate), images[:20].copy())

    before = context.forward(as_function(model), images.copy())
    before_bytes = sum(map(encoded_bytes, needed_arrays(model, answer)))
    with student_code(context.subject.package.location):
        smaller = compress(copy.deepcopy(model))
        claimed = _claimed_ratio(smaller)
    after = context.forward(as_function(smaller), images.copy())
    needed = needed_arrays(smaller, answer)
    if not needed:
        raise StudentCodeError("the compressed model answers without any parameters")
    after_bytes = sum(map(encoded_bytes, needed))
    accuracy_before = accuracy_of(before, data.test_labels)
    accuracy_after = accuracy_of(after, data.test_labels)
    return CompressionFigures(
        technique=technique,
        before_bytes=before_bytes,
        after_bytes=after_bytes,
        ratio=before_bytes / after_bytes,
        accuracy_before=accuracy_before,
        accuracy_after=accuracy_after,
        kept=accuracy_after >= accuracy_before - ACCURACY_LOSS - 1e-9,
        claimed_ratio=claimed,
    )


def _claimed_ratio(model: Any) -> float | None:
    """Return the ratio that the student's quantized layers claim for themselves, added up."""
    original = quantized = 0.0
    for layer in getattr(model, "layers", ()):
        usage = getattr(layer, "memory_usage", None)
        found = usage() if callable(usage) else None
        if isinstance(found, dict) and {"original_bytes", "quantized_bytes"} <= found.keys():
            original += float(found["original_bytes"])
            quantized += float(found["quantized_bytes"])
    return original / quantized if quantized > 0 else None


def _stack(context: TaskContext) -> Any:
    """Put the trained model into the student's Sequential, or ours; its layers can be replaced."""
    with student_code(context.subject.package.location):
        layers = tuple(_answering(layer) for layer in context.build().layers)
    found = context.subject.package.find("Sequential")
    if not isinstance(found, Missing):
        with student_code(context.subject.package.location):
            model = _call(found.value, *layers)
        if isinstance(getattr(model, "layers", None), list) and hasattr(model, "parameters"):
            return model
    return _Stack(*layers)


def _answering(layer: Any) -> Any:
    """Have the layer say of its parameters that there are none where it says nothing.

    The course's functions ask every layer; a ReLU need not have an answer.
    """
    own = getattr(layer, "parameters", None)
    if not callable(own) or own() is None:
        with contextlib.suppress(AttributeError):  # __slots__
            layer.parameters = list
    return layer


def _kinds_of(model: Any) -> list[type]:
    return [type(layer) for layer in model.layers]


def _values_of(model: Any) -> list[bytes]:
    """Return what the parameters hold."""
    held = (getattr(parameter, "data", parameter) for parameter in parameters_of(model.layers))
    return [np.asarray(array).tobytes() for array in held]


def _runs(model: Any) -> bool:
    return callable(model) or hasattr(model, "forward")


def _call(function: Any, *arguments: Any) -> Any:
    return function(*arguments)
