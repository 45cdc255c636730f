"""Paths and messages of student code as they may be shown and recorded.

A record is meant to be shared, so nothing here lets the home folder, and with
it the user's name, into one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["display_path", "hide_folders", "one_line"]

_INSTALLED = ("site-packages", "dist-packages")
_LONGEST_LINE = 240


def display_path(path: Path | str, root: Path) -> str:
    """Return `path` as it may be recorded, with forward slashes.

    Inside `root` it is relative to it; inside an installation it starts at
    `site-packages/`; in the home folder it starts with `~/`; anywhere else only
    its last three parts are kept, after `.../`. Bytes that are no UTF-8, which a path
    carries as lone surrogates, are written as escapes.
    """
    return _shortened(path, root).encode("utf-8", "backslashreplace").decode()


def _shortened(path: Path | str, root: Path) -> str:
    resolved = _resolved(Path(path))
    root = _resolved(root)
    if resolved.is_relative_to(root):
        return resolved.relative_to(root).as_posix()
    # Not the path as asked: the name of a linked folder may be a person's too.
    parts = resolved.parts
    for index in range(len(parts) - 1, 0, -1):
        if parts[index] in _INSTALLED:
            return "/".join(parts[index:])
    home = _home()
    if home is not None and resolved.is_relative_to(home):
        return "/".join(("~", *resolved.relative_to(home).parts))
    return "/".join(("...", *parts[1:][-3:]))


def hide_folders(text: str, root: Path) -> str:
    """Take the project's and the home folder out of a message of student code."""
    for folder, stand_in in ((_resolved(root), "."), (_home(), "~")):
        # A root of "/" would turn every slash of the message into a dot.
        if folder is not None and folder != Path(folder.anchor):
            text = text.replace(str(folder), stand_in)
    return text


def one_line(text: str) -> str:
    """Return `text` as one printable line of at most 240 characters."""
    line = re.sub(r"\s+", " ", text).strip()
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 3] + "..."


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a loop of links
        return Path(os.path.abspath(path))  # noqa: PTH100 - Path has no lexical form of it


def _home() -> Path | None:
    try:
        return _resolved(Path.home())
    except RuntimeError:  # no home folder is known
        return None
