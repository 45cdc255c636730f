"""Calls student code once, untimed, and says in one line what went wrong."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.errors import TitoBenchError
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.student_errors import describe_fault, is_our_own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tito_bench.subjects.discovery import PackageLocation

__all__ = ["as_function", "put_parameter", "require_array", "require_input", "student_code"]


@contextmanager
def student_code(location: PackageLocation) -> Iterator[None]:
    """Turn whatever the block raises into a StudentCodeError.

    Its line is "file:line: Type: message", the deepest frame in the student's
    package. KeyboardInterrupt passes through, and our own errors do unless it is
    the student's code that raises them.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, TitoBenchError) and is_our_own(error):
            raise
        line = describe_fault(error, location.folder, location.root)
        raise StudentCodeError(line) from error


def require_array(result: Any, expression: str) -> np.ndarray:
    """Return `result.data` if it is exactly a numpy.ndarray.

    Raises:
        StudentCodeError: it is something else; names `expression`, what was
            found and what is needed.
    """
    if isinstance(result, np.ndarray):
        found = f"{expression} is a {_type_name(result)}, a Tensor is needed"
        raise StudentCodeError(found)
    if not hasattr(result, "data"):
        found = f"{expression} is a {_type_name(result)} without .data, a Tensor is needed"
        raise StudentCodeError(found)
    data = result.data
    if type(data) is not np.ndarray:
        found = f"{expression}: .data is a {_type_name(data)}, a numpy.ndarray is needed"
        raise StudentCodeError(found)
    return data


def require_input(argument: Any, expression: str) -> np.ndarray:
    """Return `argument.data` if new inputs can be written into it.

    Raises:
        StudentCodeError: it is no C-contiguous, writable float array, or it
            is a copy, so that writing to it does not change the argument.
    """
    data = require_array(argument, expression)
    if data.dtype not in (np.float32, np.float64):
        raise StudentCodeError(f"{expression}: .data has dtype {data.dtype}, float32 is needed")
    if not (data.flags.c_contiguous and data.flags.writeable):
        found = f"{expression}: .data is not a C-contiguous, writable array"
        raise StudentCodeError(found)
    if not np.may_share_memory(argument.data, data):
        found = f"{expression}: .data is a new copy at every look; keep one array"
        raise StudentCodeError(found)
    return data


def as_function(layer: Any) -> Callable[[Any], Any]:
    """Return how a layer is called: itself, or its `forward` if it has no `__call__`."""
    if callable(layer):
        call: Callable[[Any], Any] = layer
        return call
    forward: Callable[[Any], Any] = layer.forward
    return forward


def put_parameter(layer: Any, name: str, values: np.ndarray) -> None:
    """Give parameter `name` of a student's layer the given values.

    The parameter may be a Tensor, or anything else with `.data`, or an array;
    it may be stored transposed (its shape tells; a square one is taken as it
    is), or with an axis of length one more, as a bias (1, out). Its dtype and
    memory layout are left as the student made them: they are part of what is
    measured.

    Raises:
        StudentCodeError: there is no such parameter, or it cannot hold them.
    """
    shown = f"{_type_name(layer)}.{name}"
    parameter = getattr(layer, name, None)
    if parameter is None:
        if not values.any():
            return  # a bias of zeros changes nothing
        raise StudentCodeError(f"{shown} is None, an array {values.shape} is needed")
    current = _array_of(parameter, shown)
    wanted = _fitted(values, current.shape)
    if wanted is None:
        found = f"{shown} has shape {current.shape}, {values.shape} is needed"
        raise StudentCodeError(found)
    if current.dtype.kind == "f" and current.flags.writeable:
        current[...] = wanted
        if _holds(_array_of(getattr(layer, name), shown), wanted):
            return
    # `.data` hands out copies, or cannot be written: replace it whole.
    if isinstance(parameter, np.ndarray):
        setattr(layer, name, wanted.astype(np.float32))
    else:
        parameter.data = wanted.astype(np.float32)
    if not _holds(_array_of(getattr(layer, name), shown), wanted):
        raise StudentCodeError(f"{shown} does not keep the values put into it")


def _array_of(parameter: Any, shown: str) -> np.ndarray:
    if isinstance(parameter, np.ndarray):
        return parameter
    return require_array(parameter, shown)


def _fitted(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    if values.shape == shape:
        return values
    if values.ndim == 2 and values.T.shape == shape:
        return values.T
    if values.ndim == 1 and shape == (1, values.size):
        return values[np.newaxis, :]
    return None


def _holds(array: np.ndarray, wanted: np.ndarray) -> bool:
    return np.array_equal(array, wanted.astype(array.dtype))


def _type_name(value: object) -> str:
    kind = type(value)
    return f"{kind.__module__}.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__
