"""Whether the files of tito-bench are as they were installed, by the hashes in RECORD."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from tito_bench.note import Note

if TYPE_CHECKING:
    from importlib.metadata import PackagePath

__all__ = ["find_edited"]

_PACKAGE = "tito_bench"
_SHOWN = ("__main__.py", "cli", "community", "data", "doctor", "report", "website")
"""What has no part in measuring and judging."""


def find_edited(*, measuring_only: bool) -> tuple[Note, ...]:
    """Return a warning for each file that is another than was installed, or is gone.

    An editable installation has none of these files, and no warning.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution("tito-bench").files or []
    except PackageNotFoundError:  # it runs from its sources
        return ()
    return tuple(
        Note("edited_installation", "warning", "tito-bench", "/".join(path.parts[1:]))
        for path in files
        if path.parts[0] == _PACKAGE
        and not (measuring_only and path.parts[1] in _SHOWN)
        and path.hash is not None
        and _digest(path, path.hash.mode) != path.hash.value
    )


def _digest(path: PackagePath, algorithm: str) -> str | None:
    """Return the digest as RECORD writes it (PEP 376: urlsafe base64 without padding)."""
    try:
        content = path.read_binary()
    except OSError:
        return None
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
