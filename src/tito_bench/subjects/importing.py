"""Imports modules of one located package, and survives whatever they do.

Runs inside the measuring worker: it changes `sys.meta_path`, `sys.path` and
`sys.modules`, and `close` puts them back.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from tito_bench.errors import SubjectError, TitoBenchError
from tito_bench.subjects.redaction import display_path
from tito_bench.subjects.stubs import unwritten_in
from tito_bench.subjects.student_errors import describe_fault, is_inside, is_our_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tito_bench.subjects.discovery import PackageLocation
    from tito_bench.subjects.missing import Missing

__all__ = ["PACKAGE", "PackageImporter"]

PACKAGE = "tinytorch"


class PackageImporter:
    """Imports `tinytorch.*` from one folder and from nowhere else."""

    def __init__(self, location: PackageLocation) -> None:
        """Prepare for the package at `location`; nothing is imported yet."""
        self._folder = location.folder.resolve()
        self._root = location.root
        self._finder = _OneFolderFinder(self._folder)
        self._alias = _alias_of(self._folder)
        self._write_bytecode: bool | None = None
        self._added_path: str | None = None
        self._stubs: set[str] = set()
        self.faults: dict[str, str] = {}
        self.waiting: set[str] = set()
        """Those in `faults` that only wait for what is not there, or not written, yet."""
        self.unwritten: dict[str, Missing] = {}
        """Those that call a stub while they are imported, and which one."""

    def load(self, dotted: str) -> ModuleType | None:
        """Import one module of the package.

        Returns None if it does not exist or cannot be imported; in the latter
        case `faults[dotted]` is one line with file and line number. A package
        whose `__init__.py` fails is replaced by an empty one, so that its other
        modules can still be had.

        Raises:
            SubjectError: another `tinytorch` came in its place.
        """
        self._open()
        for parent in _parents(dotted):
            if self._import(parent) is None and parent in self.faults:
                self._put_stub(parent)
        module = self._import(dotted)
        if module is None and dotted == PACKAGE and dotted in self.faults:
            self._put_stub(dotted)
        return module

    def loaded_files(self) -> set[Path]:
        """Return the files of all modules of the package that are imported by now."""
        if self._write_bytecode is None:  # what is there is another's
            return set()
        modules = [sys.modules[name] for name in list(sys.modules) if _is_of(PACKAGE, name)]
        files = [getattr(module, "__file__", None) for module in modules]
        return {Path(file) for file in files if isinstance(file, str)}

    def close(self) -> None:
        """Undo every change of the interpreter's import state."""
        if self._write_bytecode is None:
            return
        sys.dont_write_bytecode = self._write_bytecode
        self._write_bytecode = None
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        if self._alias is not None and self._alias in sys.meta_path:
            sys.meta_path.remove(self._alias)
            _forget(self._alias.name)
        if self._added_path in sys.path:
            sys.path.remove(self._added_path)
        _forget_package()

    def _open(self) -> None:
        if self._write_bytecode is not None:
            return
        _forget_package()
        # We promise not to write into the student's tree: no __pycache__.
        self._write_bytecode = sys.dont_write_bytecode
        sys.dont_write_bytecode = True
        # First of all finders: an installed tinytorch, or the finder of an
        # editable installation, must not win.
        sys.meta_path.insert(0, self._finder)
        if self._alias is not None:
            sys.meta_path.insert(0, self._alias)
        # Last of all paths: a student's random.py must not shadow Python's.
        parent = str(self._folder.parent)
        if parent not in sys.path:
            self._added_path = parent
            sys.path.append(parent)

    def _import(self, dotted: str) -> ModuleType | None:
        if dotted in self.faults:
            return None
        try:
            module = importlib.import_module(dotted)
        except BaseException as error:  # noqa: BLE001,RUF100 - student code may even exit
            if isinstance(error, TitoBenchError) and is_our_own(error):
                raise
            if not _is_absent(error, dotted):
                file = self._path_of(dotted).with_suffix(".py")
                imported = file if file.is_file() else None
                self.faults[dotted] = describe_fault(error, self._folder, self._root, imported)
                stub = unwritten_in(error, self._folder)
                if stub is not None:
                    self.unwritten[dotted] = stub
                if stub is not None or self._waits(error):
                    self.waiting.add(dotted)
            return None
        self._check_origin(module)
        return module

    def _waits(self, error: BaseException) -> bool:
        """Say whether `error` names a module of the package that is not there, or waits itself."""
        if not isinstance(error, ModuleNotFoundError) or error.name is None:
            return False
        return error.name.partition(".")[0] == PACKAGE

    def _path_of(self, dotted: str) -> Path:
        return self._folder.joinpath(*dotted.split(".")[1:])

    def _check_origin(self, module: ModuleType) -> None:
        """Refuse a module that does not lie within the located folder."""
        places = [module.__file__] if getattr(module, "__file__", None) else _search_path(module)
        for place in places:
            if place is None or not is_inside(place, (self._folder,)):
                shown = "an unknown place" if place is None else display_path(place, self._root)
                raise SubjectError(
                    f"{module.__name__} was imported from {shown}, "
                    f"not from {display_path(self._folder, self._root)}"
                )

    def _put_stub(self, dotted: str) -> None:
        """Stand in for a package whose `__init__.py` fails, keeping its submodules."""
        if dotted in self._stubs:
            return
        stub = ModuleType(dotted, "Stands in for a package that cannot be imported.")
        stub.__path__ = [str(self._path_of(dotted))]
        stub.__package__ = dotted
        stub.__spec__ = ModuleSpec(dotted, None, is_package=True)
        stub.__spec__.submodule_search_locations = stub.__path__
        # What was imported before the failure stays importable by attribute too.
        for name, child in list(sys.modules.items()):
            if name.rpartition(".")[0] == dotted:
                setattr(stub, name.rpartition(".")[2], child)
        sys.modules[dotted] = stub
        parent, _, leaf = dotted.rpartition(".")
        if parent in sys.modules:
            setattr(sys.modules[parent], leaf, stub)
        self._stubs.add(dotted)


class _OneFolderFinder:
    """A meta-path finder that knows one package: `tinytorch` in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of the package; submodules follow from its `__path__`."""
        del path, target
        if fullname != PACKAGE:
            return None
        locations = [str(self._folder)]
        init = self._folder / "__init__.py"
        if init.is_file():
            return spec_from_file_location(PACKAGE, init, submodule_search_locations=locations)
        spec = ModuleSpec(PACKAGE, None, is_package=True)
        spec.submodule_search_locations = locations
        return spec


class _OwnNameFinder(Loader):
    """Answers the package's own name, where that is not `tinytorch`, with the same modules.

    Its files may import each other by that name: a second copy of Tensor would be no Tensor
    to the first.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec whose loading gives the module of the package."""
        del path, target
        top, dot, rest = fullname.partition(".")
        if top != self.name:
            return None
        try:
            found = importlib.util.find_spec(f"{PACKAGE}{dot}{rest}")
        except ModuleNotFoundError:
            return None
        return None if found is None else ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python: what it makes is replaced at once."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the module of the package in its place."""
        own = module.__name__
        sys.modules[own] = importlib.import_module(PACKAGE + own[len(self.name) :])


def _parents(dotted: str) -> list[str]:
    parts = dotted.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _is_absent(error: BaseException, dotted: str) -> bool:
    """Say whether the module itself, or a folder on the way to it, is not there."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return False
    return dotted == error.name or dotted.startswith(error.name + ".")


def _search_path(module: ModuleType) -> list[str | None]:
    return list(getattr(module, "__path__", ())) or [None]


def _alias_of(folder: Path) -> _OwnNameFinder | None:
    """Return the finder for the name that the folder itself has, where that name is free."""
    name = folder.name
    if name == PACKAGE or not name.isidentifier() or name in sys.stdlib_module_names:
        return None
    return None if name in sys.modules else _OwnNameFinder(name)


def _forget_package() -> None:
    _forget(PACKAGE)


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if _is_of(package, name)]:
        del sys.modules[name]


def _is_of(package: str, name: str) -> bool:
    return name.partition(".")[0] == package
