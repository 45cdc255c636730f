"""One line for anything that student code can raise."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from tito_bench.subjects.redaction import display_path, hide_folders, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["describe_fault", "is_active_environment", "is_inside", "is_our_own"]

_LONGEST_MESSAGE = 4096
_OTHER_ENVIRONMENT = "another environment is active than the one that tito-bench runs in"


def is_inside(file: str | Path, folders: Sequence[Path]) -> bool:
    """Say whether `file`, links followed, lies in one of the `folders`."""
    try:
        resolved = Path(file).resolve()
    except (OSError, RuntimeError, ValueError):
        return False
    return any(resolved.is_relative_to(folder.resolve()) for folder in folders)


def describe_fault(
    error: BaseException, package: Path, root: Path, imported: Path | None = None
) -> str:
    """Return "file:line: Type: message" for what student code raised.

    The place is the deepest frame inside `package`, else the deepest inside
    `root`, else the file that was being `imported`; a SyntaxError names the
    place it found itself. Paths are display paths relative to `root`.
    """
    place = _place(error, package, root)
    if place is None and imported is not None:
        place = display_path(imported, root)
    fault = hide_folders(_explanation(error, package, root)[:_LONGEST_MESSAGE], root)
    return one_line(f"{place}: {fault}" if place else fault)


def is_our_own(error: BaseException) -> bool:
    """Say whether `error` was raised by this program, and not by student code that imports it.

    Every frame that it came through must then be one of our own modules (or
    of contextlib, which runs our context managers).
    """
    own = {id(vars(contextlib))} | {
        id(vars(module))
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "tito_bench"
    }
    return all(id(frame.f_globals) in own for frame, _ in traceback.walk_tb(error.__traceback__))


def _explanation(error: BaseException, package: Path, root: Path) -> str:
    name = type(error).__name__
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing_module(error.name, package, root)
    if isinstance(error, SystemExit):
        return f"the code called exit({'' if error.code is None else repr(error.code)})"
    try:
        message = (error.msg if isinstance(error, SyntaxError) else str(error)) or ""
    except BaseException:  # noqa: BLE001,RUF100 - student code may define __str__
        message = "(its message cannot be printed)"
    return f"{name}: {message}" if message else name


def _missing_module(name: str, package: Path, root: Path) -> str:
    top = name.partition(".")[0]
    if top == "tinytorch":
        return f"needs {name}, which is not exported yet"
    own = _own_file(top, package, root)
    if own is not None:
        return f"needs {name}, but {display_path(own, root)} is not imported by that name"
    active = "" if is_active_environment(os.environ) else f" ({_OTHER_ENVIRONMENT})"
    return f"needs {name}, which is not installed: install it where tito-bench is installed{active}"


def _own_file(name: str, package: Path, root: Path) -> Path | None:
    """Return the student's own file of that name, where there is one: nothing to install."""
    for folder, pattern in ((package, f"**/{name}.py"), (root, f"modules/*/{name}.py")):
        found = next(iter(sorted(folder.glob(pattern))), None)
        if found is not None:
            return found
    return None


def is_active_environment(environ: Mapping[str, str]) -> bool:
    """Say whether this Python is that of the environment that is active, if one is.

    Virtual environments and conda both say so in a variable, which other programs inherit.
    """
    active = environ.get("VIRTUAL_ENV") or environ.get("CONDA_PREFIX")
    if not active:
        return True
    return os.path.realpath(active) in map(os.path.realpath, (sys.prefix, sys.exec_prefix))


def _place(error: BaseException, package: Path, root: Path) -> str | None:
    if isinstance(error, SyntaxError):
        file = error.filename or "<string>"  # what exec() and eval() compile has no file
        if error.lineno and not file.startswith("<") and "\0" not in file:
            return f"{display_path(file, root)}:{error.lineno}"
    frames = [
        (frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    for folder in (package, root):
        for file, line in reversed(frames):
            if not file.startswith("<") and is_inside(file, (folder,)):
                return f"{display_path(file, root)}:{line}"
    return None
