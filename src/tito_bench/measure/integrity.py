"""Whether the code under test has replaced parts of the measuring process.

Student code shares a process with the workbench, and Python lets it replace
anything. This cannot be prevented, so it is noticed: the names of our own
modules and the built-in functions must be the same objects after the
student's code ran as they were before it was imported.
"""

from __future__ import annotations

import builtins
import sys
from types import FunctionType, ModuleType

__all__ = ["Snapshot"]

_OWN = "tito_bench"


class Snapshot:
    """The state of our own modules and of the built-in functions."""

    def __init__(self) -> None:
        """Take it; call this before any student code is imported."""
        modules = [builtins, *_own_modules()]
        self._names = [
            (module, name, value, getattr(value, "__code__", None))
            for module in modules
            for name, value in vars(module).items()
        ]
        self._methods = [
            (owner, name, value, value.__code__)
            for owner in _own_classes(modules)
            for name, value in vars(owner).items()
            if isinstance(value, FunctionType)
        ]

    def tampered(self) -> str | None:
        """The first thing that is no longer what it was, by its full name, or None."""
        for module, name, value, code in self._names:
            # `_` is the last value of an interactive session; submodules appear as they load.
            if vars(module).get(name) is not value and name != "_":
                return f"{module.__name__}.{name}"
            if getattr(value, "__code__", None) is not code:
                return f"{module.__name__}.{name}"
        for owner, name, method, method_code in self._methods:
            if vars(owner).get(name) is not method or method.__code__ is not method_code:
                return f"{owner.__module__}.{owner.__qualname__}.{name}"
        return None


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
