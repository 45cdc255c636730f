"""Finds the student's TinyTorch package on disk, without importing it.

Importing is left to `subjects.package`, inside the measuring worker: student
code may print, hang or exit.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tito_bench.did_you_mean import did_you_mean_file
from tito_bench.subjects.course_modules import COURSE_MODULES
from tito_bench.subjects.missing import NOTHING_THERE, Missing
from tito_bench.subjects.redaction import display_path
from tito_bench.subjects.scanning import modules_defining
from tito_bench.subjects.unexported import unexported

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec

__all__ = ["PACKAGE_PLACES", "PackageLocation", "locate_package"]

Origin = Literal["project", "explicit", "installed"]

PACKAGE_PLACES = (
    *("tinytorch", "srcs/tinytorch", "src/tinytorch"),
    *("data/trentorch", "tinytorch/tinytorch"),
)
"""Where below a project the package may lie, that of the fork TrenTorch among them.

The monorepo form comes last: there `<root>/tinytorch` is the project itself.
"""
_DISTRIBUTION = re.compile(
    r"(?P<name>\w*tinytorch\w*)-(?P<version>[^-]+)\.dist-info", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PackageLocation:
    """A package of the course on disk: the folder to be imported as `tinytorch`."""

    folder: Path
    root: Path
    origin: Origin

    @property
    def display(self) -> str:
        """Return the folder as it may be printed and recorded."""
        return display_path(self.folder, self.root)


def locate_package(
    root: Path, explicit: Path | None = None, search_path: Sequence[str] | None = None
) -> PackageLocation | Missing:
    """Find the package of the project at `root`, or the one `explicit` points to.

    `explicit` is the package folder, or a folder that holds it in a known place, or any
    folder of modules one of which defines Tensor; nothing else is tried then. Without it
    the known places below `root` come first, then a distribution installed on
    `search_path` (default: `sys.path` without the current folder). Nothing is imported.
    """
    root = root.absolute()
    if explicit is not None:
        return _locate_explicit(root, explicit.absolute())
    found = _locate_below(root)
    if found is not None:
        return PackageLocation(found, root, "project")
    return _locate_installed(root, search_path)


def _locate_explicit(root: Path, explicit: Path) -> PackageLocation | Missing:
    shown = display_path(explicit, root)
    if not _is_folder(explicit):
        meant = did_you_mean_file(explicit)
        return Missing("tinytorch", None, f"{shown}: no such folder{meant and '; '}{meant}")
    if _is_file(explicit / "core" / "tensor.py"):
        return PackageLocation(explicit, root, "explicit")
    found = _locate_below(explicit)
    if found is None and _is_course_package(explicit):
        found = explicit
    if found is None:
        found = _holder_of_tensor(explicit)
    if found is None:
        return Missing("tinytorch", None, f"{shown}: no TinyTorch package (core/tensor.py) in it")
    return PackageLocation(found, root, "explicit")


def _holder_of_tensor(folder: Path) -> Path | None:
    """Return `folder` or the one package in it, where a module of it defines Tensor."""
    if not _is_file(folder / "__init__.py"):
        packages = [path.parent for path in folder.glob("*/__init__.py")]
        holding = [package for package in packages if _file_of_tensor(package) is not None]
        if len(holding) == 1 and not any(folder.glob("*.py")):
            return holding[0]
    return None if _file_of_tensor(folder) is None else folder


def _file_of_tensor(folder: Path) -> Path | None:
    """Return the file in `folder` that defines Tensor, and is not another course module's.

    Module 16 brought a stand-in of it in 2025.
    """
    elsewhere = {path for module in COURSE_MODULES[1:] for path in module.paths}
    for dotted in modules_defining(folder, "Tensor"):
        if dotted not in elsewhere:
            return folder.joinpath(*dotted.split(".")[1:]).with_suffix(".py")
    return None


def _nothing_below(root: Path) -> str:
    """Say what there is in place of a package, and what to do next."""
    folders = [place for place in PACKAGE_PLACES if _is_folder(root / place)]
    for place in folders:
        file = _file_of_tensor(root / place)
        if file is not None:
            shown = display_path(file, root)
            return f"{place}/ has no core/tensor.py, {shown} defines Tensor: add --package {place}"
    step = unexported(root, COURSE_MODULES[0])
    if step is not None:
        return f"no TinyTorch package yet: {step}"
    for place in folders:
        if any((root / place).glob("*.py")):
            return f"{place}/ is no package of the course: there is no core/ in it"
    places = ", ".join(f"{place}/" for place in PACKAGE_PLACES)
    return f"{NOTHING_THERE}looked for {places}"


def _locate_below(root: Path) -> Path | None:
    candidates = [root / place for place in PACKAGE_PLACES]
    complete = (folder for folder in candidates if _is_file(folder / "core" / "tensor.py"))
    # A fresh clone has no core/tensor.py yet: it is still the student's package.
    started = (folder for folder in candidates if _is_course_package(folder))
    return next(complete, None) or next(started, None)


def _is_course_package(folder: Path) -> bool:
    """Say whether `folder` is a package of the course, maybe one just begun."""
    return _is_folder(folder / "core") and (
        _is_file(folder / "__init__.py") or _is_file(folder / "core" / "__init__.py")
    )


def _locate_installed(root: Path, search_path: Sequence[str] | None) -> PackageLocation | Missing:
    found = _installed(search_path)
    if found is None:
        return Missing("tinytorch", None, _nothing_below(root))
    if _is_file(found / "core" / "tensor.py"):
        return PackageLocation(found, root, "installed")
    reason = (
        f"{_distribution(found)} in {display_path(found, root)} is an unrelated project "
        "(it has no tinytorch.core.tensor), not the course's package"
    )
    step = unexported(root, COURSE_MODULES[0])
    return Missing("tinytorch", None, reason if step is None else f"{reason}; {step}")


def _installed(search_path: Sequence[str] | None) -> Path | None:
    """Return the folder or file that `import tinytorch` would load, without importing."""
    for spec in _installed_specs(search_path):
        for location in spec.submodule_search_locations or ():
            return Path(location)
        if spec.origin is not None:
            return Path(spec.origin)
    return None


def _installed_specs(search_path: Sequence[str] | None) -> Iterator[ModuleSpec]:
    # The current folder is no installation: what lies in it is a matter of the
    # project root.
    here = Path.cwd()
    entries = sys.path if search_path is None else search_path
    path = [entry for entry in entries if entry and Path(entry) != here]
    spec = PathFinder.find_spec("tinytorch", path)
    if spec is not None:
        yield spec
    if search_path is None:
        # An editable installation may bring a finder of its own.
        for finder in sys.meta_path:
            find_spec = getattr(finder, "find_spec", None)
            if finder is not PathFinder and find_spec is not None:
                spec = find_spec("tinytorch", None, None)
                if spec is not None:
                    yield spec


def _distribution(installed: Path) -> str:
    """Name the distribution beside an installed package, e.g. "tinytorch 0.1.0"."""
    try:
        names = sorted(entry.name for entry in installed.parent.iterdir())
    except OSError:
        names = []
    for name in names:
        match = _DISTRIBUTION.fullmatch(name)
        if match:
            return f"the installed distribution {match['name']} {match['version']}"
    return "the installed tinytorch"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no permission to look
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
