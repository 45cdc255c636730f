"""What of the measuring process must be the same after the code under test has run.

Student code shares a process with the judge, and Python lets it replace anything. This cannot
be prevented, so it is noticed: the names of our own modules and classes, the built-in functions
that they use, the methods of the types that we compute with, and all that the judge is made of must
be the same objects whenever the student's code has run, before anything of ours goes on.
`_native.Hooks` looks there; here is gathered what it looks at.

NumPy and `math` are another matter: who experiments with them does no wrong.
We take copies of their namespaces, so that it does not reach us.
"""

from __future__ import annotations

import builtins
import ctypes
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

__all__ = ["keep_own_libraries", "new_snapshot", "take_snapshot", "watch"]

_OWN = "tito_bench"
_OF_FUNCTIONS = ("Code", "Defaults", "KwDefaults")


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


def new_snapshot() -> _native.Snapshot:
    """Return one that holds nothing yet."""
    parts = (getattr(ctypes.pythonapi, f"PyFunction_Get{part}") for part in _OF_FUNCTIONS)
    return _native.Snapshot(*(ctypes.cast(part, ctypes.c_void_p).value or 0 for part in parts))


def take_snapshot() -> _native.Snapshot:
    """Return the state of our own modules, of the built-in functions and of the types we use.

    Call this before any student code is imported.
    """
    snapshot = new_snapshot()
    modules = _own_modules()
    classes = _own_classes(modules)
    functions = _functions(modules, classes)
    for module in modules:
        snapshot.watch_names(module.__name__, vars(module), closed=False)
    # Others may be replaced, as `print` often is: nothing that judges asks for them.
    asked_for = {name for function in functions for name in _names_in(function.__code__)}
    snapshot.watch_names("builtins", vars(builtins), closed=False, asked_for=asked_for)
    for owner in (*classes, *_types_we_use()):
        snapshot.watch_names(_name_of(owner), _names_of(owner), closed=True)
    for owner in classes:
        # The order in which methods are looked up is made anew where the bases are others.
        snapshot.watch_attribute(f"the bases of {_name_of(owner)}", owner, "__mro__")
    for function in functions:
        snapshot.watch_function(_name_of(function), function)
        if function.__kwdefaults__:
            snapshot.watch_names(_name_of(function), function.__kwdefaults__, closed=True)
    for module in modules:
        for name, value in vars(module).items():
            if not name.startswith("__"):
                _watch_held(snapshot, f"{module.__name__}.{name}", value)
    # A slow one would make the smallest array call dear, and so the native reference.
    snapshot.watch_answer("the allocator of NumPy", _allocator)
    return snapshot


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _watch_held(snapshot: _native.Snapshot, label: str, value: object) -> None:
    """Watch what a module holds: tables, and the classes of our objects in it and in them."""
    items: tuple[object, ...] = (value,)
    if type(value) is dict:
        snapshot.watch_names(label, value, closed=True)
        items = tuple(value.values())
    elif type(value) in {list, set}:
        snapshot.watch_items(label, value)  # type: ignore[arg-type]
        items = tuple(value)  # type: ignore[arg-type]
    elif type(value) is tuple:
        items = value
    inner = [thing for item in items if type(item) is tuple for thing in item]
    for item in (*items, *inner):
        if type(item).__module__.startswith(f"{_OWN}."):
            snapshot.watch_attribute(f"the class of {_name_of(type(item))}", item, "__class__")


def watch(snapshot: _native.Snapshot, thing: object) -> None:
    """Watch all that `thing` is made of, as far as it is ours.

    An attribute that a class names in `CHANGING` may become another object.
    """
    seen: set[int] = set()
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) in {tuple, list}:
            waiting += one  # type: ignore[arg-type]
        elif type(one) is dict:
            snapshot.watch_names("a table of the judge's", one, closed=True)
            waiting += one.values()
        elif type(one).__module__.startswith(f"{_OWN}.") and not isinstance(one, type):
            for name in _attributes_of(one):
                snapshot.watch_attribute(f"{_name_of(type(one))}.{name}", one, name)
                waiting.append(getattr(one, name, None))


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


def _own_modules() -> list[ModuleType]:
    return [
        module
        for name, module in list(sys.modules.items())
        if name == _OWN or name.startswith(f"{_OWN}.")
    ]


def _own_classes(modules: list[ModuleType]) -> list[type]:
    found = {
        id(value): value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__.startswith(f"{_OWN}.")
    }
    return list(found.values())


def _types_we_use() -> list[type]:
    """Return the types whose methods we call: built in, of `types`, and NumPy's."""
    spaces = (builtins, types, np, np.random)
    found = {
        id(value): value
        for space in spaces
        for value in vars(space).values()
        # Of Python's classes only ours are closed: who gives one of NumPy's another method may.
        if isinstance(value, type) and not value.__flags__ & _HEAP_TYPE
    }
    return list(found.values())


_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made at run time, such as by `class`


def _functions(modules: list[ModuleType], classes: list[type]) -> tuple[FunctionType, ...]:
    values = [value for owner in (*modules, *classes) for value in vars(owner).values()]
    # Of a property and of class and static methods, the function within.
    values += [getattr(v, part, None) for v in values for part in ("__func__", "fget")]
    found = {id(value): value for value in values if isinstance(value, FunctionType)}
    return tuple(found.values())
