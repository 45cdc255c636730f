"""Finds notebooks of the course that were written and never exported."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tito_bench.subjects.course_modules import CourseModule

__all__ = ["unexported"]

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
    for place in _PLACES:
        for folder in _subfolders(root / place):
            match = _NUMBERED.fullmatch(folder.name)
            if match and match["title"] in titles and _has_notebook(folder):
                shown = f"{place}/{folder.name}"
                number = match["number"]
                return f"{shown} is written but not exported: tito module complete {number}"
    return None


def _subfolders(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:  # none, or not to be read
        return


def _has_notebook(folder: Path) -> bool:
    try:
        return any(path.suffix == ".ipynb" for path in folder.iterdir())
    except OSError:
        return False
