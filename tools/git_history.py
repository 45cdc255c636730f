"""Reads the history of a git repository, with or without a work tree."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Change", "GitHistory"]

_GIT = shutil.which("git") or "git"


@dataclass(frozen=True, slots=True)
class Change:
    """One version of a file: the commit that brought it, its day (ISO 8601), and its blob."""

    commit: str
    day: str
    blob: str
    path: str


class GitHistory:
    """A repository, of all branches."""

    def __init__(self, folder: Path) -> None:
        """Open the repository in `folder`."""
        self._folder = folder
        # One process for all blobs: there are thousands.
        self._objects = subprocess.Popen(  # noqa: S603 - git on a folder that was named
            [_GIT, "-C", folder, "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def close(self) -> None:
        """End what was started."""
        self._objects.communicate()

    def changes(self, *patterns: str) -> Iterator[Change]:
        """Yield every version of the files whose paths match, the oldest first."""
        shown = ("--raw", "--no-abbrev", "--no-renames", "--format=commit %H %cs")
        log = self._git("log", "--all", "-m", "--reverse", *shown, "--", *patterns)
        commit = day = ""
        for line in log.decode("utf-8", "replace").splitlines():
            if line.startswith("commit "):
                _, commit, day = line.split()
            elif line.startswith(":"):
                facts, _, path = line.partition("\t")
                blob = facts.split()[3]
                if blob.strip("0"):
                    yield Change(commit, day, blob, path)

    def content(self, name: str) -> bytes | None:
        """Return a blob, by its hash or as commit:path; None where there is none."""
        asked, answers = self._objects.stdin, self._objects.stdout
        if asked is None or answers is None:
            raise ValueError("git was started without pipes")
        asked.write(name.encode() + b"\n")
        asked.flush()
        head = answers.readline().split()
        return None if head[-1] == b"missing" else answers.read(int(head[2]) + 1)[:-1]

    def commits(self, *paths: str) -> list[tuple[str, str]]:
        """Return the commits that change any of `paths`, the oldest first, each with its day."""
        log = self._git("log", "--all", "--no-merges", "--reverse", "--format=%H %cs", "--", *paths)
        return [(commit, day) for commit, day in map(str.split, log.decode().splitlines())]

    def check_out(self, commit: str, target: Path) -> None:
        """Write the regular files of a commit into the folder `target`.

        What a partial copy of the repository does not hold is left out.
        """
        for line in self._git("ls-tree", "-r", "-z", commit).decode().split("\0"):
            facts, _, path = line.partition("\t")
            if not facts.startswith("100"):  # a link, another repository, or the end
                continue
            content = self.content(facts.split()[2])
            file = target / path
            if content is not None and file.resolve().is_relative_to(target.resolve()):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)

    def _git(self, *command: str) -> bytes:
        whole = [_GIT, "-C", self._folder, *command]
        return subprocess.run(whole, check=True, capture_output=True).stdout  # noqa: S603
