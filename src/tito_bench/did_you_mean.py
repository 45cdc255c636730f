"""What a word was most likely meant to be."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # this module is imported for `--help`, which needs no typing
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["did_you_mean", "did_you_mean_file"]

_MOST = 3
_MOST_NAMES = 1000
"""Of so many names in a folder the nearest is looked for; comparing more takes a second."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "did you mean 'a' or 'b'?", the nearest first; empty where nothing is near."""
    from difflib import get_close_matches
    from itertools import islice

    written = {name.lower(): name for name in islice(known, _MOST_NAMES)}
    near = [written[name] for name in get_close_matches(word.lower(), written, n=_MOST)]
    if not near:
        return ""
    from tito_bench.safe_text import safe_text

    return f"did you mean {' or '.join(repr(safe_text(name)) for name in near)}?"


def did_you_mean_file(path: Path) -> str:
    """Return the same of the names that lie where `path` should be."""
    try:
        return did_you_mean(path.name, sorted(os.listdir(path.parent)))  # noqa: PTH208 - no pathlib
    except OSError:  # there is no such folder, or it cannot be read
        return ""
