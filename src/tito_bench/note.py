"""One remark, as data: a reason of a verdict, what disturbs measuring, what the doctor found.

The words and remedies are in `report.wording`, by code.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

__all__ = ["Note", "Severity"]

Severity = Literal["info", "warning", "breaks"]
"""`info` explains a figure, `warning` may move one, `breaks` leaves none."""


class Note(Struct, frozen=True):
    """One fact: `what` names the part concerned, `value` the figure; both for a sentence.

    `severity` is unset, and in no file, for a reason of a verdict: its status says it.
    """

    code: str
    severity: Severity | UnsetType = UNSET
    what: str = ""
    value: str = ""
