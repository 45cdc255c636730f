"""Which folder is the project: everything that is kept goes below it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tito_bench.did_you_mean import did_you_mean_file
from tito_bench.errors import ProjectError
from tito_bench.records.project_layout import STATE_FOLDERS
from tito_bench.safe_text import safe_text
from tito_bench.subjects.discovery import PACKAGE_PLACES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ProjectRoot", "find_root", "folders_upwards", "state_folder"]

_PACKAGE_FILES = tuple(
    f"{place}/{file}" for place in PACKAGE_PLACES for file in ("core/tensor.py", "__init__.py")
)
_MODULE_PLACES = ("modules", "modules/source")
_MODULE = re.compile(r"\d\d_\w")
_UPSTREAM_CREDENTIALS = "credentials.json"


@dataclass(frozen=True)
class ProjectRoot:
    """The project folder (absolute) and the reason why it is the one."""

    path: Path
    found_by: str


def find_root(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> ProjectRoot:
    """Find the project: `--project`, else TITO_PROJECT, else by looking upwards.

    Of the folders from `cwd` upwards that hold a package or the course's modules, it
    is the one that already holds state, else one with modules, else one with a
    package, the outermost of several: so the same one is found from whichever
    subfolder. In a git repository, which is one project, the state alone will do.
    Where nothing looks like a project it is the nearest folder with state, else `cwd`.

    The root of a git repository is the last that is looked at. The home folder is
    never found by looking upwards, nor is anything above it: TinyTorch itself keeps
    credentials in `~/.tinytorch`, and that must not turn every folder below the home
    folder into one project. A command run in the home folder itself does use it.

    Raises `ProjectError` where a folder that was named is not one.
    """
    if explicit is not None:
        return _named(explicit, "--project", cwd)
    named = environ.get("TITO_PROJECT", "")
    if named:
        return _named(Path(named), "TITO_PROJECT", cwd)
    folder = Path(os.path.abspath(cwd))  # noqa: PTH100 - resolve() would follow links
    upwards = folders_upwards(folder, environ)
    return _choose(upwards) or ProjectRoot(folder, "current folder")


def folders_upwards(folder: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return `folder` and those above it that may be its project, the nearest first."""
    home = _home(environ)
    found = []
    for candidate in (folder, *folder.parents):
        if home is not None and (_same(candidate, home) or home.is_relative_to(candidate)):
            break
        found.append(candidate)
        if _is_git_root(candidate):
            break
    return found


def state_folder(folder: Path) -> str | None:
    """Return the name of the folder in which state of a project is kept there, if one is."""
    # os.path answers False where Path raises PermissionError (3.11).
    for name in STATE_FOLDERS:
        if os.path.isdir(folder / name) and not _is_upstream_home(folder / name):  # noqa: PTH112
            return name
    return None


def _choose(upwards: Sequence[Path]) -> ProjectRoot | None:
    outermost_first = list(reversed(upwards))
    in_git = bool(upwards) and _is_git_root(upwards[-1])
    with_modules = [folder for folder in outermost_first if _has_modules(folder)]
    with_package = [folder for folder in outermost_first if _has_package(folder)]
    states = {folder: state_folder(folder) for folder in outermost_first}
    for folder, state in states.items():
        if state and (in_git or folder in with_modules or folder in with_package):
            return ProjectRoot(folder, f"holds {state}")
    for folder in with_modules:
        return ProjectRoot(folder, "holds modules of the course")
    for folder in with_package:
        return ProjectRoot(folder, "holds a tinytorch package")
    for folder in upwards:
        if states[folder]:
            return ProjectRoot(folder, f"holds {states[folder]}")
    return None


def _named(path: Path, source: str, cwd: Path) -> ProjectRoot:
    folder = Path(os.path.abspath(cwd / path))  # noqa: PTH100
    shown = safe_text(str(path))
    if "\0" in str(path) or not os.path.exists(folder):  # noqa: PTH110 - never raises
        meant = "" if "\0" in str(path) else did_you_mean_file(folder)
        raise ProjectError(
            f"{source}: the folder {shown} does not exist; {meant or 'name another'}"
        )
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


def _has_modules(folder: Path) -> bool:
    for place in _MODULE_PLACES:
        try:
            if any(_MODULE.match(name) for name in os.listdir(folder / place)):  # noqa: PTH208
                return True
        except OSError:  # not there, no folder, or not to be read
            continue
    return False


def _has_package(folder: Path) -> bool:
    return any(os.path.isfile(folder / file) for file in _PACKAGE_FILES)  # noqa: PTH113


def _is_git_root(folder: Path) -> bool:
    return os.path.exists(folder / ".git")  # noqa: PTH110 - a file in a worktree or submodule


def _is_upstream_home(state: Path) -> bool:
    """Recognise someone's `~/.tinytorch` where HOME does not say so (sudo, services)."""
    return os.path.exists(state / _UPSTREAM_CREDENTIALS)  # noqa: PTH110
