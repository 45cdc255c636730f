"""Short hashes of what functions do: equal for equal code, whatever its words are.

Docstrings, comments, annotations, decorators and layout do not count, nor does what a
function calls its arguments and locals, nor its own name. Everything else does. The
form that is hashed is this module's own, since `ast.dump` differs from one Python to
the next.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["SUBSTANCE", "HashedFunction", "hashed_functions"]

SUBSTANCE = 40
"""Nodes of the syntax tree from which on a function is judged.

With fewer, people who never saw each other's code write the same: `return self.forward(x)`.
"""
_DIGITS = 12
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_NO_FIELDS = frozenset(
    {"ctx", "kind", "type_comment", "type_ignores", "annotation", "returns", "type_params"}
    | {"decorator_list"}
)


@dataclass(frozen=True, slots=True)
class HashedFunction:
    """A function of a file: its name with that of its class, its first and last line, and hash.

    `nodes` counts those of the syntax tree that are hashed, and says whether the function
    has `substance`.
    """

    name: str
    line: int
    end: int
    nodes: int
    digest: str

    @property
    def substance(self) -> bool:
        """Whether there is enough of it to be anybody's."""
        return self.nodes >= SUBSTANCE


def hashed_functions(source: bytes | str) -> Iterator[HashedFunction]:
    """Yield the functions and methods of a module's text, in its order.

    A function inside another belongs to it, and one below `except` stands in for what could
    not be imported: neither is yielded by itself. Yields nothing for text that is no Python.
    """
    try:
        tree = ast.parse(source)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return
    for name, function in _functions(tree.body):
        try:
            form = _Form(function)
        except RecursionError:
            continue
        end = function.end_lineno or function.lineno
        yield HashedFunction(name, function.lineno, end, form.nodes, form.digest)


def _functions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, _Function]]:
    for node in body:
        if isinstance(node, _Function):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            for branch in (node.body, node.orelse, getattr(node, "finalbody", [])):
                yield from _functions(branch, prefix)


class _Form:
    """The form of one function that is hashed, and how many nodes went into it."""

    def __init__(self, function: _Function) -> None:
        self.nodes = 0
        self._numbers: dict[str, int] = {}
        self._locals = _names_bound_in(function)
        parts: list[str] = []
        self._fields(function.args, parts)
        self._statements(function.body, parts)
        self.digest = hashlib.sha256("".join(parts).encode()).hexdigest()[:_DIGITS]

    def _name(self, name: str) -> str:
        """Return a local's number, by its first use; any other name as it is."""
        if name not in self._locals:
            return name
        return f"%{self._numbers.setdefault(name, len(self._numbers))}"

    def _statements(self, body: list[ast.stmt], parts: list[str]) -> None:
        for statement in body:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # a docstring, a remark, or `...`
            if isinstance(statement, ast.Pass):
                continue
            if isinstance(statement, ast.AnnAssign):
                if statement.value is None:
                    continue
                plain = ast.Assign([statement.target], statement.value)
                self._value(plain, parts)
            else:
                self._value(statement, parts)

    def _value(self, value: object, parts: list[str]) -> None:
        if isinstance(value, ast.JoinedStr):
            value = ast.JoinedStr(_joined(value.values))
        if isinstance(value, ast.AST):
            self.nodes += 1
            parts.append(f"({type(value).__name__}")
            self._fields(value, parts)
            parts.append(")")
        elif isinstance(value, list):
            parts.append("[")
            if value and isinstance(value[0], ast.stmt):
                self._statements(value, parts)
            else:
                for item in value:
                    self._value(item, parts)
            parts.append("]")
        else:
            parts.append(f"{type(value).__name__}:{value!r}")

    def _fields(self, node: ast.AST, parts: list[str]) -> None:
        for field, value in ast.iter_fields(node):
            if field in _NO_FIELDS or value is None or value == []:
                continue
            parts.append(f" {field}=")
            if isinstance(value, str) and field in _NAMING.get(type(node), ()):
                parts.append(self._name(value))
            else:
                self._value(value, parts)


_NAMING: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Name: ("id",),
    ast.arg: ("arg",),
    ast.FunctionDef: ("name",),
    ast.AsyncFunctionDef: ("name",),
    ast.ClassDef: ("name",),
    ast.ExceptHandler: ("name",),
}
"""Where a name can be a local's. The name of a keyword argument is its function's."""


def _names_bound_in(function: _Function) -> frozenset[str]:
    """Return the arguments and locals of `function`, those of functions inside it too."""
    bound: set[str] = set()
    elsewhere: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, _Function | ast.ClassDef | ast.ExceptHandler):
            if node is not function and node.name:
                bound.add(node.name)
        elif isinstance(node, ast.Global):
            elsewhere.update(node.names)
    return frozenset(bound - elsewhere)


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """Return the parts of an f-string, neighbouring texts as one: Pythons split them otherwise."""
    joined: list[ast.expr] = []
    for value in values:
        before = joined[-1] if joined else None
        if isinstance(value, ast.Constant) and isinstance(before, ast.Constant):
            joined[-1] = ast.Constant(str(before.value) + str(value.value))
        elif not (isinstance(value, ast.Constant) and value.value == ""):
            joined.append(value)
    return joined
