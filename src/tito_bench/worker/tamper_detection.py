"""Whether the code under test has replaced parts of the measuring process.

Student code shares a process with the workbench, and Python lets it replace
anything. This cannot be prevented, so it is noticed: the names of our own
modules and classes, the built-in functions, and what the workbench works with
must be the same objects after the student's code ran as they were before it
was imported.

NumPy and `math` are another matter: who experiments with them does no wrong.
We take copies of their namespaces, so that it does not reach us.
"""

from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter, is_
from types import FunctionType, ModuleType

import numpy as np

# The name of the allocator (NEP 49) in the present context.
try:
    from numpy._core.multiarray import get_handler_name as _allocator
except ImportError:  # NumPy 1
    from numpy.core.multiarray import get_handler_name as _allocator  # type: ignore[no-redef]

__all__ = ["Snapshot", "keep_own_libraries"]

_OWN = "tito_bench"
_OF_FUNCTIONS = ("__code__", "__defaults__", "__kwdefaults__")
_all, _map, _vars, _len, _zip, _next, _type = all, map, vars, len, zip, next, type
_get_bases = attrgetter("__mro__")


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


class _Namespace:
    """The values of some names, and how to get them again."""

    __slots__ = ("get", "label", "names", "values")

    def __init__(self, label: str, get: Callable[[str], object], names: Sequence[str]) -> None:
        self.label, self.get, self.names = label, get, tuple(names)
        self.values = tuple(map(get, self.names))

    def changed(self) -> str | None:
        if _all(_map(is_, _map(self.get, self.names), self.values)):
            return None
        pairs = _zip(self.names, self.values, strict=True)
        changed = (name for name, value in pairs if self.get(name) is not value)
        return f"{self.label}.{_next(changed, '?')}"


class Snapshot:
    """The state of our own modules, of the built-in functions, and of some objects of ours."""

    __slots__ = (
        *("_allocator", "_bases", "_classes", "_containers", "_functions", "_namespaces"),
        *("_objects", "_owners"),
    )

    def __init__(self) -> None:
        """Take it; call this before any student code is imported."""
        # A slow one would make the smallest array call dear, and so the native reference.
        self._allocator = _allocator()
        modules = [builtins, *_own_modules()]
        classes = _own_classes(modules)
        # `_` is the last value of an interactive session.
        self._namespaces = [
            _Namespace(m.__name__, vars(m).get, [name for name in vars(m) if name != "_"])
            for m in modules
        ]
        self._namespaces += [
            _Namespace(_name_of(owner), vars(owner).get, list(vars(owner))) for owner in classes
        ]
        self._classes = [(owner, _count_names(owner)) for owner in classes]
        # The order in which methods are looked up is made anew where the bases are others.
        self._owners = tuple(classes)
        self._bases = tuple(map(_get_bases, classes))
        objects = _own_objects(modules)
        self._objects = objects, tuple(map(type, objects))
        functions = _functions(modules, classes)
        self._functions = [
            (attrgetter(part), functions, tuple(map(attrgetter(part), functions)))
            for part in _OF_FUNCTIONS
        ]
        self._containers = [
            (label, container, _contents(container))
            for label, container in _own_containers(modules, functions)
        ]

    def watch(self, thing: object, *names: str) -> None:
        """Include attributes of an object that keeps them for good."""

        def get(name: str) -> object:
            return getattr(thing, name, None)

        self._namespaces.append(_Namespace(_name_of(type(thing)), get, names))

    def tampered(self) -> str | None:
        """Find the first thing that is no longer what it was, by its full name, or None."""
        for namespace in self._namespaces:
            changed = namespace.changed()
            if changed is not None:
                return changed
        if _allocator() != self._allocator:
            return "the allocator of NumPy"
        for owner, count in self._classes:
            if _count_names(owner) != count:
                return _name_of(owner)
        if not _all(_map(is_, _map(_get_bases, self._owners), self._bases)):
            classes = _zip(self._owners, self._bases, strict=True)
            others = (_name_of(o) for o, bases in classes if _get_bases(o) is not bases)
            return f"the bases of {_next(others, 'a class')}"
        objects, types = self._objects
        if not _all(_map(is_, _map(_type, objects), types)):
            held = _zip(objects, types, strict=True)
            names = (_name_of(kind) for thing, kind in held if _type(thing) is not kind)
            return f"the class of {_next(names, 'an object')}"
        for get, functions, values in self._functions:
            if not _all(_map(is_, _map(get, functions), values)):
                pairs = _zip(functions, values, strict=True)
                changed_ones = (_name_of(f) for f, value in pairs if get(f) is not value)
                return _next(changed_ones, "a function")
        for label, container, contents in self._containers:
            now = _contents(container)
            if _len(now) != _len(contents) or not _all(_map(is_, now, contents)):
                return label
        return None


def _count_names(owner: type) -> int:
    names = _vars(owner)
    return _len(names) - ("__slotnames__" in names)  # where `copy` notes the slots of a class


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


def _own_objects(modules: list[ModuleType]) -> tuple[object, ...]:
    """Return the objects of our own classes that modules and their tables hold."""
    held = [value for module in modules for value in vars(module).values()]
    held += [item for value in held if type(value) is dict for item in value.values()]
    held += [item for value in held if type(value) is tuple for item in value]
    found = {id(thing): thing for thing in held if type(thing).__module__.startswith(f"{_OWN}.")}
    return tuple(found.values())


def _functions(modules: list[ModuleType], classes: list[type]) -> tuple[FunctionType, ...]:
    values = [value for owner in (*modules, *classes) for value in vars(owner).values()]
    # Of a property and of class and static methods, the function within.
    values += [getattr(v, part, None) for v in values for part in ("__func__", "fget")]
    found = {id(value): value for value in values if isinstance(value, FunctionType)}
    return tuple(found.values())


def _own_containers(
    modules: list[ModuleType], functions: tuple[FunctionType, ...]
) -> Iterator[tuple[str, object]]:
    for module in modules[1:]:
        for name, value in vars(module).items():
            if type(value) in {dict, list, set} and not name.startswith("__"):
                yield f"{module.__name__}.{name}", value
    for function in functions:
        if function.__kwdefaults__:
            yield _name_of(function), function.__kwdefaults__


def _contents(container: object) -> tuple[object, ...]:
    if isinstance(container, dict):
        return (*container, *container.values())
    return tuple(container)  # type: ignore[arg-type]
