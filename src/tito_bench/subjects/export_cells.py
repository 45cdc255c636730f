"""The cells of a notebook that are exported into the package; nothing is run.

nbdev's directives: `#| default_exp core.tensor` names the module once, `#| export` at the top
of a cell exports it there, `#| export core.other` elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tito_bench.foreign_json import NotJson, decode_foreign_json

__all__ = ["ExportedCells", "exported_cells", "read_notebook"]

_DEFAULT = re.compile(r"^\s*#\s*\|\s*default_exp[ \t]+([\w.]+)", re.MULTILINE)
_EXPORT = re.compile(r"^\s*#\s*\|\s*exports?i?\b[ \t]*([\w.]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ExportedCells:
    """What a notebook exports to its `target` ("core.tensor"), cell by cell.

    `target` is None where the notebook names none.
    """

    target: str | None
    cells: tuple[str, ...]


def read_notebook(data: bytes) -> ExportedCells:
    """Return the exported cells of a notebook's file. Raises `NotJson` for anything else."""
    found = decode_foreign_json(data, unique_keys=False)
    cells = found.get("cells") if isinstance(found, dict) else None
    if not isinstance(cells, list):
        raise NotJson("it has no cells")
    return exported_cells(text for text in map(_code, cells) if text is not None)


def exported_cells(cells: Iterable[str]) -> ExportedCells:
    """Return those of the code cells that are exported to the default module."""
    target: str | None = None
    exported: list[tuple[str, str]] = []
    for text in cells:
        default = _DEFAULT.search(text)
        if default is not None:
            target = default[1]
        export = _EXPORT.search(text)
        if export is not None:
            exported.append((export[1], text))
    return ExportedCells(target, tuple(text for to, text in exported if to in {"", target}))


def _code(cell: Any) -> str | None:
    """Return the text of a code cell, or None of any other and of one that is damaged."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return None
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source if isinstance(source, str) else None
