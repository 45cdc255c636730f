"""Tables whose cells are made once, for every form of output.

A terminal, CSV, Markdown and HTML take the same cells, so that a number
cannot differ between them; JSON has the values that the cells are made of.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Column", "cells", "csv_text", "markdown_table"]

R = TypeVar("R")

# Some spreadsheets take the full-width forms for the same.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column: its name in CSV, its title for people, and what a row has in it.

    `foreign` cells hold text from files: harmless on a terminal already, but
    not yet in a spreadsheet or in Markdown.
    """

    key: str
    title: str
    cell: Callable[[R], str]
    right: bool = False
    foreign: bool = False


def cells(columns: Sequence[Column[R]], rows: Sequence[R]) -> list[list[str]]:
    """Return the text of every cell, row by row."""
    return [[column.cell(row) for column in columns] for row in rows]


def csv_text(columns: Sequence[Column[R]], rows: Sequence[R], *, head: bool = True) -> str:
    """Return CSV (RFC 4180 but for the plain line feed), the keys of the columns first.

    Foreign text that a spreadsheet would take for a formula gets an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if head:
        writer.writerow(column.key for column in columns)
    for row in cells(columns, rows):
        writer.writerow(map(_csv_cell, columns, row))
    return out.getvalue()


def markdown_table(columns: Sequence[Column[R]], rows: Sequence[R]) -> str:
    """Return a table of GitHub Flavored Markdown.

    Foreign text becomes code, in which neither markup nor a mention is read.
    """
    lines = [
        [column.title for column in columns],
        ["---:" if column.right else "---" for column in columns],
        *([*map(_markdown_cell, columns, row)] for row in cells(columns, rows)),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _csv_cell(column: Column[R], text: str) -> str:
    return f"'{text}" if column.foreign and text.startswith(_FORMULA) else text


def _markdown_cell(column: Column[R], text: str) -> str:
    return markdown_code(text) if column.foreign else text


def markdown_code(text: str) -> str:
    """Return foreign text as a span of code, also within a table; nothing stays nothing."""
    return text and f"`{text.replace('`', chr(39)).replace('|', chr(92) + '|')}`"
