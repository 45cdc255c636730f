"""Code that came as text, from a notebook, and is in no file."""

from __future__ import annotations

import linecache
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.student_code import student_code

if TYPE_CHECKING:
    from tito_bench.subjects.discovery import PackageLocation

__all__ = ["SHOWN_AS", "load_sent_code"]

SHOWN_AS = "your code"
"""The file that faults and lines of it name."""


def load_sent_code(name: str, text: str, location: PackageLocation) -> ModuleType:
    """Return the module that `text` is, after running it. Call it in the worker only.

    Raises
    ------
    StudentCodeError
        It fails, or does not define `name`.
    """
    # Below the project, so that its lines are told from those of libraries; nothing is there.
    file = str(location.root / SHOWN_AS)
    # Tracebacks, inspect and the search for stubs read the source from here.
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = ModuleType("notebook_code")
    module.__file__ = file
    sys.modules[module.__name__] = module  # dataclasses look their module up
    with student_code(location):
        exec(compile(text, file, "exec"), vars(module))  # noqa: S102 - the student's own
    if name not in vars(module):
        raise StudentCodeError(f"{SHOWN_AS} does not define {name}")
    return module
