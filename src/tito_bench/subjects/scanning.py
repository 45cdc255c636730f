"""Finds definitions in a package's sources, without importing them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tito_bench.subjects.package_version import is_newer, written_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["is_shipped", "modules_defining"]

_LAST_TO_EXPORT_MODELS = "0.1.10"
"""Later versions ship models there; in 2025 it was where module 13 was exported to."""
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
    ast.Delete,
    ast.Assert,
)
_WORK = ("main", "train", "fit", "run", "test", "demo", "evaluate", "benchmark")
"""What functions are called that a script ends with."""


def is_shipped(package: Path, file: Path) -> bool:
    """Say whether a file of `package` came ready-made with the course."""
    if not file.is_relative_to(package):
        return False
    folder = file.relative_to(package).parts[0]
    if folder == "extensions":
        return True
    newer = (package / "extensions").is_dir() or is_newer(
        written_version(package), _LAST_TO_EXPORT_MODELS
    )
    return folder == "models" and newer


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
    known = set(_names_bound(tree))
    return all(
        isinstance(node, _HARMLESS) or _is_remark(node) or _is_set_up(node, known)
        for node in tree.body
    )


def _names_bound(tree: ast.Module) -> Iterator[str]:
    """Yield the names that the module imports or defines."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, _DEFINITIONS):
            yield node.name


def _is_remark(node: ast.stmt) -> bool:
    """Say whether `node` is a docstring or a call of print()."""
    if not isinstance(node, ast.Expr):
        return False
    call = node.value
    return isinstance(call, ast.Constant) or (
        isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
    )


def _is_set_up(node: ast.stmt, known: set[str]) -> bool:
    """Say whether `node` calls something known that prepares, as `enable_autograd()` does.

    Training, tests and demonstrations are work: a module that does them is a script.
    """
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    called = node.value.func
    names = [called.id] if isinstance(called, ast.Name) else []
    while isinstance(called, ast.Attribute):
        names.append(called.attr)
        called = called.value
    if isinstance(called, ast.Name):
        return called.id in known and not any(name.lower().startswith(_WORK) for name in names)
    return False
