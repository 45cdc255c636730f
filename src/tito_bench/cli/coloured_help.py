"""Help of argparse in colour, for terminals that show it."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["coloured"]

_BOLD, _FLAG, _PLAIN = "\x1b[1m", "\x1b[36m", "\x1b[0m"  # legible on light and dark backgrounds
_USAGE = re.compile(r"\Ausage: (?P<prog>[^\n]*?)(?= +[\[{(]| [A-Z]|\n|\Z)")
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
_COMMAND = re.compile(r"^    (?P<name>[a-z][a-z-]*)(?=  |\n)", re.MULTILINE)


def coloured(text: str, headings: Iterable[str]) -> str:
    """Return the help `text` with its headings bold, and its flags and commands in colour.

    Colour is put into text that is formatted already, so that it can change neither a word nor
    the place of one. `headings` are the titles of the parser's groups.
    """
    text = _OPTION.sub(rf"{_FLAG}\g<0>{_PLAIN}", text)
    text = _COMMAND.sub(rf"    {_FLAG}\g<name>{_PLAIN}", text)
    for heading in headings:
        text = text.replace(f"\n{heading}:\n", f"\n{_BOLD}{heading}:{_PLAIN}\n", 1)
    return _USAGE.sub(rf"{_BOLD}usage:{_PLAIN} {_BOLD}\g<prog>{_PLAIN}", text)
