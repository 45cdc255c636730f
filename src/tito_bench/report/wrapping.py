"""Lines for people: broken between words, hung under their head, never wider than asked."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

__all__ = ["hung", "wrapped"]


def wrapped(text: str, width: int) -> Iterator[str]:
    """The text in lines of at most `width` cells.

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
    """The text after its head, what is wrapped indented to the end of it."""
    hang = cell_len(head)
    for part in wrapped(text, width - hang):
        yield head + part
        head = " " * hang
