"""Lines of the student's code as their author knows them: in a notebook's cell where nbdev made
the file, and with their text. Files are read and parsed; nothing is imported or run."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SourcePlace", "find_loop", "find_method", "place_of", "places_in"]

_CELL = re.compile(r"# %% (?P<notebook>\S.*\.ipynb) (?P<cell>\d{1,6})\s*")
"""What nbdev writes above each exported cell: the notebook as it is found from the file's folder,
and the index of the cell."""
_PLACE = re.compile(r"(?P<file>[^\s:,;()'\"]+\.py):(?P<line>\d{1,7})\b")
_MOST_BYTES = 2_000_000
_LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class SourcePlace:
    """A line of a file of the project; `notebook` and `cell` where nbdev made the file of one.

    All text is foreign. `file` and `notebook` are relative to the project.
    """

    file: str
    line: int
    text: str
    notebook: str | None = None
    cell: int | None = None

    def __str__(self) -> str:
        """Return where its author edits it."""
        if self.notebook is not None:
            return f"{self.notebook}, cell {self.cell}"
        return f"{self.file}, line {self.line}"


def place_of(root: Path, shown: str) -> SourcePlace | None:
    """Return the line that `shown` names, as `tinytorch/core/tensor.py:131`.

    None where it names none, or one of a file that is not in the project or cannot be read.
    """
    found = _PLACE.fullmatch(shown)
    if found is None:
        return None
    source = _read(root, found["file"])
    return None if source is None else _place(root, found["file"], source, int(found["line"]))


def places_in(root: Path, message: str) -> Iterator[SourcePlace]:
    """Yield the lines that a message names, in its order."""
    for found in _PLACE.finditer(message):
        place = place_of(root, found[0])
        if place is not None:
            yield place


def find_loop(root: Path, files: Mapping[str, str], methods: Sequence[str]) -> SourcePlace | None:
    """Return where the deepest nest of loops begins that one of the `methods` runs.

    `files` says by name of a class in which file it is, as a record does; methods are written
    `Tensor.matmul`. Functions of the same file that they call are looked into, too.
    """
    deepest: tuple[int, SourcePlace] | None = None
    for method in methods:
        owner, _, name = method.partition(".")
        source = _read(root, files.get(owner, ""))
        tree = None if source is None else _parse(source)
        if source is None or tree is None:
            continue
        for function in _reached(tree, owner, name):
            for loop, depth in _loops(function):
                if deepest is None or depth > deepest[0]:
                    place = _place(root, files[owner], source, loop.lineno)
                    deepest = None if place is None else (depth, place)
    return None if deepest is None else deepest[1]


def find_method(root: Path, files: Mapping[str, str], methods: Sequence[str]) -> SourcePlace | None:
    """Return where the first of the `methods` that is there is defined; as for `find_loop`."""
    for method in methods:
        owner, _, name = method.partition(".")
        source = _read(root, files.get(owner, ""))
        tree = None if source is None else _parse(source)
        if source is not None and tree is not None:
            for function in _reached(tree, owner, name):
                return _place(root, files[owner], source, function.lineno)
    return None


def _read(root: Path, shown: str) -> str | None:
    """Return the text of a file of the project; None for any other, and for one too large."""
    path = root / shown
    if not shown or ".." in path.parts or not path.is_relative_to(root):
        return None
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError):  # not there; a null byte in the name
        return None
    return data.decode("utf-8", "replace") if len(data) <= _MOST_BYTES else None


def _place(root: Path, file: str, source: str, number: int) -> SourcePlace | None:
    lines = source.splitlines()
    if not 1 <= number <= len(lines):
        return None
    text = lines[number - 1].strip()
    for line in reversed(lines[: number - 1]):
        marked = _CELL.fullmatch(line)
        if marked:
            notebook = _from_root(root, file, marked["notebook"])
            return SourcePlace(file, number, text, notebook, int(marked["cell"]))
    return SourcePlace(file, number, text)


def _from_root(root: Path, file: str, notebook: str) -> str:
    """Return the path from the project where it leads to a file there, else without its dots."""
    path = os.path.normpath(f"{os.path.dirname(file)}/{notebook}")  # noqa: PTH120 - only text
    path = path.replace(os.sep, "/")
    if not path.startswith("..") and os.path.exists(root / path):  # noqa: PTH110 - never raises
        return path
    return re.sub(r"^(?:\.\.?/)+", "", notebook)


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _reached(tree: ast.Module, owner: str, name: str) -> Iterator[ast.FunctionDef]:
    """Yield the method and all functions of the file that it comes to call, each of them once."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    methods = {
        node.name: node
        for cls in ast.walk(tree)
        if isinstance(cls, ast.ClassDef) and cls.name == owner
        for node in cls.body
        if isinstance(node, ast.FunctionDef)
    }
    waiting = [methods[name]] if name in methods else []
    seen: list[ast.FunctionDef] = []
    while waiting:
        function = waiting.pop(0)
        seen.append(function)
        yield function
        for node in ast.walk(function):
            if not isinstance(node, ast.Call):
                continue
            called = None
            if isinstance(node.func, ast.Name):
                called = functions.get(node.func.id)
            elif isinstance(node.func, ast.Attribute):
                of_self = isinstance(node.func.value, ast.Name) and node.func.value.id == "self"
                called = methods.get(node.func.attr) if of_self else None
            if called is not None and called not in seen and called not in waiting:
                waiting.append(called)


def _loops(function: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, int]]:
    """Yield each outermost loop with how deep loops are nested in it."""
    for node in ast.iter_child_nodes(function):
        if isinstance(node, _LOOPS):
            yield node, _depth(node)
        else:
            yield from _loops(node)


def _depth(node: ast.AST) -> int:
    own = len(getattr(node, "generators", "1")) if isinstance(node, _LOOPS) else 0
    return own + max(map(_depth, ast.iter_child_nodes(node)), default=0)
