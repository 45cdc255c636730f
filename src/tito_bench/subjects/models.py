"""What is built of the student's own code: what all kinds of it have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.subjects.parameters import declared_parameters, has_no_bias, put_parameters
from tito_bench.subjects.student_code import as_function, require_array, student_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tito_bench.subjects.package import Package

__all__ = [
    "Biased",
    "StudentModel",
    "fill",
    "filled",
    "flatten_of",
    "parameters_of",
    "required",
    "try_out",
]


@dataclass(frozen=True, slots=True)
class StudentModel:
    """One operation of the student's: `forward` takes and returns Tensors.

    `layers` hold the parameters; `input_shapes` are those of a small trial;
    `variant` says which of several right results it computes. `timed` is what is
    measured: `forward`, and `.data` of what it returns.
    """

    layers: tuple[Any, ...]
    forward: Callable[..., Any]
    expression: str
    input_shapes: tuple[tuple[int, ...], ...]
    timed: Callable[..., object]
    variant: str = ""

    @classmethod
    def of_layers(
        cls,
        layers: tuple[Any, ...],
        forward: Callable[[Any], Any],
        expression: str,
        input_shape: tuple[int, ...],
        variant: str = "",
    ) -> StudentModel:
        """Return a model of one input."""

        def timed(x: Any) -> object:
            data: object = forward(x).data
            return data

        return cls(layers, forward, expression, (input_shape,), timed, variant)


def parameters_of(layers: tuple[Any, ...]) -> list[Any]:
    """Return the Tensors that the layers say are their parameters."""
    return [parameter for layer in layers for parameter in declared_parameters(layer)]


def required(package: Package, *names: str) -> list[Any]:
    """Return what goes by these names in the package. Raises `Missing` for the first without."""
    return [package.require(name) for name in names]


def fill(layer: Any, weight: np.ndarray, bias: np.ndarray, tensor: Any) -> None:
    """Give a layer its weight and bias."""
    put_parameters(layer, {"weight": weight, "bias": bias}, tensor)


class Biased:
    """A layer of the student's that has no bias, and one that their Tensor adds to its result."""

    def __init__(self, layer: Any, bias: Any) -> None:
        """Take a bias that `+` spreads over the result of the layer."""
        self.layer, self.bias = layer, bias

    def __call__(self, x: Any) -> Any:
        """Return the result of the layer, plus the bias."""
        return as_function(self.layer)(x) + self.bias

    def parameters(self) -> list[Any]:
        """Return those of the layer, and the bias."""
        return [*declared_parameters(self.layer), self.bias]


def filled(package: Package, layer: Any, weight: np.ndarray, bias: np.ndarray, tensor: Any) -> Any:
    """Give a layer its weight and bias; return it, or a `Biased` one where it can have none."""
    if not has_no_bias(layer, {"weight": weight.shape, "bias": bias.shape}):
        fill(layer, weight, bias, tensor)
        return layer
    put_parameters(layer, {"weight": weight}, tensor)
    package.remark(f"{type(layer).__name__} has no bias: your Tensor adds it to the result")
    axes = weight.ndim - 2  # of an image, behind that of the filters
    return Biased(layer, tensor(bias.reshape(-1, *[1] * axes)))


def flatten_of(tensor: Any, features: int) -> Callable[[Any], Any]:
    """Return how a batch becomes rows; `reshape` takes numbers, or in some packages a tuple."""
    sample = tensor(np.ones((1, features, 1, 1), dtype=np.float32))
    try:
        sample.reshape(1, features)
    except TypeError:
        return lambda x: x.reshape((x.shape[0], features))
    return lambda x: x.reshape(x.shape[0], features)


def try_out(
    package: Package,
    function: Callable[..., Any],
    expression: str,
    shapes: Sequence[tuple[int, ...]],
) -> None:
    """Run the operation once on ones; its numbers are checked elsewhere.

    Raises:
        Missing: there is no Tensor, or what it needs is still to be written.
        StudentCodeError: it raised, or returned no Tensor.
    """
    tensor: Any = package.require("Tensor")
    with student_code(package.location):
        result = function(*(tensor(np.ones(shape, dtype=np.float32)) for shape in shapes))
        require_array(result, expression)
