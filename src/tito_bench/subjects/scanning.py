"""Finds definitions in a package's sources, without importing them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["modules_defining"]

_DEFINITIONS = (ast.ClassDef, ast.FunctionDef)
# What the top level of a module may hold. A script that trains a network when
# imported has loops and calls there, and would keep the worker busy for minutes.
_HARMLESS = (
    *_DEFINITIONS,
    ast.AsyncFunctionDef,
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.If,
    ast.Try,
    ast.Pass,
)


def modules_defining(package: Path, name: str) -> Iterator[str]:
    """Yield the dotted names of modules in `package` that define a class or function.

    Tests, private modules and scripts are left out: what is yielded is to be
    imported.
    """
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package).with_suffix("").parts
        if any(part.startswith(("test", "_")) or not part.isidentifier() for part in parts):
            continue
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if _is_module(tree) and _defines(tree, name):
            yield ".".join(("tinytorch", *parts))


def _defines(tree: ast.Module, name: str) -> bool:
    return any(isinstance(node, _DEFINITIONS) and node.name == name for node in tree.body)


def _is_module(tree: ast.Module) -> bool:
    return all(isinstance(node, _HARMLESS) or _is_remark(node) for node in tree.body)


def _is_remark(node: ast.stmt) -> bool:
    """Say whether `node` is a docstring or a call of print()."""
    if not isinstance(node, ast.Expr):
        return False
    call = node.value
    return isinstance(call, ast.Constant) or (
        isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
    )
