"""The source of a function or class with all that it uses, as one module of its own.

What stands in a notebook is in no file that another process could import. Sent as text, it
keeps its lines, so that a fault can be named by cell and line; a pickle would not.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import os
import re
import symtable
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tito_bench.errors import SubjectError
from tito_bench.safe_text import safe_text

__all__ = ["GatheredSource", "gather_source"]

_CONSTANTS = (bool, int, float, complex, str, bytes, type(None), type(...))
_LINE = re.compile(r"your code:(\d+)")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class _Definition:
    """The text of one definition, and where it stood: in a file of that name, shown as `place`."""

    name: str
    text: str
    file: str
    place: str
    first_line: int


@dataclass(frozen=True)
class GatheredSource:
    """A module that defines `name`.

    `origins` holds, for each definition, its first and last line in `text`, where it
    stands, and the line there that is its first.
    """

    name: str
    text: str
    origins: tuple[tuple[int, int, str, int], ...]

    def located(self, message: str) -> str:
        """Return `message` with every `your code:N` put as the cell or file and its line."""
        return _LINE.sub(lambda match: self._place(int(match[1])), message)

    def _place(self, line: int) -> str:
        for first, last, place, origin in self.origins:
            if first <= line <= last:
                return f"{place}, line {origin + line - first}"
        return f"your code, line {line}"


def gather_source(thing: object) -> GatheredSource:
    """Return the source of `thing`, a function or class, and of what it uses.

    Modules are imported again by name, functions and classes of other modules as well.
    Numbers and text are written down as they are now.

    Raises
    ------
    SubjectError
        It is no function or class, its source is not to be had, or it uses something
        that cannot be written down: then the error names it and says what to do.
    """
    if not isinstance(thing, type | FunctionType):
        shown = safe_text(type(thing).__name__)
        raise SubjectError(f"bench measures a function or a class, and this is neither: {shown}")
    gathering = _Gathering()
    gathering.add(thing)
    return gathering.module(thing.__name__)


class _Gathering:
    """Imports, constants and definitions, each after what it needs."""

    def __init__(self) -> None:
        self._imports: dict[str, None] = {}
        self._parts: list[_Definition | str] = []
        self._seen: set[int] = set()

    def module(self, name: str) -> GatheredSource:
        # Where helpers lie beside the notebook: last of all, so that nothing is shadowed.
        folders = [entry or os.getcwd() for entry in sys.path]  # noqa: PTH109 - as Python does
        lines = [
            "import sys",
            f"sys.path.extend(entry for entry in {folders!r} if entry not in sys.path)",
            *self._imports,
        ]
        origins = []
        for part in self._parts:
            text = part if isinstance(part, str) else part.text.rstrip("\n")
            first = len(lines) + 1
            lines += text.splitlines()
            if isinstance(part, _Definition):
                origins.append((first, len(lines), part.place, part.first_line))
        return GatheredSource(name, "\n".join(lines) + "\n", tuple(origins))

    def add(self, thing: type | FunctionType) -> None:
        """Take a definition, after everything that it needs."""
        if id(thing) in self._seen:
            return
        self._seen.add(id(thing))
        if isinstance(thing, FunctionType):
            _refuse_closure(thing)
        definition = _definition_of(thing)
        names = _namespace_of(thing)
        for name in _globals_of(definition.text):
            if name in names and names[name] is not thing:
                self._add_value(name, names[name], definition.name)
        self._parts.append(definition)
        if isinstance(thing, type):
            for name, function in _patched(thing, definition):
                self.add(function)
                self._parts.append(f"{thing.__name__}.{name} = {function.__name__}")

    def _add_value(self, name: str, value: object, user: str) -> None:
        if isinstance(value, ModuleType):
            self._imports[f"import {value.__name__} as {name}"] = None
        elif isinstance(value, type | FunctionType) and value.__module__ == "__main__":
            self.add(value)
            if value.__name__ != name:
                self._parts.append(f"{name} = {value.__name__}")
        elif _is_importable(value):
            own = f"from {value.__module__} import {value.__qualname__} as {name}"  # type: ignore[attr-defined]
            self._imports[own] = None
        elif _is_constant(value):
            self._parts.append(f"{name} = {value!r}")
        else:
            kind = safe_text(type(value).__name__)
            raise SubjectError(
                f"{safe_text(user)} uses {safe_text(name)} ({kind}), which cannot be sent to the "
                "measuring process: pass it in as an argument, or make it inside"
            )


def _refuse_closure(function: FunctionType) -> None:
    name = function.__name__
    if name == "<lambda>":
        raise SubjectError("a lambda has no source of its own: write it with def")
    held = [free for free in function.__code__.co_freevars if free != "__class__"]
    if held and "<locals>" in function.__qualname__:
        raise SubjectError(
            f"{safe_text(name)} is a closure over {safe_text(', '.join(held))}, which cannot be "
            "sent to the measuring process: define it at the top of a cell"
        )


def _definition_of(thing: type | FunctionType) -> _Definition:
    """Return the text of a definition, from its cell or file."""
    code, name = _code_of(thing), thing.__name__
    if code is not None:
        file = code.co_filename
        lines = linecache.getlines(file, _namespace_of(thing))
        for first, last in _spans("".join(lines), name):
            if first <= code.co_firstlineno <= last:
                text = textwrap.dedent("".join(lines[first - 1 : last]))
                return _Definition(name, text, file, _shown_place(file), first)
    elif thing.__module__ == "__main__":  # a class of which every method was replaced
        for number, cell in reversed([*enumerate(_cells())]):
            for first, last in _spans(cell, name):
                text = "".join(cell.splitlines(keepends=True)[first - 1 : last])
                return _Definition(name, textwrap.dedent(text), "", f"cell [{number}]", first)
    raise SubjectError(
        f"the source of {safe_text(name)} is not to be had: define it in a cell or a file"
    )


def _spans(source: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield the first and last line of every definition of `name`, decorators with it."""
    for node in _definitions_in(source):
        if node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield first, node.end_lineno or node.lineno


def _definitions_in(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, _DEFINITIONS):
            yield node


def _code_of(thing: type | FunctionType) -> CodeType | None:
    """Return the code of a function, or of the first method that stands in the class itself."""
    if isinstance(thing, FunctionType):
        code: CodeType = inspect.unwrap(thing).__code__
        return code
    for value in vars(thing).values():
        function = _function_in(value)
        if function is not None and function.__qualname__.startswith(f"{thing.__qualname__}."):
            return function.__code__
    return None


def _function_in(value: object) -> FunctionType | None:
    """Return the function behind a method, a property or a decorated one."""
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    elif isinstance(value, property):
        value = value.fget
    found = inspect.unwrap(value) if callable(value) else None
    return found if isinstance(found, FunctionType) else None


def _patched(cls: type, definition: _Definition) -> Iterator[tuple[str, FunctionType]]:
    """Yield the methods that were put into the class after it was defined, by name."""
    last_line = definition.first_line + definition.text.rstrip("\n").count("\n")
    for name, value in vars(cls).items():
        if not isinstance(value, FunctionType) or value.__module__ != "__main__":
            continue
        code = value.__code__
        inside = definition.first_line <= code.co_firstlineno <= last_line
        if code.co_filename != definition.file or not inside:
            yield name, value


def _namespace_of(thing: type | FunctionType) -> dict[str, Any]:
    if isinstance(thing, FunctionType):
        return thing.__globals__
    return vars(sys.modules[thing.__module__])


def _globals_of(text: str) -> list[str]:
    """Return the global names that a definition uses, in any of its scopes, in order."""
    found: dict[str, None] = {}
    waiting = [symtable.symtable(text, "your code", "exec")]
    while waiting:
        table = waiting.pop(0)
        waiting += table.get_children()
        for symbol in table.get_symbols():
            outermost = table.get_type() == "module"
            if symbol.is_referenced() and (outermost or symbol.is_global()):
                found[symbol.get_name()] = None
    return [name for name in found if not hasattr(builtins, name)]


def _is_importable(value: object) -> bool:
    """Say whether the value is what its module has by its name."""
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    name = getattr(value, "__qualname__", None)
    if module is None or module.__name__ == "__main__" or not isinstance(name, str):
        return False
    return getattr(module, name, None) is value


def _is_constant(value: object) -> bool:
    if isinstance(value, tuple | frozenset | list | dict | set):
        parts: Sequence[object] = [*value, *(value.values() if isinstance(value, dict) else ())]
        return len(parts) <= 100 and all(map(_is_constant, parts))
    return type(value) in _CONSTANTS and len(repr(value)) <= 10_000


def _shown_place(file: str) -> str:
    """Return "cell [3]" for what was run in a notebook as that, else the name of the file."""
    text = "".join(linecache.getlines(file)).strip()
    for number, cell in enumerate(_cells()):
        if text and cell.strip() == text:
            return f"cell [{number}]"
    return "your code" if file.startswith("<") else safe_text(re.split(r"[/\\]", file)[-1])


def _cells() -> list[str]:
    """Return the cells of the notebook by number, as IPython keeps them; none elsewhere."""
    cells = vars(sys.modules["__main__"]).get("In")
    return list(map(str, cells)) if isinstance(cells, list) else []
