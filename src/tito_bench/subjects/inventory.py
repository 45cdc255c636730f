"""What of the course a student's package has, module by module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tito_bench.subjects.course_modules import COURSE_MODULES
from tito_bench.subjects.missing import Missing
from tito_bench.subjects.package import Found

if TYPE_CHECKING:
    from tito_bench.subjects.package import Package

__all__ = ["ModuleInventory", "take_inventory"]


@dataclass(frozen=True, slots=True)
class ModuleInventory:
    """One course module in the student's package.

    `files` maps each name found to the display path of the file that defines
    it; `missing` maps the others to the reason, a whole line each, and `unwritten`
    are those of them that are stubs. `file` is the display path of what the module was
    exported to, None where it is at none of its places and brings no name.
    """

    number: int
    title: str
    files: dict[str, str]
    missing: dict[str, str]
    file: str | None
    unwritten: tuple[str, ...]


def take_inventory(package: Package) -> tuple[ModuleInventory, ...]:
    """Look for every name of the course; imports the whole package (worker only).

    Raises:
        SubjectError: another `tinytorch` was imported in place of this one.
    """
    taken = []
    for module in COURSE_MODULES:
        answers = {name: package.find(name) for name in module.names}
        files = {
            name: package.display(answer.file)
            for name, answer in answers.items()
            if isinstance(answer, Found)
        }
        absent = {name: found for name, found in answers.items() if isinstance(found, Missing)}
        missing = {name: str(answer) for name, answer in absent.items()}
        unwritten = tuple(name for name, answer in absent.items() if answer.unwritten)
        exported = package.exported(module)
        file = next(iter(files.values()), None) if exported is None else package.display(exported)
        taken.append(ModuleInventory(module.number, module.title, files, missing, file, unwritten))
    return tuple(taken)
