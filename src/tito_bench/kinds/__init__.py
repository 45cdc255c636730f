"""The kinds of operations: one file and one object each, with all that is known of it.

Every module here that has `KINDS` is found by itself, so that a new kind is one new file.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tito_bench.kinds.base import Kind
from tito_bench.workloads.operation import Operation

__all__ = ["KINDS", "Kind", "kind_of"]

_MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
KINDS: dict[str, Kind] = {
    kind.name: kind for module in _MODULES for kind in getattr(module, "KINDS", ())
}
"""Every kind by its name."""


def kind_of(operation: Operation) -> Kind:
    """Return the kind of an operation. Raises KeyError on one that there is not."""
    return KINDS[operation.kind]
