"""Finds the notebooks of the course, and which of them were written and never exported."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tito_bench.subjects.course_modules import CourseModule

__all__ = ["notebooks", "unexported"]

_PLACES = (
    *("modules", "modules/source", "notebooks", "src"),
    *("assignments", "assignments/source", "tinytorch/modules", "tinytorch/src"),
)
"""Where below a project the notebooks may lie, the likeliest first."""
_NUMBERED = re.compile(r"(?P<number>\d{2})_(?P<title>\w+)")


def unexported(root: Path, module: CourseModule) -> str | None:
    """Return what to do where `module` has a notebook below `root`; None where it has none.

    Call it for a module that is not in the package. Numbers changed over the years, so
    that the folder is known by its title, and its own number is what is said.
    """
    titles = {module.title, *(path.rpartition(".")[2] for path in module.paths)}
    for notebook, number in notebooks(root):
        folder = notebook.parent
        if folder.name.partition("_")[2] in titles:
            shown = folder.relative_to(root).as_posix()
            return f"{shown} is written but not exported: tito module complete {number}"
    return None


def notebooks(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the notebooks of modules below `root`, each with the number of its folder."""
    for place in _PLACES:
        for folder in _entries(root / place):
            match = _NUMBERED.fullmatch(folder.name)
            for file in _entries(folder) if match else ():
                # Not Path.is_file: before 3.14 it raises where the folder may not be searched.
                if match and file.suffix == ".ipynb" and os.path.isfile(file):  # noqa: PTH113
                    yield file, match["number"]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # none, no folder, or not to be read
        return []
