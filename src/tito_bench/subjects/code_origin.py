"""Whose code was measured: the student's, the course's, or what came with the course.

Read from the files that were used; nothing is imported. A function is judged where it
has substance (`function_hashes`) and is not one that every student is given. It is the same as
the course's where a published solution has its hash. Nothing is compared with the
project's own `src/`: students write there.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from tito_bench.note import Note
from tito_bench.subjects.course_solutions import CourseSolutions, course_solutions
from tito_bench.subjects.discovery import locate_package
from tito_bench.subjects.export_state import changed_exports
from tito_bench.subjects.function_hashes import hashed_functions
from tito_bench.subjects.missing import Missing
from tito_bench.subjects.package_version import is_newer
from tito_bench.subjects.redaction import display_path
from tito_bench.subjects.scanning import is_shipped

__all__ = ["CodeOrigin", "Whose", "find_origin"]

Whose = Literal["yours", "course", "mixed", "unknown"]
_LARGEST_FILE = 2**22  # bytes


class CodeOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose the code of a run was.

    Attributes
    ----------
    same
        Functions that are the same as a published solution of the course, e.g. "Tensor.matmul".
    own
        The other functions that were judged.
    shipped
        What the course ships ready-made and a measured file uses, e.g. "tinytorch.extensions.simd".
    known_version, known_to
        The newest version whose solutions are known, and its last day (ISO 8601).
    newer
        Whether the package is of a newer version: what is not the same may be that one's solution.
    changed
        Modules that changed since they were exported, and files of notebooks that cannot be read.
    """

    same: list[str]
    own: list[str]
    shipped: list[str]
    known_version: str
    known_to: str
    newer: bool
    changed: list[Note]

    @property
    def whose(self) -> Whose:
        """Return whose it is; "unknown" where nothing was judged, or the version is too new."""
        if self.own:
            if self.newer:
                return "unknown"
            return "mixed" if self.same else "yours"
        return "course" if self.same else "unknown"


def find_origin(
    root: Path, explicit: Path | None, used: Collection[str], version: str | None
) -> CodeOrigin | None:
    """Return whose the code is in the files `used` of the package, by their display paths.

    `explicit` is the package's folder, where one was named; `version` what the package
    states. None where there is no package.
    """
    location = locate_package(root, explicit)
    if isinstance(location, Missing):
        return None
    known = course_solutions()
    same: dict[str, None] = {}
    own: dict[str, None] = {}
    shipped: dict[str, None] = {}
    for file in sorted(location.folder.rglob("*.py")):
        if display_path(file, location.root) not in used:
            continue
        source = _source(file)
        for name, is_course in _judged(source, known):
            (same if is_course else own)[name] = None
        shipped.update(dict.fromkeys(_shipped_imports(source, location.folder)))
    return CodeOrigin(
        same=list(same),
        own=list(own),
        shipped=list(shipped),
        known_version=known.newest.name,
        known_to=known.newest.last_day,
        newer=is_newer(version, known.newest.name),
        changed=changed_exports(root, location.folder),
    )


def _source(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_LARGEST_FILE)
    except OSError:  # it went away, or may not be read: nothing to be said of it
        return b""


def _judged(source: bytes, known: CourseSolutions) -> Iterator[tuple[str, bool]]:
    """Yield the functions that are judged, and whether each is the same as the course's."""
    for function in hashed_functions(source):
        if function.substance and function.digest not in known.handed_out:
            yield function.name, function.digest in known.solutions


def _shipped_imports(source: bytes, package: Path) -> Iterator[str]:
    """Yield the modules that a file imports of what the course ships ready-made."""
    try:
        tree = ast.parse(source)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names, is_own = [node.module or ""], node.level > 0
        elif isinstance(node, ast.Import):
            names, is_own = [alias.name for alias in node.names], False
        else:
            continue
        for name in names:
            inside = name.removeprefix("tinytorch.")
            module = package.joinpath(*inside.split("."))
            if (is_own or inside != name) and is_shipped(package, module):
                yield f"tinytorch.{inside}"
