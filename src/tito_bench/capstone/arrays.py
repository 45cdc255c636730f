"""The arrays that a model really needs, and the bytes that storing them takes.

What a model calls its parameters is not trusted: a quantized layer may keep
the original weights beside the int8 ones and compute with those. An array is
needed if spoiling it changes what the model answers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

__all__ = ["children_of", "encoded_bytes", "needed_arrays"]

_DEEPEST = 12
_FLOAT_BYTES, _INT8_BYTES = 4, 1
_INT8_OVERHEAD = 8  # scale and zero point
_ndarray = np.ndarray

Forward = Callable[[Any], np.ndarray]


def needed_arrays(model: Any, answer: Forward) -> list[np.ndarray]:
    """Return the arrays reachable from `model` that its answer depends on.

    `answer` gives the model's output, for a model, on inputs that it holds.
    """
    expected = answer(model)
    count = len(_arrays_in(model))
    needed = []
    for index in range(count):
        spoiled = copy.deepcopy(model)
        arrays = _arrays_in(spoiled)
        if len(arrays) != count:
            return _arrays_in(model)  # a model that resists copying needs all it has
        _spoil(arrays[index])
        try:
            changed = answer(spoiled)
            differs = changed.shape != expected.shape or not np.array_equal(changed, expected)
        except Exception:  # the model cannot do without it
            differs = True
        if differs:
            needed.append(_arrays_in(model)[index])
    return needed


def encoded_bytes(array: np.ndarray) -> int:
    """Return the bytes that a compact encoding of the values needs.

    One byte each if all are whole numbers of int8, and eight for scale and
    zero point; else four. Or only those that are not zero, with a bit each to
    say which, where that is smaller.
    """
    values = np.asarray(array)
    whole = bool((values == np.round(values)).all())
    small = whole and values.size > 0 and values.min() >= -128 and values.max() <= 127
    each, overhead = (_INT8_BYTES, _INT8_OVERHEAD) if small else (_FLOAT_BYTES, 0)
    dense = each * values.size
    sparse = each * int(np.count_nonzero(values)) + -(-values.size // 8)
    return min(dense, sparse) + overhead


def _spoil(array: np.ndarray) -> None:
    array.setflags(write=True)
    if array.dtype.kind == "f":
        array[...] = np.nan
    elif array.dtype.kind in "iu":
        np.invert(array, out=array)


def _arrays_in(model: Any) -> list[np.ndarray]:
    """Find all numeric arrays reachable by attributes and containers, once each, in fixed order."""
    found: dict[int, np.ndarray] = {}
    for array in _walk(model, set(), 0):
        found.setdefault(id(array), array)
    return list(found.values())


def _walk(value: Any, seen: set[int], depth: int) -> Iterator[np.ndarray]:
    if isinstance(value, _ndarray):
        if value.dtype.kind in "fiu" and value.size > 1:
            yield value
        return
    if depth > _DEEPEST or id(value) in seen or isinstance(value, str | bytes | int | float | type):
        return
    seen.add(id(value))
    for child in children_of(value):
        yield from _walk(child, seen, depth + 1)


def children_of(value: Any) -> Iterator[Any]:
    """Yield what an object holds: its attributes, or its members."""
    if isinstance(value, dict):
        yield from list(value.values())
    elif isinstance(value, list | tuple):
        yield from list(value)
    else:
        yield from list(getattr(value, "__dict__", {}).values())
        for name in getattr(type(value), "__slots__", ()):
            if isinstance(name, str) and hasattr(value, name):
                yield getattr(value, name)
