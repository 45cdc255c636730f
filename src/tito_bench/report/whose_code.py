"""What is said of whose code was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from tito_bench.report.wording import explain

if TYPE_CHECKING:
    from tito_bench.subjects.code_origin import CodeOrigin

__all__ = ["SOLUTION_OUTCOME", "is_course", "whose_lines"]

SOLUTION_OUTCOME = "This is the course's own solution, and it works; your own code is not measured."
_MOST_NAMES = 4


def is_course(origin: CodeOrigin | None) -> bool:
    """Say whether all that was judged is the same as the course's solutions."""
    return origin is not None and origin.whose == "course"


def whose_lines(origin: CodeOrigin | None) -> Iterator[str]:
    """Yield whose code it was, in one line, and what else is to be known of it, a line each."""
    if origin is None:
        return
    yield f"Whose code: {_whose(origin)}."
    if origin.shipped:
        yield f"It uses what the course ships, which counts for nobody: {_listed(origin.shipped)}."
    for note in origin.changed:
        yield explain(note)


def _whose(origin: CodeOrigin) -> str:
    known = f"the course to {origin.known_version}, {_day(origin.known_to)}"
    same, own = _listed(origin.same), _listed(origin.own)
    match origin.whose:
        case "course":
            return f"the course's own solution; the same are {same}"
        case "yours":
            return f"yours; no function is the same as a known solution ({known})"
        case "mixed":
            return f"yours are {own}; the same as the course's solution are {same}"
    if not origin.own:
        return "its functions are too short to tell yours from the course's"
    start = f"the same as the course's solution are {same}; " if same else ""
    return f"{start}of {own} it cannot be told, the package is newer than {known}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _day(iso: str) -> str:
    try:
        day = date.fromisoformat(iso)
    except ValueError:  # of a record that was edited
        return iso
    return f"{day.day} {day:%B} {day.year}"
