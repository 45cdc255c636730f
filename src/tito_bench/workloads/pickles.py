"""Reads NumPy arrays from a pickle without running anything that is in it.

A pickle is a program: unpickling can call any function it names. Here it may
name nothing but the few that make an ndarray, each replaced by one that
accepts real numbers only.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

__all__ = ["UnsafePickle", "load_plain_pickle"]

_ARRAY_MODULES = frozenset({"numpy.core.multiarray", "numpy._core.multiarray"})
_NUMERIC_MODULES = frozenset({"numpy._core.numeric", "numpy.core.numeric"})


class UnsafePickle(ValueError):
    """The pickle holds something else than plain data and arrays of numbers."""


def load_plain_pickle(data: bytes) -> Any:
    """Load what is pickled in `data`: containers, text, numbers, arrays of numbers.

    Raises `UnsafePickle` for anything else, before any of it is called.
    """
    try:
        return _PlainUnpickler(io.BytesIO(data)).load()
    except UnsafePickle:
        raise
    except Exception as error:
        raise UnsafePickle(f"cannot be read as a pickle ({type(error).__name__})") from error


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module == "numpy" and name == "ndarray":
            return np.ndarray
        if module == "numpy" and name == "dtype":
            return _plain_dtype
        if module in _ARRAY_MODULES and name == "_reconstruct":
            return _empty_array
        if module in _NUMERIC_MODULES and name == "_frombuffer":
            return _from_buffer
        if module == "_codecs" and name == "encode":
            return _bytes_of
        raise UnsafePickle(f"refused: the pickle wants to call {module}.{name}"[:160])

    def persistent_load(self, _pid: Any) -> Any:
        raise UnsafePickle("refused: the pickle refers to something outside itself")


def _plain_dtype(kind: Any, *_flags: Any) -> np.dtype[Any]:
    found: np.dtype[Any] = np.dtype(kind if isinstance(kind, str) else "O")
    if found.kind not in "fiub":
        raise UnsafePickle(f"refused: an array of {found}")
    return found


def _bytes_of(text: Any, encoding: Any = "latin1") -> bytes:
    """Return bytes as they are written before protocol 3."""
    if not isinstance(text, str) or encoding != "latin1":
        raise UnsafePickle("refused: bytes in another encoding than pickles use")
    return text.encode("latin1")


def _empty_array(_kind: Any, _shape: Any, _dtype: Any) -> np.ndarray:
    # The array's own __setstate__ brings shape and content.
    return np.ndarray((0,), dtype=np.uint8)


def _from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    values = np.frombuffer(buffer, dtype=_plain_dtype(np.dtype(dtype).str))
    return values.reshape(shape, order="F" if order == "F" else "C")
