"""Where each file of a project is kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tito_bench.errors import StoreError

__all__ = ["STATE_FOLDERS", "Layout"]

STATE_FOLDERS = (".tinytorch", ".tito")
"""Ours, and that of TinyTorch's own commands, in which the benchmark records are kept too."""


@dataclass(frozen=True)
class Layout:
    """The files of the project at `root`."""

    root: Path

    @property
    def own(self) -> Path:
        return self.root / STATE_FOLDERS[0]

    @property
    def course(self) -> Path:
        return self.root / STATE_FOLDERS[1]

    @property
    def config(self) -> Path:
        return self.own / "config.json"

    @property
    def calibration(self) -> Path:
        return self.own / "calibration.json"

    @property
    def profile(self) -> Path:
        return self.own / "community" / "profile.json"

    @property
    def consent(self) -> Path:
        return self.own / "community" / "consent.json"

    @property
    def sync_state(self) -> Path:
        """What the website was told."""
        return self.own / "community" / "website.json"

    @property
    def member_keys(self) -> Path:
        """A secret: what proves to a community server who is speaking."""
        return self.own / "community" / "key.json"

    @property
    def submissions(self) -> Path:
        return self.own / "submissions"

    @property
    def outbox(self) -> Path:
        return self.own / "outbox"

    @property
    def benchmarks(self) -> Path:
        return self.course / "benchmarks"

    @property
    def course_submissions(self) -> Path:
        """Where TinyTorch's own commands put theirs."""
        return self.course / "submissions"

    @property
    def course_progress(self) -> tuple[Path, ...]:
        return (self.course / "progress.json", self.root / "progress.json")

    @property
    def course_milestones(self) -> Path:
        return self.course / "milestones.json"

    def check_folders(self) -> None:
        """Raise `StoreError` where a folder of the state leads out of the project, by a link.

        What lies out there is of somebody else: it is not to be written, renamed or deleted.
        A link that stays inside is followed. What is put there afterwards is seen by the
        file system (`records.filesystem`).
        """
        root = Path(os.path.realpath(self.root))
        own = (self.own, self.profile.parent, self.outbox, self.submissions)
        for folder in (*own, self.course, self.benchmarks):
            # Not Path.resolve: before 3.13 it raises on a link to itself.
            if not Path(os.path.realpath(folder)).is_relative_to(root):
                raise StoreError(
                    f"{self.shown(folder)} leads out of the project; replace the link by a folder"
                )

    def shown(self, path: Path) -> str:
        """Return the path as people type it inside the project."""
        return path.relative_to(self.root).as_posix()
