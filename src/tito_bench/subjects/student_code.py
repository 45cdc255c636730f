"""Calls student code once, untimed, and says in one line what went wrong."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from tito_bench.errors import TitoBenchError
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.redaction import display_path
from tito_bench.subjects.stubs import unwritten_in
from tito_bench.subjects.student_errors import describe_fault, is_our_own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tito_bench.subjects.discovery import PackageLocation

__all__ = ["as_function", "require_array", "require_input", "student_code"]


@contextmanager
def student_code(location: PackageLocation) -> Iterator[None]:
    """Turn whatever the block raises into a StudentCodeError; into Missing what a stub raises.

    Its line is "file:line: Type: message", the deepest frame in the student's
    package. Our own errors pass through unless it is the student's code that raises
    them. A KeyboardInterrupt is theirs too: nobody's Ctrl-C reaches a worker.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, TitoBenchError) and is_our_own(error):
            if isinstance(error, StudentCodeError) and error.about is not None:
                shown = display_path(inspect.getfile(error.about), location.root)
                raise StudentCodeError(f"{shown}: {error}") from error
            raise
        missing = unwritten_in(error, location.folder)
        if missing is not None:
            raise missing from error
        line = describe_fault(error, location.folder, location.root)
        raise StudentCodeError(line) from error


def require_array(result: Any, expression: str) -> np.ndarray:
    """Return `result.data` if it is exactly a numpy.ndarray.

    Raises:
        StudentCodeError: it is something else; names `expression`, what was
            found and what is needed.
    """
    if isinstance(result, np.ndarray):
        needed = "a Tensor" if type(result) is np.ndarray else "a class with its array in .data"
        found = f"{expression} is a {_type_name(result)}, {needed} is needed"
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


def _type_name(value: object) -> str:
    kind = type(value)
    return f"{kind.__module__}.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__
