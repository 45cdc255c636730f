"""What of the measuring process must be the same after the code under test has run.

Student code shares a process with the judge, and Python lets it replace anything. This cannot
be prevented, so it is noticed: the names of our own modules and classes, the built-in functions
that they use, the methods of the types that we compute with, and all that the judge is made of must
be the same objects whenever the student's code has run, before anything of ours goes on.
`_native.Hooks` looks there; here is gathered what it looks at.

NumPy and `math` are another matter: who experiments with them does no wrong.
We take copies of their namespaces, so that it does not reach us; whoever changes those means us.
"""

from __future__ import annotations

import builtins
import gc
import math
import sys
import types
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import msgspec
import numpy as np

from tito_bench import _native

# The name of the allocator (NEP 49) in the present context.
try:
    from numpy._core.multiarray import get_handler_name as _allocator
except ImportError:  # NumPy 1
    from numpy.core.multiarray import get_handler_name as _allocator  # type: ignore[no-redef]

__all__ = ["keep_own_libraries", "take_snapshot", "watch"]

_OWN = "tito_bench"


def keep_own_libraries() -> None:
    """Give our modules copies of the namespaces of NumPy and `math` to look names up in.

    Call this before any student code is imported.
    """
    copies = {id(module): _copy_of(module) for module in (np, np.random, math)}
    vars(copies[id(np)])["random"] = copies[id(np.random)]
    for module in _own_modules():
        for name, value in list(vars(module).items()):
            if id(value) in copies:
                setattr(module, name, copies[id(value)])


def _copy_of(module: ModuleType) -> ModuleType:
    copy = ModuleType(module.__name__)
    vars(copy).update(vars(module))
    return copy


def take_snapshot() -> _native.Snapshot:
    """Return the state of our own modules, of the built-in functions and of the types we use.

    Call this before any student code is imported.
    """
    snapshot = _native.Snapshot()
    functions = watch(snapshot, *_own_modules())
    # Others may be replaced, as `print` often is: nothing that judges asks for them.
    asked_for = {name for function in functions for name in _names_in(function.__code__)}
    for space in (builtins, math, np, np.random):
        snapshot.watch_names(space.__name__, vars(space), closed=False, asked_for=asked_for)
    for owner in _types_we_use():
        snapshot.watch_names(_name_of(owner), _names_of(owner), closed=True)
    # A slow one would make the smallest array call dear, and so the native reference.
    snapshot.watch_answer("the allocator of NumPy", _allocator)
    return snapshot


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def watch(snapshot: _native.Snapshot, *things: object) -> list[FunctionType]:
    """Watch all that `things` are made of, as far as it is ours; return the functions in it.

    An attribute that a class names in `CHANGING` may become another object.
    """
    waiting = [("a table of the judge's", thing) for thing in things]
    seen: dict[int, object] = {}
    while waiting:
        label, one = waiting.pop()
        if id(one) not in seen:
            seen[id(one)] = one
            waiting += _watch_one(snapshot, label, one)
    return [one for one in seen.values() if type(one) is FunctionType]


def _watch_one(snapshot: _native.Snapshot, label: str, one: Any) -> Iterator[tuple[str, object]]:
    """Watch what `one` itself is; yield what it is made of, each with a label."""
    kind = type(one)
    if kind is ModuleType and _is_ours(one.__name__):
        snapshot.watch_names(one.__name__, vars(one), closed=False)
        yield from _labelled(one.__name__, vars(one))
    elif isinstance(one, type) and _is_ours(one.__module__):
        snapshot.watch_names(_name_of(one), _names_of(one), closed=True)
        # The order in which methods are looked up is made anew where the bases are others.
        snapshot.watch_attribute(f"the bases of {_name_of(one)}", one, "__mro__")
        yield from _labelled(_name_of(one), _names_of(one))
    elif kind is FunctionType:
        snapshot.watch_function(_name_of(one), one)
        yield _name_of(one), one.__kwdefaults__
    elif kind in {classmethod, property, staticmethod}:
        yield label, one.fget if kind is property else one.__func__
    elif kind is dict:
        snapshot.watch_names(label, one, closed=True)
        yield from _labelled(label, one)
    elif kind in {list, set, tuple}:
        if kind is not tuple:
            snapshot.watch_items(label, one)
        yield from ((label, item) for item in one)
    elif _is_ours(kind.__module__):
        snapshot.watch_attribute(f"the class of {_name_of(kind)}", one, "__class__")
        for name in _attributes_of(one):
            snapshot.watch_attribute(f"{_name_of(kind)}.{name}", one, name)
            yield f"{_name_of(kind)}.{name}", getattr(one, name, None)


def _labelled(label: str, names: dict[Any, object]) -> Iterator[tuple[str, object]]:
    """Yield what has these names; of what Python itself put there only what can be called."""
    for name, value in names.items():
        if not str(name).startswith("__") or type(value) not in {dict, list, set, tuple}:
            yield f"{label}.{name}", value


def _attributes_of(one: Any) -> Iterator[str]:
    changing = getattr(type(one), "CHANGING", ())
    names = list(one.__struct_fields__ if isinstance(one, msgspec.Struct) else ())
    for owner in type(one).__mro__:
        names += vars(owner).get("__slots__", ())
    names += getattr(one, "__dict__", ())
    return (name for name in names if name not in changing)


def _names_of(owner: type) -> dict[str, object]:
    """Return the dictionary of a class itself: whoever has it can write to it."""
    (names,) = (it for it in gc.get_referents(vars(owner)) if type(it) is dict)
    return names


def _name_of(thing: type | FunctionType) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _is_ours(module: str | None) -> bool:
    return module is not None and (module == _OWN or module.startswith(f"{_OWN}."))


def _own_modules() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if _is_ours(name)]


def _types_we_use() -> set[type]:
    """Return the types whose methods we call: built in, of `types`, and NumPy's."""
    return {
        value
        for space in (builtins, types, np, np.random)
        for value in vars(space).values()
        # Of Python's classes only ours are closed: who gives one of NumPy's another method may.
        if isinstance(value, type) and not value.__flags__ & _HEAP_TYPE
    }


_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made at run time, such as by `class`
