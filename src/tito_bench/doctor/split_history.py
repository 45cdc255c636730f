"""Whether the history of one project lies in several folders.

It does where commands were called from subfolders that kept records of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

from tito_bench.errors import StoreError
from tito_bench.note import Note
from tito_bench.records.project import folders_upwards
from tito_bench.records.project_layout import Layout
from tito_bench.records.store import list_names
from tito_bench.subjects.redaction import display_path

__all__ = ["check_history"]

_OWN_RECORDS = "*_????????T??????Z_*.json"
"""TinyTorch's own command keeps others beside them, in whichever folder it is called."""
_DEEPEST = 5
_MOST_FOLDERS = 5000  # a data set in the project is not looked through to its end
_OTHERS = frozenset({"node_modules", "site-packages", "venv", "__pycache__"})


def check_history(root: Path, environ: Mapping[str, str]) -> list[Note]:
    """Find the other folders of the project at `root` in which records are kept."""
    found = []
    for folder in (*folders_upwards(root, environ)[1:], *_folders_below(root)):
        benchmarks = Layout(folder).benchmarks
        count = sum(1 for name in _names(benchmarks) if fnmatch(name, _OWN_RECORDS))
        if count:
            records = "1 record" if count == 1 else f"{count} records"
            found.append(Note("split_history", "info", display_path(benchmarks, root), records))
    return found


def _folders_below(root: Path) -> Iterator[Path]:
    """Yield the folders below `root`, without hidden ones and other repositories."""
    for seen, (path, names, _) in enumerate(os.walk(root)):
        folder = Path(path)
        if folder != root:
            yield folder
        deep = len(folder.relative_to(root).parts) >= _DEEPEST or seen > _MOST_FOLDERS
        names[:] = sorted(
            name
            for name in names
            if not deep
            and not name.startswith(".")
            and name not in _OTHERS
            and not os.path.exists(folder / name / ".git")  # noqa: PTH110 - never raises
        )


def _names(folder: Path) -> list[str]:
    try:
        return list_names(folder)
    except StoreError:  # not to be read: nobody's history
        return []
