"""Models built of the student's own layers, with given parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.subjects.attention_variant import BLEND_REMARK, attention_variant
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.parameters import declared_parameters, put_parameters
from tito_bench.subjects.student_code import (
    as_function,
    require_array,
    student_code,
)
from tito_bench.subjects.transformer_parts import new_block, parts_of
from tito_bench.workloads.reference import BLENDED, GELU_FORMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tito_bench.subjects.operation import Arrays
    from tito_bench.subjects.package import Package

__all__ = ["MODEL_KINDS", "StudentModel", "build_model", "parameters_of"]

_IMAGE = (1, 28, 28)
_SEQUENCE = 32
_GELU_ERROR = 1e-3
"""The forms of GELU lie 1e-4 to 2e-2 apart; float32 errs by 1e-7."""


@dataclass(frozen=True, slots=True)
class StudentModel:
    """A model: `forward` takes and returns a Tensor; `layers` hold the parameters.

    `input_shape` is that of one input; `variant` the form of GELU, if it has one.
    """

    layers: tuple[Any, ...]
    forward: Callable[[Any], Any]
    expression: str
    input_shape: tuple[int, ...]
    variant: str = ""


def build_model(package: Package, kind: str, weights: Arrays) -> StudentModel:
    """Build the model of `kind` and give it `weights`.

    Raises:
        Missing: a name it needs is not in the student's package yet.
        StudentCodeError: the student's code failed, or cannot take the weights.
    """
    return _BUILDERS[kind](package, weights)


def parameters_of(layers: tuple[Any, ...]) -> list[Any]:
    """Return the Tensors that the layers say are their parameters."""
    return [parameter for layer in layers for parameter in declared_parameters(layer)]


def _mlp(package: Package, weights: Arrays) -> StudentModel:
    w1, b1, w2, b2 = weights
    linear, relu_class, tensor = (
        _callable(package.require(name)) for name in ("Linear", "ReLU", "Tensor")
    )
    with student_code(package.location):
        layers = linear(*w1.shape), relu_class(), linear(*w2.shape)
        _fill(layers[0], w1, b1, tensor)
        _fill(layers[2], w2, b2, tensor)
        first, relu, second = map(as_function, layers)

    def forward(x: Any) -> Any:
        return second(relu(first(x)))

    return StudentModel(layers, forward, "Linear(ReLU(Linear(x)))", (w1.shape[0],))


def _cnn(package: Package, weights: Arrays) -> StudentModel:
    w1, b1, w2, b2, w3, b3 = weights
    # The latest module first: it is the one to be named where several are missing.
    conv, pool_class, linear, relu_class, tensor = (
        _callable(package.require(name))
        for name in ("Conv2d", "MaxPool2d", "Linear", "ReLU", "Tensor")
    )
    with student_code(package.location):
        layers = (
            *(conv(w1.shape[1], w1.shape[0], 3), relu_class(), pool_class(2)),
            *(conv(w2.shape[1], w2.shape[0], 3), relu_class(), pool_class(2)),
            linear(*w3.shape),
        )
        for layer, w, b in ((layers[0], w1, b1), (layers[3], w2, b2), (layers[6], w3, b3)):
            _fill(layer, w, b, tensor)
        conv1, relu1, pool1, conv2, relu2, pool2, last = map(as_function, layers)
        flatten = _flatten(tensor, w3.shape[0])

    def forward(x: Any) -> Any:
        x = pool1(relu1(conv1(x)))
        x = pool2(relu2(conv2(x)))
        return last(flatten(x))

    return StudentModel(layers, forward, "Linear(MaxPool2d(ReLU(Conv2d(...))))", _IMAGE)


def _transformer(package: Package, weights: Arrays) -> StudentModel:
    g1, e1, wq, bq, wk, bk, wv, bv, wo, bo, g2, e2, w1, b1, w2, b2 = weights
    block_class, gelu, tensor = (
        _callable(package.require(name)) for name in ("TransformerBlock", "GELU", "Tensor")
    )
    width = wq.shape[0]
    with student_code(package.location):
        block = new_block(block_class, width, w1.shape[1])
        parts = parts_of(block, width, w1.shape[1])
        projections = [(wq, bq), (wk, bk), (wv, bv)]
        if len(parts.inputs) == 1:
            projections = [(np.hstack((wq, wk, wv)), np.hstack((bq, bk, bv)))]
        for layer, (w, b) in zip(parts.inputs, projections, strict=True):
            _fill(layer, w, b, tensor)
        _fill(parts.out, wo, bo, tensor)
        for layer, w, b in ((parts.mlp[0], w1, b1), (parts.mlp[1], w2, b2)):
            _fill(layer, w, b, tensor)
        for norm, gain, shift in ((parts.norms[0], g1, e1), (parts.norms[1], g2, e2)):
            put_parameters(norm, {"gain": gain, "shift": shift})
        activation = gelu() if parts.activation is None else parts.activation
        variant = _gelu_form(as_function(activation), tensor)
        forward = as_function(block)
        variant = attention_variant(forward, weights, variant, tensor)
    if variant.endswith(BLENDED):
        package.remark(BLEND_REMARK)
    shape = (_SEQUENCE, width)
    return StudentModel((block,), forward, "TransformerBlock(x)", shape, variant)


_BUILDERS: dict[str, Callable[[Package, Arrays], StudentModel]] = {
    "mlp": _mlp,
    "cnn": _cnn,
    "transformer": _transformer,
}
MODEL_KINDS = frozenset(_BUILDERS)
"""The kinds that `build_model` knows."""


def _callable(value: object) -> Any:
    return value


def _fill(layer: Any, weight: np.ndarray, bias: np.ndarray, tensor: Any) -> None:
    put_parameters(layer, {"weight": weight, "bias": bias}, tensor)


def _flatten(tensor: Any, features: int) -> Callable[[Any], Any]:
    """Return how a batch becomes rows; `reshape` takes numbers, or in some packages a tuple."""
    sample = tensor(np.ones((1, features, 1, 1), dtype=np.float32))
    try:
        sample.reshape(1, features)
    except TypeError:
        return lambda x: x.reshape((x.shape[0], features))
    return lambda x: x.reshape(x.shape[0], features)


def _gelu_form(gelu: Callable[[Any], Any], tensor: Any) -> str:
    grid = np.linspace(-4, 4, 65, dtype=np.float32)
    found = require_array(gelu(tensor(grid)), "GELU(x)")
    errors = {
        form: float(np.abs(found - function(grid.astype(np.float64))).max())
        for form, function in GELU_FORMS.items()
    }
    nearest = min(errors, key=lambda form: errors[form])
    if not errors[nearest] < _GELU_ERROR:
        raise StudentCodeError(
            f"GELU is off by {errors[nearest]:.2g} from its {nearest} form, the nearest of three"
        )
    return nearest
