"""Lines for people: in columns, or broken between words and hung under their head."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Line", "aligned", "hung", "print_line", "wrapped"]

_GAP = "  "


@dataclass(frozen=True)
class Line:
    """A line with its first part set apart: what is wrapped is indented to the end of it."""

    head: str
    text: str
    style: str = ""


def aligned(table: Sequence[Sequence[str]], right: Collection[int]) -> list[str]:
    """Return a table's rows in columns as wide as needed, those numbered `right` flush right."""
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        padded = []
        for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blanks = " " * (width - cell_len(cell))
            padded.append(blanks + cell if index in right else cell + blanks)
        lines.append(_GAP.join(padded).rstrip())
    return lines


def wrapped(text: str, width: int) -> Iterator[str]:
    """Yield the text in lines of at most `width` cells.

    A word that is longer, such as a path, stays whole, so that it can be copied.
    """
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > width:
            yield line
            line = word
        else:
            line = longer
    yield line


def hung(head: str, text: str, width: int) -> Iterator[str]:
    """Yield the text after its head, what is wrapped indented to the end of it."""
    hang = cell_len(head)
    for part in wrapped(text, width - hang):
        yield head + part
        head = " " * hang


def print_line(console: Console, line: Line) -> None:
    """Print a line of harmless text, wrapped to the width of the terminal."""
    from rich.text import Text

    for part in hung(line.head, line.text, console.width):
        console.print(Text(part, line.style), soft_wrap=True)
