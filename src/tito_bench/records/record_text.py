"""The text of a record's file: indented JSON, every column of samples on one line."""

from __future__ import annotations

import re
from typing import Any

import msgspec

__all__ = ["record_bytes"]

# A string holds no line feed, so that brackets around one are never within a string.
_SCALARS = re.compile(rb'\[\n\s+([^"\[\]{}]+?)\n\s+\]')
_BETWEEN = re.compile(rb"\s+")


def record_bytes(record: Any) -> bytes:
    """UTF-8 JSON of a record (anything msgspec can encode): the same bytes for the same record.

    A number on a line of its own would make the file twice as long, and
    reading thousands of them three times as slow.
    """
    indented = msgspec.json.format(msgspec.json.encode(record), indent=2)
    return _SCALARS.sub(_on_one_line, indented) + b"\n"


def _on_one_line(column: re.Match[bytes]) -> bytes:
    return b"[" + _BETWEEN.sub(b" ", column[1]) + b"]"
