"""The version of the course that a package is of, read from its files."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_newer", "project_version", "written_version"]

_PROJECTS = ("tinytorch", "trentorch")
"""The course and a fork of it, as their pyproject.toml calls them."""

_WRITTEN = re.compile(r"""^__version__\s*=\s*(["'])([^"']+)\1""", re.MULTILINE)
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


def written_version(folder: Path) -> str | None:
    """Return the version in the `__init__.py` of a package that need not be imported for it."""
    try:
        source = (folder / "__init__.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    match = _WRITTEN.search(source)
    return match[2] if match else None


def project_version(folder: Path) -> str | None:
    """Return the version in the pyproject.toml of the course beside or above a package."""
    for parent in list(folder.parents)[:2]:
        try:
            project = tomllib.loads((parent / "pyproject.toml").read_text("utf-8"))["project"]
            if project["name"] in _PROJECTS:
                return str(project["version"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def is_newer(version: str | None, than: str) -> bool:
    """Say whether a version is after another, by its leading numbers; an unknown one is not."""
    return _numbers(version or "") > _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    match = _NUMBERS.match(version)
    return tuple(int(part[:9]) for part in match[0].split(".")) if match else ()
