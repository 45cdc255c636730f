"""What the student's package does not have yet, and what fails in it."""

from __future__ import annotations

from tito_bench.errors import SubjectError

__all__ = ["MEASURING_NUMPY", "NOTHING_THERE", "IncorrectResult", "Missing", "StudentCodeError"]

MEASURING_NUMPY = "measuring numpy: "
"""Begins the note of a record of NumPy; the reason follows."""
NOTHING_THERE = "no TinyTorch package: "
"""Begins the reason where there is nothing of a package, not even a notebook of one."""


class Missing(SubjectError):
    """A name that cannot be had; `str(missing)` is the line shown and recorded.

    A partial package is the normal case: `locate_package` and `Package.find`
    return it as a value, only `Package.require` raises it.
    """

    def __init__(
        self,
        name: str,
        module_number: int | None,
        reason: str,
        *,
        fails: bool = False,
        unwritten: bool = False,
    ) -> None:
        """Say why `name`, which course module `module_number` brings, cannot be had.

        `reason` is a whole line, e.g. "module 03 layers: Linear not found". Its file
        `fails` where it is there and cannot be imported: no gap, but an error. It is
        `unwritten` where it is there as a stub.
        """
        super().__init__(reason)
        self.name = name
        self.module_number = module_number
        self.reason = reason
        self.fails = fails
        self.unwritten = unwritten

    def again(self) -> Missing:
        """Return a new one to raise: a raised exception keeps its frames alive."""
        return Missing(
            self.name,
            self.module_number,
            self.reason,
            fails=self.fails,
            unwritten=self.unwritten,
        )


class StudentCodeError(SubjectError):
    """The student's code raised, or handed back what cannot be measured."""

    def __init__(self, message: str, *, about: type | None = None) -> None:
        """Say what is wrong; where the student's class `about` shows it, its file is named too."""
        super().__init__(message)
        self.about = about


class IncorrectResult(SubjectError):
    """What the student's code computed is wrong; the message says how."""
