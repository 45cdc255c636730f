"""JSON from elsewhere: files of people and of other programs, answers of servers."""

from __future__ import annotations

import codecs
import errno
import json
import os
import stat
from typing import TYPE_CHECKING, Any

import msgspec

from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "NOT_JSON",
    "OPEN_TO_READ",
    "NotJson",
    "decode_foreign_json",
    "read_file",
    "read_regular",
    "without_bom",
]

OPEN_TO_READ = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # without waiting for who would write into a pipe
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
"""Flags of a file that may be anything."""

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a msgspec decoder raises on bytes from elsewhere."""

_BOM = codecs.BOM_UTF8
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_file(path: Path, limit: int) -> bytes:
    """Return the first `limit` bytes of a regular file. Raises OSError, also for any other kind."""
    return read_regular(os.open(path, OPEN_TO_READ), limit)


def read_regular(descriptor: int, limit: int) -> bytes:
    """Return the first `limit` bytes of what is open, and close it.

    Raises OSError for whatever is no regular file: a folder, a pipe, a device without end.
    """
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # A read with a limit takes that much memory first.
            return file.read() if found.st_size < limit else file.read(limit)
    finally:
        os.close(descriptor)


class NotJson(ValueError):
    """The bytes are no JSON document; the message is a few harmless words for people."""


def without_bom(data: bytes) -> bytes:
    """Return `data` without the mark that Windows editors put before UTF-8."""
    return data.removeprefix(_BOM)


def decode_foreign_json(data: bytes, *, unique_keys: bool = True) -> Any:
    """Return the value of a JSON document in UTF-8, with or without a byte order mark.

    With `unique_keys` a key that occurs twice in an object is an error, at the price of
    parsing twice. Raises `NotJson`.
    """
    if data.startswith(_UTF16):
        raise NotJson("it is UTF-16, not UTF-8")
    data = without_bom(data)
    try:
        found = msgspec.json.decode(data)
        if unique_keys:
            json.loads(data, object_pairs_hook=_unique)
    except RecursionError as error:
        raise NotJson("it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise NotJson("it is not UTF-8") from error
    except ValueError as error:  # msgspec's, a key given twice, integers of thousands of digits
        raise NotJson(_constant_in(data) or safe_text(str(error))) from error
    return found


def _constant_in(data: bytes) -> str | None:
    """Return what to say of the NaN or infinity in a document that is otherwise JSON, if any.

    Other programs write them, and msgspec says only where.
    """
    found: list[str] = []
    try:
        json.loads(data, parse_constant=found.append)
    except (ValueError, RecursionError):
        return None
    return f"{found[0]} is not a number of JSON" if found else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return found
