"""Where each file of a project is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Layout"]


@dataclass(frozen=True)
class Layout:
    """The files of the project at `root`."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / ".tinytorch" / "config.json"

    @property
    def profile(self) -> Path:
        return self.root / ".tinytorch" / "community" / "profile.json"

    @property
    def consent(self) -> Path:
        return self.root / ".tinytorch" / "community" / "consent.json"

    @property
    def ledger(self) -> Path:
        """What the website was told."""
        return self.root / ".tinytorch" / "community" / "website.json"

    @property
    def submissions(self) -> Path:
        return self.root / ".tinytorch" / "submissions"

    @property
    def outbox(self) -> Path:
        return self.root / ".tinytorch" / "outbox"

    @property
    def benchmarks(self) -> Path:
        return self.root / ".tito" / "benchmarks"

    @property
    def course_submissions(self) -> Path:
        """Where TinyTorch's own commands put theirs."""
        return self.root / ".tito" / "submissions"

    @property
    def course_progress(self) -> tuple[Path, ...]:
        return (self.root / ".tito" / "progress.json", self.root / "progress.json")

    @property
    def course_milestones(self) -> Path:
        return self.root / ".tito" / "milestones.json"

    def shown(self, path: Path) -> str:
        """The path as people type it inside the project."""
        return path.relative_to(self.root).as_posix()
