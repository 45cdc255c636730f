"""From bytes to typed values and back: schema numbers, migrations, unknown fields.

Every JSON file has an integer `schema`; a file without one is version 0 (the
shapes from before tito-bench). A migration is a pure function from one
version's object to the next one's. Fields that the model does not know are
carried along, so that an older tito-bench never drops what a newer one wrote
within the same schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from tito_bench.errors import NewerSchema
from tito_bench.foreign_json import NotJson, decode_foreign_json
from tito_bench.safe_text import safe_text

__all__ = [
    "Document",
    "DocumentKind",
    "Migration",
    "Unreadable",
    "decode",
    "encode",
    "record_bytes",
]

S = TypeVar("S", bound=msgspec.Struct)

# A string holds no line feed, so that brackets around one are never within a string.
_SCALARS = re.compile(rb'\[\n\s+([^"\[\]{}]+?)\n\s+\]')
_BETWEEN = re.compile(rb"\s+")

Migration = Callable[[dict[str, Any]], dict[str, Any]]


class Unreadable(ValueError):
    """The bytes are not a document of this kind; the text says why."""


@dataclass(frozen=True)
class DocumentKind(Generic[S]):
    """What a kind of file is called, its model, its version and how it got there.

    `migrations[n]` turns an object of version n into one of version n + 1.
    """

    name: str
    model: type[S]
    schema: int
    migrations: Mapping[int, Migration] = field(default_factory=dict)


@dataclass(frozen=True)
class Document(Generic[S]):
    """A typed value with the JSON object that it came from (migrated)."""

    value: S
    stored: Mapping[str, Any]


def decode(kind: DocumentKind[S], data: bytes, where: str) -> Document[S]:
    """Read the bytes of a file of this kind; `where` names the file in messages.

    Raises `NewerSchema` for a version from the future and `Unreadable` for
    anything else that is not such a document.
    """
    stored = _parse(data)
    version = _version(stored)
    if version > kind.schema:
        raise NewerSchema(
            f"{where} was written by a newer tito-bench (schema {_short(version)}, this one "
            f"knows {kind.schema}); it was left untouched: upgrade tito-bench"
        )
    for step in range(version, kind.schema):
        if step not in kind.migrations:
            raise Unreadable(f"schema {step} of a {kind.name} is not known")
        stored = kind.migrations[step](stored)
        stored["schema"] = step + 1
    try:
        return Document(msgspec.convert(stored, kind.model), stored)
    except msgspec.ValidationError as error:
        raise Unreadable(safe_text(str(error))) from error


def encode(kind: DocumentKind[S], value: S, stored: Mapping[str, Any] | None = None) -> bytes:
    """Return the bytes to write: indented UTF-8 JSON, `schema` first, what the model
    does not know of `stored` kept."""
    merged = {"schema": kind.schema} | _merge(value, stored or {}) | {"schema": kind.schema}
    return msgspec.json.format(msgspec.json.encode(merged), indent=2) + b"\n"


def record_bytes(record: Any) -> bytes:
    """Return the UTF-8 JSON of a record (anything msgspec can encode), indented.

    Every column of samples is on one line: a number on a line of its own would make the file
    twice as long, and reading thousands of them three times as slow.
    """
    indented = msgspec.json.format(msgspec.json.encode(record), indent=2)
    return _SCALARS.sub(_on_one_line, indented) + b"\n"


def _on_one_line(column: re.Match[bytes]) -> bytes:
    return b"[" + _BETWEEN.sub(b" ", column[1]) + b"]"


def _parse(data: bytes) -> dict[str, Any]:
    try:
        stored = decode_foreign_json(data)
    except NotJson as error:
        raise Unreadable(str(error)) from error
    if not isinstance(stored, dict):
        raise Unreadable("it is not a JSON object")
    return stored


def _version(stored: Mapping[str, Any]) -> int:
    version = stored.get("schema", 0)
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        raise Unreadable("schema is not a whole number")
    return version


def _short(version: int) -> str:
    return str(version) if version < 10**9 else "very large"


def _merge(value: msgspec.Struct, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's fields in the model's order, then the unknown ones."""
    merged: dict[str, Any] = {}
    encoded_names = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
    for attribute, name in encoded_names:
        item = getattr(value, attribute)
        inner = stored.get(name)
        if isinstance(item, msgspec.Struct):
            merged[name] = _merge(item, inner if isinstance(inner, Mapping) else {})
        else:
            merged[name] = msgspec.to_builtins(item)
    return merged | {name: item for name, item in stored.items() if name not in merged}
