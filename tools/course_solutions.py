"""Writes src/tito_bench/data/course_solutions.json: hashes of the solutions the course published.

Run: python tools/course_solutions.py CHECKOUT...

CHECKOUT is a git repository of the course, with or without a work tree: MLSysBook/TinyTorch, or
the book's repository that holds it in tinytorch/. All commits of all branches are looked at. Of
each function between `### BEGIN SOLUTION` and `### END SOLUTION` only a short hash of its syntax
tree is kept (`tito_bench.subjects.function_hashes`), and of each function that is handed out ready
(no such marks, or marked as scaffold) another one: it is neither the student's nor a solution.
What several checkouts hold is written together.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from git_history import GitHistory

from tito_bench.foreign_json import NotJson
from tito_bench.subjects.course_solutions import CourseSolutions, PublishedVersion
from tito_bench.subjects.export_cells import exported_cells, read_notebook
from tito_bench.subjects.function_hashes import hashed_functions

TARGET = Path(__file__).parents[1] / "src" / "tito_bench" / "data" / "course_solutions.json"

_PLACES = re.compile(
    r"(?:tinytorch/)?(?:src|modules|assignments|tinytorch)/(?!tests?/).*\.(?:py|ipynb)"
)
_PACKAGE = re.compile(r"(?:tinytorch/)?tinytorch/(?!src/|modules/|assignments/).*\.py")
_CELL = re.compile(r"^# %%.*$", re.MULTILINE)
_VERSION_FILES = ("tinytorch/pyproject.toml", "pyproject.toml", "settings.ini")
_VERSION = re.compile(r"""^version\s*=\s*["']?([\w.]+)""", re.MULTILINE)
_BEGIN = "### BEGIN SOLUTION"
_READY = re.compile(r"""role=["']?(?:scaffold|challenge)""")
"""Marked, and handed out all the same."""


@dataclass
class Found:
    """What was found so far; of each version the first and the last day."""

    solutions: set[str] = field(default_factory=set)
    handed_out: set[str] = field(default_factory=set)
    versions: dict[str, list[str]] = field(default_factory=dict)


def look_into(folder: Path, found: Found) -> None:
    """Add all that a repository holds."""
    git = GitHistory(folder)
    seen: set[tuple[str, bool]] = set()
    versions: dict[str, str | None] = {}
    for change in git.changes("*.py", "*.ipynb"):
        if not _PLACES.fullmatch(change.path):
            continue
        if change.commit not in versions:
            versions[change.commit] = _version(git, change.commit)
        version, day = versions[change.commit], change.day
        if version is not None:
            days = found.versions.setdefault(version, [day, day])
            days[:] = [min(days[0], day), max(days[1], day)]
        # A source that was once copied into the package is all export there.
        key = (change.blob, _PACKAGE.fullmatch(change.path) is not None)
        content = None if key in seen else git.content(change.blob)
        if content is not None:
            _take(content, change.path, found)
        seen.add(key)
    git.close()


def _take(content: bytes, path: str, found: Found) -> None:
    if path.endswith(".ipynb"):
        try:
            cells: Iterable[str] = read_notebook(content).cells
        except NotJson:
            return
    else:
        text = content.decode("utf-8", "replace")
        # A module of the package is all export; a source is one where it says so.
        cells = [text] if _PACKAGE.fullmatch(path) else exported_cells(_CELL.split(text)).cells
    for cell in cells:
        lines = cell.splitlines()
        for function in hashed_functions(cell):
            if not function.substance:
                continue
            marks = [line for line in lines[function.line - 1 : function.end] if _BEGIN in line]
            solved = any(not _READY.search(mark) for mark in marks)
            (found.solutions if solved else found.handed_out).add(function.digest)


def _version(git: GitHistory, commit: str) -> str | None:
    for file in _VERSION_FILES:
        content = git.content(f"{commit}:{file}")
        match = None if content is None else _VERSION.search(content.decode("utf-8", "replace"))
        if match is not None:
            return match[1]
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, default=TARGET)
    options = parser.parse_args()
    found = Found()
    for folder in options.checkout:
        look_into(folder, found)
    if not found.solutions:
        print("no solution in any commit: is it a checkout of the course?", file=sys.stderr)
        return 1
    both = found.solutions & found.handed_out
    solutions = CourseSolutions(
        versions=[PublishedVersion(name, *days) for name, days in sorted(found.versions.items())],
        solutions=frozenset(found.solutions),
        handed_out=frozenset(found.handed_out - found.solutions),
    )
    data = msgspec.json.encode(solutions, order="deterministic")
    options.output.write_bytes(msgspec.json.format(data, indent=1) + b"\n")
    print(f"{len(solutions.solutions)} solutions, {len(solutions.handed_out)} handed out ready,")
    print(f"{len(both)} both at different times (kept as solutions)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
