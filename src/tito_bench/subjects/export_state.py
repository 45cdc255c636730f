"""Whether what lies in the package is still what the notebooks export; nothing is run.

A notebook's export cells are compared with the file they were exported to, statement by
statement: docstrings, comments and imports do not count, since the export itself rewrites
imports. Where both differ, the course's note of the export (`.tito/exports.json`) and the times
of the files say which of them was edited.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from tito_bench.foreign_json import NotJson, decode_foreign_json
from tito_bench.note import Note
from tito_bench.safe_text import safe_text
from tito_bench.subjects.discovery import locate_package
from tito_bench.subjects.export_cells import ExportedCells, read_notebook
from tito_bench.subjects.missing import Missing
from tito_bench.subjects.unexported import notebooks

__all__ = ["ExportState", "ModuleExport", "changed_exports", "check_exports", "module_exports"]

ExportState = Literal["fresh", "stale", "never", "edited", "unreadable"]
"""Of a module's export: as its notebook is; older than its notebook; not there; edited in the
package itself; its notebook cannot be compared."""

_INSTRUCTORS = "assignments/source"
"""Where nbgrader keeps what is handed out: never what a student writes in."""
_NOTES = ".tito/exports.json"
_LARGEST_NOTEBOOK = 2**25  # bytes: pictures make large ones, code does not
_LARGEST_NOTE = 2**20
_SAME_MOMENT_S = 10.0
"""A checkout writes both files at once: that is no evidence of an edit."""


@dataclass(frozen=True, slots=True)
class ModuleExport:
    """The export of one module.

    `folder` is that of its notebook ("modules/01_tensor") and `number` the module's,
    `file` what it is exported to, as people type it; `exported_at` is None where no
    note says it. `problem` says why it is "unreadable".
    """

    folder: str
    number: str
    file: str | None
    state: ExportState
    exported_at: datetime | None = None
    problem: str = ""


def check_exports(root: Path, explicit: Path | None) -> list[Note]:
    """Note what is not exported as it is, of the package that is found; nothing without one.

    `explicit` is its folder, where one was named.
    """
    location = locate_package(root, explicit)
    return [] if isinstance(location, Missing) else changed_exports(root, location.folder)


def changed_exports(root: Path, package: Path) -> list[Note]:
    """Note the modules whose export is not what their notebook is, and what cannot be compared.

    A notebook that was never exported is none of them: it is said where its module is missed.
    """
    noted, problem = _export_notes(root)
    notes = [] if problem is None else [Note("unreadable_exports", "info", _NOTES, problem)]
    for found in _exports(root, package, noted):
        if found.state == "stale":
            export = "the export" if found.exported_at is None else _export_of(found.exported_at)
            value = f"{export}: tito module complete {found.number}"
            notes.append(Note("stale_export", "warning", found.folder, value))
        elif found.state == "edited":
            notes.append(Note("edited_export", "warning", found.file or "", found.folder))
        elif found.state == "unreadable":
            notes.append(Note("unreadable_notebook", "info", found.folder, found.problem))
    return notes


def module_exports(root: Path, package: Path) -> Iterator[ModuleExport]:
    """Yield the state of each module that has a notebook below `root`."""
    return _exports(root, package, _export_notes(root)[0])


@dataclass(frozen=True, slots=True)
class _Noted:
    """What the course noted of an export: the digest of the notebook's export cells, and when."""

    digest: str | None
    exported_at: datetime | None


def _export_notes(root: Path) -> tuple[Mapping[str, _Noted], str | None]:
    """Return the course's notes of exports by the notebook's path, and what is wrong with them."""
    try:
        found = decode_foreign_json(_read(root / _NOTES, _LARGEST_NOTE))
    except FileNotFoundError:
        return {}, None
    except OSError as error:
        return {}, str(error.strerror)
    except NotJson as error:
        return {}, str(error)
    modules = found.get("modules") if isinstance(found, Mapping) else None
    if not isinstance(modules, Mapping):
        return {}, "it names no modules"
    noted = {}
    for entry in modules.values():
        notebook = entry.get("notebook") if isinstance(entry, Mapping) else None
        if isinstance(notebook, str):
            digest = entry.get("sha256")
            noted[notebook.replace("\\", "/")] = _Noted(
                digest if isinstance(digest, str) else None, _moment(entry.get("exported_at"))
            )
    return noted, None


def _exports(root: Path, package: Path, noted: Mapping[str, _Noted]) -> Iterator[ModuleExport]:
    exported: set[Path] = set()
    for notebook, number in notebooks(root):
        if notebook.is_relative_to(root / _INSTRUCTORS):
            continue
        shown = notebook.relative_to(root).as_posix()
        folder = notebook.parent.relative_to(root).as_posix()
        note = noted.get(shown)
        exported_at = None if note is None else note.exported_at
        try:
            cells = read_notebook(_read(notebook, _LARGEST_NOTEBOOK))
        except (NotJson, OSError) as error:
            problem = safe_text(str(getattr(error, "strerror", None) or error))
            yield ModuleExport(folder, number, None, "unreadable", exported_at, problem)
            continue
        if cells.target is None:  # it exports nothing: no module, or one of another course
            continue
        file = package.joinpath(*cells.target.split(".")).with_suffix(".py")
        if file in exported:  # by the notebook in the likelier place
            continue
        exported.add(file)
        state = _state(notebook, cells, file, note)
        inside = file.is_relative_to(root)
        shown_file = file.relative_to(root).as_posix() if inside else file.name
        yield ModuleExport(folder, number, shown_file, state, exported_at)


def _state(notebook: Path, cells: ExportedCells, file: Path, note: _Noted | None) -> ExportState:
    try:
        exported = file.read_text(encoding="utf-8", errors="replace")
        file_at, notebook_at = file.stat().st_mtime, notebook.stat().st_mtime
    except OSError:
        return "never"
    # Where neither is Python it cannot be told, and importing the file says what is wrong.
    if _code(cells.cells) == _code([exported]):
        return "fresh"
    if note is not None and note.digest in _digests(cells.cells):
        return "edited"
    if note is not None and note.exported_at is not None:
        exported_at = note.exported_at.timestamp()
        if notebook_at > exported_at + _SAME_MOMENT_S:
            return "stale"
        return "edited" if file_at > exported_at + _SAME_MOMENT_S else "stale"
    return "edited" if file_at > notebook_at + _SAME_MOMENT_S else "stale"


def _digests(cells: Sequence[str]) -> set[str]:
    """Return the digests that stand for these cells, however they are put together."""
    return {
        hashlib.sha256(joint.join(cells).encode("utf-8", "replace")).hexdigest()
        for joint in ("", "\n", "\n\n")
    }


def _code(texts: Sequence[str]) -> list[str] | None:
    """Return the statements of some Python text, in a form that is equal where they are.

    None of text that is no Python: equal to nothing that is exported.
    """
    statements: list[str] = []
    for text in texts:
        try:
            tree = _Bare().visit(ast.parse(_without_commands(text)))
            statements += [ast.dump(node) for node in tree.body]
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
    return statements


def _without_commands(text: str) -> str:
    """Return the text of a cell without the notebook's own commands, which are not exported."""
    if "%" not in text and "!" not in text:
        return text
    lines = text.splitlines()
    return "\n".join("" if line.startswith(("%", "!")) else line for line in lines)


class _Bare(ast.NodeTransformer):
    """Takes out what an export may change: imports, `__all__`, and texts that stand alone."""

    def visit_Import(self, _node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, _node: ast.ImportFrom) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        return None if names == ["__all__"] else node


def _read(file: Path, largest: int) -> bytes:
    """Return what is in a file. Raises NotJson for one that is too large to be it."""
    with file.open("rb") as stream:
        data = stream.read(largest + 1)
    if len(data) > largest:
        raise NotJson(f"it is larger than {largest // 2**20} MiB")
    return data


def _moment(text: Any) -> datetime | None:
    """Return a time of the course's, which is local where it names no zone."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _export_of(moment: datetime) -> str:
    return f"the export of {moment.day} {moment:%b}"
