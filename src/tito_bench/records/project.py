"""Which folder is the project: everything that is kept goes below it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tito_bench.errors import ProjectError
from tito_bench.records.project_layout import STATE_FOLDERS
from tito_bench.safe_text import safe_text
from tito_bench.subjects.discovery import PACKAGE_PLACES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ProjectRoot", "find_root"]

_PACKAGE_FILES = tuple(
    f"{place}/{file}" for place in PACKAGE_PLACES for file in ("core/tensor.py", "__init__.py")
)
_UPSTREAM_CREDENTIALS = "credentials.json"


@dataclass(frozen=True)
class ProjectRoot:
    """The project folder (absolute) and the reason why it is the one."""

    path: Path
    found_by: str


def find_root(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> ProjectRoot:
    """Find the project: `--project`, else TITO_PROJECT, else the nearest parent
    that looks like one, else the current folder.

    The home folder is never found by looking upwards, nor is anything above
    it: TinyTorch itself keeps credentials in `~/.tinytorch`, and that must not
    turn every folder below the home folder into one project. A command run
    in the home folder itself does use it.

    Raises `ProjectError` where a folder that was named is not one.
    """
    if explicit is not None:
        return _named(explicit, "--project", cwd)
    named = environ.get("TITO_PROJECT", "")
    if named:
        return _named(Path(named), "TITO_PROJECT", cwd)
    home = _home(environ)
    folder = Path(os.path.abspath(cwd))  # noqa: PTH100 - resolve() would follow links
    for candidate in (folder, *folder.parents):
        if home is not None and _same(candidate, home):
            break
        marker = _marker(candidate)
        if marker is not None:
            return ProjectRoot(candidate, f"holds {marker}")
    return ProjectRoot(folder, "current folder")


def _named(path: Path, source: str, cwd: Path) -> ProjectRoot:
    folder = Path(os.path.abspath(cwd / path))  # noqa: PTH100
    shown = safe_text(str(path))
    if "\0" in str(path) or not os.path.exists(folder):  # noqa: PTH110 - never raises
        raise ProjectError(f"{source}: the folder {shown} does not exist; name another")
    if not os.path.isdir(folder):  # noqa: PTH112
        raise ProjectError(f"{source}: {shown} is not a folder; name the project's folder")
    return ProjectRoot(folder, source)


def _home(environ: Mapping[str, str]) -> Path | None:
    named = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(named) if named else None


def _same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False  # one of them cannot be looked at, so it is not both


def _marker(folder: Path) -> str | None:
    # os.path answers False where Path raises PermissionError (3.11).
    for name in STATE_FOLDERS:
        if os.path.isdir(folder / name) and not _is_upstream_home(folder / name):  # noqa: PTH112
            return name
    for file in _PACKAGE_FILES:
        if os.path.isfile(folder / file):  # noqa: PTH113
            return "a tinytorch package"
    return None


def _is_upstream_home(state: Path) -> bool:
    """Someone's `~/.tinytorch`, seen where HOME does not say so (sudo, services)."""
    return os.path.exists(state / _UPSTREAM_CREDENTIALS)  # noqa: PTH110
