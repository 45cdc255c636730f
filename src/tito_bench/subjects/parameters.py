"""The parameters of a student's layer: which they are, how they lie, and what they hold.

Names differ from package to package (weight, weights, kernel, W), the weight of
a Linear lies as (in, out) or as (out, in), a bias is a vector or a row, and
`parameters()` has an order of its own. So a parameter is found by what the
layer says are its parameters, and by its shape; a customary name only decides
between several that fit. Where a square weight leaves both ways open, the
layer is asked what it computes.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.stubs import unwritten_class
from tito_bench.subjects.student_code import require_array

__all__ = [
    "Parameter",
    "bare_array",
    "bare_parameters",
    "declared_parameters",
    "find_parameters",
    "has_no_bias",
    "holder_of",
    "named_parameters",
    "put_parameters",
    "read_parameters",
]

_NAMES = {
    "weight": ("weight", "weights", "W", "w", "kernel", "kernels", "filters"),
    "bias": ("bias", "biases", "b"),
    "gain": ("gamma", "weight", "scale", "gain", "g"),
    "shift": ("beta", "bias", "shift", "b"),
}
"""Customary names of each role, the likeliest first."""
_STARTS_AT = {"gain": 1.0, "shift": 0.0}
"""What a norm holds at first: all that tells its two vectors apart where names do not."""
_Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a layer.

    `name` is its attribute, or "parameters()[i]" where it is none. Its values lie as those
    that are wanted, transposed by `axes`; `fetch` gives the object that now holds them: a Tensor,
    anything else with `.data`, or a bare array, which `assign` puts another for.
    """

    name: str
    fetch: Callable[[], Any]
    assign: Callable[[Any], None] | None
    axes: tuple[int, ...] | None = None

    @property
    def array(self) -> np.ndarray:
        """The array that holds the values, as the student keeps it."""
        array = _array_of(self.fetch())
        if array is None:
            raise StudentCodeError(f"{self.name} no longer holds a numpy.ndarray")
        return array

    @property
    def is_bare(self) -> bool:
        """Say whether it is an array and no Tensor."""
        return isinstance(self.fetch(), np.ndarray)


def declared_parameters(layer: Any) -> list[Any]:
    """Return what the layer's `parameters()` gives, as a flat list; [] where it has none.

    A mapping gives its values, and pairs of name and parameter their second part.
    """
    own = getattr(layer, "parameters", None)
    given = own() if callable(own) else own
    if isinstance(given, Mapping):
        given = given.values()
    if not isinstance(given, Iterable) or isinstance(given, str):
        return []
    return [
        entry[1]
        if isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)
        else entry
        for entry in given
    ]


def find_parameters(layer: Any, shapes: Mapping[str, _Shape]) -> dict[str, Parameter | None]:
    """Return the parameter of `layer` for each role, None where none fits.

    `shapes` are those wanted, by role ("weight", "bias"; of a norm "gain", "shift");
    the same parameter is never found twice. A weight of the same numbers the other
    way round fits too, if none fits as it is; so do a bias with an axis of one more, and
    filters (out, in, k, k) as rows (out, in * k * k), or in another order of their axes
    where their shape leaves only one.
    """
    found: dict[str, Parameter | None] = dict.fromkeys(shapes)
    taken: set[int] = set()
    candidates = [*named_parameters(layer), *_declared(layer)]
    for fits in (_exactly, _transposed, _as_row, _unfolded, _reordered):
        for role, shape in shapes.items():
            if found[role] is not None:
                continue
            fitting = [
                (name, parameter)
                for name, parameter in candidates
                if id(parameter.fetch()) not in taken and fits(parameter.array.shape, shape)
            ]
            chosen = _likeliest(role, fitting, layer)
            if chosen is not None:
                taken.add(id(chosen.fetch()))
                reordered = fits in {_transposed, _reordered}
                axes = next(_orders(chosen.array.shape, shape)) if reordered else None
                found[role] = replace(chosen, axes=axes)
    return found


def put_parameters(
    layer: Any, values: Mapping[str, np.ndarray], tensor: Callable[[Any], Any] | None = None
) -> None:
    """Give the layer's parameters the `values`, by role; see `find_parameters`.

    The dtype and the memory layout are left as the student made them: they are part
    of what is measured. With `tensor` (the student's class) a square weight is laid
    the way in which the layer reads it, and a layer with a bare array for a parameter
    is tried once. A bias that is not there does where zeros are wanted.

    Raises:
        Missing: a parameter is not there because the layer's class is a stub.
        StudentCodeError: it is not there, or does not keep its values.
    """
    kind = type(layer).__name__
    function = layer if callable(layer) else getattr(layer, "forward", None)
    found = find_parameters(layer, {role: array.shape for role, array in values.items()})
    for role, wanted in values.items():
        parameter = found[role]
        if parameter is None:
            if wanted.any():
                raise unwritten_class(layer) or _not_found(layer, role, wanted.shape)
            continue  # a bias of zeros changes nothing
        _put(kind, parameter, wanted)
    weight = found.get("weight")
    if tensor is None or function is None or weight is None or values["weight"].ndim != 2:
        return
    row = np.linspace(-1, 1, len(values["weight"]), dtype=np.float32)[np.newaxis]
    bare = next((p for p in found.values() if p is not None and p.is_bare), None)
    if bare is not None:
        try:
            function(tensor(row.copy()))
        except Exception as error:
            raise bare_array(layer, bare.name) from error
    if len(set(weight.array.shape)) == 1:
        answer = _array_of(function(tensor(row.copy())))
        _settle_square(kind, weight, values, row, answer)


def has_no_bias(layer: Any, shapes: Mapping[str, _Shape]) -> bool:
    """Say whether a layer has its weight and nothing else that could be a bias; no stub has not."""
    found = find_parameters(layer, shapes)
    weight = found["weight"]
    if weight is None or found["bias"] is not None or unwritten_class(layer) is not None:
        return False
    held = (parameter.fetch() for _, parameter in (*named_parameters(layer), *_declared(layer)))
    return all(one is weight.fetch() for one in held)


def read_parameters(layer: Any, shapes: Mapping[str, _Shape]) -> dict[str, np.ndarray]:
    """Return what the parameters hold, in the shapes asked for; copies, as float32.

    Raises:
        StudentCodeError: a parameter is not there any more.
    """
    values = {}
    for role, parameter in find_parameters(layer, shapes).items():
        if parameter is None:
            raise _not_found(layer, role, shapes[role])
        array = parameter.array
        if parameter.axes is not None:
            array = array.transpose(np.argsort(parameter.axes))
        values[role] = np.array(array.reshape(shapes[role]), dtype=np.float32)
    return values


def named_parameters(layer: Any) -> Iterator[tuple[str, Parameter]]:
    """Yield what of the layer's attributes holds an array, with its name."""
    names = list(getattr(layer, "__dict__", {}))
    for kind in type(layer).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
        names += [name for name, value in vars(kind).items() if isinstance(value, property)]
    for name in dict.fromkeys(names):
        held = None
        with contextlib.suppress(Exception):  # a property that nobody asked for
            held = getattr(layer, name, None)
        if _array_of(held) is not None:
            yield name, _attribute(layer, name)


def _attribute(layer: Any, name: str) -> Parameter:
    return Parameter(name, lambda: getattr(layer, name), lambda value: setattr(layer, name, value))


def _declared(layer: Any) -> Iterator[tuple[str, Parameter]]:
    for index, held in enumerate(declared_parameters(layer)):
        if _array_of(held) is not None:
            shown = f"parameters()[{index}]"
            fetch = functools.partial(_declared_at, layer, index)
            yield shown, Parameter(shown, fetch, None)


def _declared_at(layer: Any, index: int) -> Any:
    return declared_parameters(layer)[index]


def _likeliest(role: str, fitting: list[tuple[str, Parameter]], layer: Any) -> Parameter | None:
    """Choose among those that fit: by name, by what the layer declares, by first values."""
    by_name = dict(fitting)
    for name in _NAMES[role]:
        for spelled in (name, f"_{name}"):
            if spelled in by_name:
                return by_name[spelled]
    declared = {id(held) for held in declared_parameters(layer)}
    # An attribute before the same thing in parameters(): it has a name to be said.
    own = [parameter for _, parameter in fitting if id(parameter.fetch()) in declared]
    rest = own or [parameter for _, parameter in fitting]
    starts_at = _STARTS_AT.get(role)
    if starts_at is not None:
        rest = [p for p in rest if bool((p.array == starts_at).all())] or rest
    return next(iter(rest), None)


def _exactly(shape: _Shape, wanted: _Shape) -> bool:
    return shape == wanted


def _transposed(shape: _Shape, wanted: _Shape) -> bool:
    return len(wanted) == 2 and shape == wanted[::-1]


def _as_row(shape: _Shape, wanted: _Shape) -> bool:
    return len(wanted) == 1 and shape in {(1, *wanted), (*wanted, 1)}


def _unfolded(shape: _Shape, wanted: _Shape) -> bool:
    """Say whether filters (out, in, k, k) are kept as rows, for a product with columns."""
    return len(wanted) == 4 and shape == (wanted[0], math.prod(wanted[1:]))


def _reordered(shape: _Shape, wanted: _Shape) -> bool:
    """Say whether filters lie in another order of axes, such as (k, k, in, out), and in which."""
    return len(wanted) == 4 and len(list(_orders(shape, wanted))) == 1


def _orders(shape: _Shape, wanted: _Shape) -> Iterator[tuple[int, ...]]:
    """Yield the orders in which axes of `wanted` give `shape`; height comes before width."""
    for axes in itertools.permutations(range(len(wanted))):
        upright = len(axes) < 4 or axes.index(2) < axes.index(3)
        other = axes != tuple(range(len(axes)))
        if upright and other and tuple(wanted[axis] for axis in axes) == shape:
            yield axes


def _put(kind: str, parameter: Parameter, values: np.ndarray) -> None:
    """Write the values into the student's own array; where that cannot be, replace it whole."""
    array = parameter.array
    laid = values if parameter.axes is None else values.transpose(parameter.axes)
    wanted = laid.reshape(array.shape)
    if array.dtype.kind == "f" and array.flags.writeable:
        array[...] = wanted
        if _holds(parameter.array, wanted):
            return
    held = parameter.fetch()
    if not isinstance(held, np.ndarray):
        held.data = wanted.astype(np.float32)
    elif parameter.assign is not None:
        parameter.assign(wanted.astype(np.float32))
    if not _holds(parameter.array, wanted):
        raise StudentCodeError(f"{kind}.{parameter.name} does not keep the values put into it")


def _settle_square(
    kind: str,
    weight: Parameter,
    values: Mapping[str, np.ndarray],
    row: np.ndarray,
    answer: np.ndarray | None,
) -> None:
    """Lay a square weight as (out, in) if the layer's `answer` to `row` was computed so."""
    if answer is None or answer.shape != row.shape:
        return  # the measurement itself says what is wrong with it
    wanted = values["weight"]
    unbiased = answer - values.get("bias", np.float32(0))
    if np.abs(unbiased - row @ wanted.T).max() < np.abs(unbiased - row @ wanted).max():
        _put(kind, replace(weight, axes=(1, 0)), wanted)


def bare_array(layer: Any, name: str) -> StudentCodeError:
    """Return the error about a parameter that is an array."""
    kind = type(layer)
    return StudentCodeError(
        f"{kind.__name__}.{name} is a numpy.ndarray, a Tensor is needed", about=kind
    )


def bare_parameters(layer: Any) -> list[StudentCodeError]:
    """Return the error about each parameter of `layer` that is an array and no Tensor.

    Some Tensors compute with arrays, but no optimizer can train one.
    """
    declared = {id(held) for held in declared_parameters(layer)}
    usual = {name for names in _NAMES.values() for name in names}
    return [
        bare_array(layer, name)
        for name, parameter in named_parameters(layer)
        if parameter.is_bare and (name in usual or id(parameter.fetch()) in declared)
    ]


def holder_of(parameter: Any, layers: tuple[Any, ...]) -> tuple[Any, str]:
    """Return the layer that holds a declared parameter, and its name there."""
    for layer in layers:
        for name, found in named_parameters(layer):
            if found.fetch() is parameter:
                return layer, name
        if any(held is parameter for held in declared_parameters(layer)):
            return layer, "parameters()"
    raise ValueError("no layer has that parameter")


def _not_found(layer: Any, role: str, shape: _Shape) -> StudentCodeError:
    """Say what is there in place of the parameter: under its usual name, else of all."""
    kind = type(layer).__name__
    name = next((name for name in _NAMES[role] if hasattr(layer, name)), None)
    if name is None:
        found = [f"{name} {parameter.array.shape}" for name, parameter in named_parameters(layer)]
        has = f"it has {', '.join(found)}" if found else "it holds no arrays"
        return StudentCodeError(f"{kind} has no {role} of shape {shape}: {has}")
    held, shown = getattr(layer, name), f"{kind}.{name}"
    if held is None:
        return StudentCodeError(f"{shown} is None, an array {shape} is needed")
    array = held if isinstance(held, np.ndarray) else require_array(held, shown)
    error = f"{shown} has shape {array.shape}, {shape} is needed"
    if len(shape) == 4 and any(_orders(array.shape, shape)):
        error += ": its axes could lie in more than one order"
    return StudentCodeError(error)


def _array_of(held: Any) -> np.ndarray | None:
    if isinstance(held, np.ndarray):
        return held
    if held is None or inspect.isclass(held) or isinstance(held, str | bytes | memoryview):
        return None
    data = getattr(held, "data", None)
    return data if type(data) is np.ndarray else None


def _holds(array: np.ndarray, wanted: np.ndarray) -> bool:
    return np.array_equal(array, wanted.astype(array.dtype))
