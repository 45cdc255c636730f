"""The options of `benchmark capstone` that name the student's own model."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING

from tito_bench.did_you_mean import did_you_mean, did_you_mean_file
from tito_bench.errors import UsageError

if TYPE_CHECKING:
    import ast
    from pathlib import Path

    from tito_bench.measure.task_figures import CustomModelChoice
    from tito_bench.records.capstone import CapstoneRecord

__all__ = ["own_choice", "own_failed", "shape"]

_SHAPE = re.compile(r"\(?[0-9]{1,6}(?:[x,][0-9]{1,6}){1,7}\)?")
_MOST_ELEMENTS = 1 << 24


def shape(text: str) -> list[int]:
    """Parse sizes, `1x64` or `1,3,32,32`, for argparse."""
    parts = re.split("[x,]", text.strip("()")) if _SHAPE.fullmatch(text) else []
    sizes = [int(part) for part in parts]
    if not sizes or not 0 < math.prod(sizes) <= _MOST_ELEMENTS:
        message = f"{text!r} is not the shape of a batch, as 1x64 or 8x1x28x28"
        raise argparse.ArgumentTypeError(message)
    return sizes


def own_choice(options: argparse.Namespace, cwd: Path) -> CustomModelChoice | None:
    """Return what `--model` and its companions ask for, or None. Raises `UsageError`."""
    from tito_bench.measure.task_figures import CustomModelChoice

    if options.model is None:
        for name in ("optimized", "input_shape", "data"):
            if getattr(options, name) is not None:
                raise UsageError(f"--{name.replace('_', '-')} needs --model FILE.py:FACTORY")
        return None
    model = _factory("--model", options.model, cwd)
    if options.input_shape is None and options.data is None:
        raise UsageError("--model needs --input-shape, or --data to take it from")
    optimized, data = options.optimized, options.data
    if data is not None and not (cwd / data).is_file():
        raise UsageError(f"--data: {_no_file(cwd / data, str(data))}")
    return CustomModelChoice(
        model=model,
        optimized=None if optimized is None else _factory("--optimized", optimized, cwd),
        input_shape=options.input_shape,
        data=None if data is None else str((cwd / data).absolute()),
    )


def own_failed(record: CapstoneRecord) -> bool:
    """Tell whether an own model was asked for and could not be measured."""
    return any(found.what == "your own model" for found in record.not_measured)


def _factory(flag: str, text: str, cwd: Path) -> str:
    """Return the absolute form of FILE.py:FACTORY."""
    file, colon, name = text.rpartition(":")
    if not colon or not name.isidentifier():
        raise UsageError(f"{flag} {text!r}: write it as FILE.py:FACTORY")
    path = (cwd / file).absolute()
    if not path.is_file():
        raise UsageError(f"{flag}: {_no_file(path, file)}")
    _check_defined(flag, path, file, name)
    return f"{path}:{name}"


def _no_file(path: Path, shown: str) -> str:
    from tito_bench.safe_text import safe_text

    meant = did_you_mean_file(path)
    return f"there is no file {safe_text(shown)}{meant and '; '}{meant}"


def _check_defined(flag: str, path: Path, file: str, name: str) -> None:
    """Look for the name in the file, which is read and not run. Raises `UsageError`."""
    import ast

    from tito_bench.safe_text import safe_text

    shown = safe_text(file)
    try:
        tree = ast.parse(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{flag}: {shown} cannot be read: {error.strerror}") from error
    except SyntaxError as error:
        said = safe_text(f"{error.msg}, line {error.lineno}")
        raise UsageError(f"{flag}: {shown} is no Python that can be run: {said}") from error
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; nested too deeply
        raise UsageError(f"{flag}: {shown} is no Python that can be run") from error
    names = _names_in(tree)
    if name not in names and "*" not in names:
        meant = did_you_mean(name, names)
        raise UsageError(f"{flag}: {shown} does not define {name}{meant and '; '}{meant}")


def _names_in(tree: ast.Module) -> list[str]:
    """Return what the file may define outside of functions and classes; "*" is anything."""
    import ast

    names: list[str] = []
    left: list[ast.AST] = list(reversed(tree.body))
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            names += [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"exec", "globals"}:
            names.append("*")
        left += ast.iter_child_nodes(node)
    return names
