"""Says of what was measured whose code it was."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs

from tito_bench.measure.messages import Loaded
from tito_bench.subjects.code_origin import find_origin

__all__ = ["with_origin"]


def with_origin(loaded: Loaded, root: Path, package: Path | None) -> Loaded:
    """Return what was measured with the origin of its files; `package` is the one asked for.

    It is found out here, not in the worker: the student's code has run there.
    """
    if loaded.name != "tinytorch":
        return structs.replace(loaded, origin=None)
    used = set(loaded.files.values())
    return structs.replace(loaded, origin=find_origin(root, package, used, loaded.version))
