"""The student's package as the measuring worker sees it: names, files, faults."""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tito_bench.subjects.course_modules import COURSE_MODULES, FORMER_NAMES, layout_of
from tito_bench.subjects.importing import PACKAGE, PackageImporter
from tito_bench.subjects.missing import Missing, StudentCodeError
from tito_bench.subjects.package_version import project_version, written_version
from tito_bench.subjects.redaction import display_path, one_line
from tito_bench.subjects.scanning import is_shipped, modules_defining
from tito_bench.subjects.stubs import is_stub, still_to_be_written
from tito_bench.subjects.unexported import unexported

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType, TracebackType

    from tito_bench.subjects.course_modules import CourseModule
    from tito_bench.subjects.discovery import PackageLocation

__all__ = ["Found", "Package"]


@dataclass(frozen=True, slots=True)
class Found:
    """A name of the course in the student's package.

    `module` is where it was found, `file` where it is really defined (a package
    may re-export what lies elsewhere).
    """

    name: str
    value: object
    module: str
    file: Path


class Package:
    """The located package, imported lazily, one course module after the other.

    Use it inside the worker process only, and with its stdout redirected:
    student code may print, exit or patch the interpreter when imported.
    """

    def __init__(self, location: PackageLocation) -> None:
        """Take the package at `location`; nothing is imported yet."""
        self.location = location
        self._importer = PackageImporter(location)
        self._answers: dict[str, Found | Missing] = {}
        self._in_place: ModuleType | None = None
        self._remarks: list[str] = []

    def __enter__(self) -> Package:
        """Return itself; leaving the block undoes the imports."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the interpreter's import state back."""
        self.close()

    def close(self) -> None:
        """Put the interpreter's import state back (a worker that ends need not)."""
        self._importer.close()

    def put_in_place(self, module: ModuleType) -> None:
        """Let what `module` defines stand in place of what the package has by these names."""
        self._in_place = module
        self._answers.clear()

    def find(self, name: str) -> Found | Missing:
        """Return the thing called `name` (a key of `layouts.LAYOUTS`), or why not.

        Tries every path the course ever used, then the package itself, then any
        other module of the package that defines the name.

        Raises:
            KeyError: `name` is not one of the course.
            SubjectError: another `tinytorch` was imported in place of this one.
        """
        if name not in self._answers:
            self._answers[name] = self._search(name)
        return self._answers[name]

    def require(self, name: str) -> object:
        """Return the thing called `name`.

        Raises:
            Missing: it is not there yet.
            StudentCodeError: its file is there and cannot be imported.
        """
        answer = self.find(name)
        if not isinstance(answer, Missing):
            return answer.value
        if answer.fails:
            raise StudentCodeError(answer.reason)
        raise answer.again()

    def exported(self, module: CourseModule) -> Path | None:
        """Return the file that `module` was exported to, at one of its places; None without."""
        for dotted in module.paths:
            path = self.location.folder.joinpath(*dotted.split(".")[1:])
            for file in (path.with_suffix(".py"), path / "__init__.py"):
                if file.is_file():
                    return file
        return None

    def import_autograd(self) -> None:
        """Import the package's autograd if it has one; call it before anything is built.

        In some packages Tensor takes `requires_grad` only once that module has patched
        it, and layers ask for it. What is found so is not among `files`: it may never
        be used.
        """
        if isinstance(self.peek("enable_autograd"), Missing):
            self.peek("Function")

    def peek(self, name: str) -> Found | Missing:
        """Return what `find` returns, for a name that is looked at and not measured.

        It does not come among `files`.
        """
        return self._answers.get(name) or self._search(name)

    @property
    def files(self) -> dict[str, str]:
        """Return name -> display path, for every name found so far."""
        return {found.name: self.display(found.file) for found in self._found()}

    @property
    def problems(self) -> tuple[str, ...]:
        """Return one line for each cause that kept a module from being imported so far.

        A stub that is called meanwhile is none: it is said where it is missed.
        """
        modules_of: dict[str, list[str]] = {}
        for dotted, fault in self._importer.faults.items():
            if dotted in self._importer.unwritten:
                continue
            modules_of.setdefault(fault, []).append(dotted)
        lines = []
        for fault, modules in modules_of.items():
            line = f"import {', '.join(modules)} fails: {fault}"
            if PACKAGE in modules:
                line += " (its modules were tried one by one)"
            lines.append(line)
        return tuple(lines)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what was noticed of the code beside its results, a line each."""
        return tuple(self._remarks)

    def remark(self, line: str) -> None:
        """Keep a line for the report; the same one once."""
        if line not in self._remarks:
            self._remarks.append(line)

    @property
    def version(self) -> str | None:
        """Return the version that the package, or its pyproject.toml, states."""
        stated = getattr(self._importer.load(PACKAGE), "__version__", None)
        if not isinstance(stated, str):
            folder = self.location.folder
            stated = written_version(folder) or project_version(folder)
        return one_line(stated)[:40] if stated else None

    def fingerprint(self) -> str | None:
        """Return 16 hex digits of the SHA-256 of all modules imported so far, or None.

        Equal fingerprints mean the same sources at the same places.
        """
        found = {found.file for found in self._found()}
        files = {self.display(file): file for file in found | self._importer.loaded_files()}
        if not files:
            return None
        digest = hashlib.sha256()
        for shown, file in sorted(files.items()):
            content = file.read_bytes() if file.is_file() else b""
            digest.update(f"{shown}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:16]

    def display(self, path: Path | str) -> str:
        """Return `path` as it may be printed and recorded."""
        return display_path(path, self.location.root)

    def _found(self) -> list[Found]:
        return [answer for answer in self._answers.values() if isinstance(answer, Found)]

    def _search(self, name: str) -> Found | Missing:
        layout = layout_of(name)
        value = None if self._in_place is None else vars(self._in_place).get(name)
        if self._in_place is not None and value is not None:
            if is_stub(value):
                return still_to_be_written(name, layout)
            own = self._in_place.__name__
            return Found(name, value, own, self._defining_file(value, self._in_place))
        # The home of another course module may bring a stand-in of the name: never the student's.
        elsewhere = {path for module in COURSE_MODULES for path in module.paths}
        shipped: Path | None = None
        for dotted in self._homes(name, layout, elsewhere):
            found = self._look_in(dotted, name)
            if found is not None and is_shipped(self.location.folder, found.file):
                shipped = found.file
            elif found is not None:
                # What else has the name beside the student's stub is not the student's.
                return still_to_be_written(name, layout) if is_stub(found.value) else found
        for dotted in layout.paths:
            if dotted in self._importer.unwritten:
                return self._importer.unwritten[dotted].again()
            if dotted in self._importer.faults:
                fault = self._importer.faults[dotted]
                reason = f"{layout}: {name} cannot be imported: {fault}"
                fails = dotted not in self._importer.waiting
                return Missing(name, layout.number, reason, fails=fails)
        exported = self.exported(layout) is not None
        step = None if exported else unexported(self.location.root, layout)
        reason = f"{layout}: {name} not found" + ("" if step is None else f"; {step}")
        if shipped is not None:
            reason += f"; that of {self.display(shipped)} comes with the course"
        return Missing(name, layout.number, reason)

    def _homes(self, name: str, layout: CourseModule, elsewhere: set[str]) -> Iterator[str]:
        """Yield the modules that may bring `name`, the likeliest first."""
        yield from layout.paths
        yield PACKAGE
        for dotted in modules_defining(self.location.folder, name):
            file = self.location.folder.joinpath(*dotted.split(".")[1:])
            if dotted not in elsewhere and not is_shipped(self.location.folder, file):
                yield dotted

    def _look_in(self, dotted: str, name: str) -> Found | None:
        found = self._look_for(name, dotted)
        for former in FORMER_NAMES.get(name, ()) if found is None else ():
            older = self._look_for(former, dotted)
            if older is not None:
                return replace(older, name=name)
        return found

    def _look_for(self, name: str, dotted: str) -> Found | None:
        module = self._importer.load(dotted)
        try:
            value = getattr(module, name, None)
        except Exception:  # the module's own __getattr__
            value = None
        # A package may set a name it could not import to None.
        if module is None or value is None or inspect.ismodule(value):
            return None
        return Found(name, value, dotted, self._defining_file(value, module))

    def _defining_file(self, value: object, module: ModuleType) -> Path:
        try:
            file = inspect.getsourcefile(inspect.unwrap(value))  # type: ignore[arg-type]
        except Exception:  # compiled, no class or function, or an object that resists
            file = None
        return Path(file or module.__file__ or self.location.folder)
