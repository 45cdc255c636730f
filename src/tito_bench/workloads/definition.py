"""What makes one operation the same as another: a hash over its definition."""

from __future__ import annotations

import hashlib
from dataclasses import fields

import msgspec

from tito_bench.workloads.operation import Operation

__all__ = ["definition_hash"]

# The version answers for the definition; whether an operation counts is the suite's affair,
# and a single run of the capstone may decide it anew.
_NOT_DEFINING = frozenset({"version", "scored"})


def definition_hash(operation: Operation) -> str:
    """Return 12 hex digits that change when a field of the operation's definition changes.

    A field at its default is left out, so that a new field with a default
    leaves the hashes of old operations as they are. What a `kind` computes is
    code, which no hash sees: whoever changes that raises the version all the same.
    """
    defining = {
        field.name: getattr(operation, field.name)
        for field in fields(operation)
        if field.name not in _NOT_DEFINING and getattr(operation, field.name) != field.default
    }
    return hashlib.sha256(msgspec.json.encode(defining, order="sorted")).hexdigest()[:12]
