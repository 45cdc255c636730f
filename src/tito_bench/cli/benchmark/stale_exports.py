"""Says before a measurement what in the package is not what the notebooks hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.cli.streams import Streams

__all__ = ["say_stale_exports"]


def say_stale_exports(root: Path, package: Path | None, streams: Streams) -> None:
    """Name the modules that changed since they were exported: what is measured is older.

    `package` is its folder, where one was named.
    """
    from tito_bench.report.wording import words
    from tito_bench.report.wrapping import wrapped
    from tito_bench.subjects.export_state import check_exports

    for note in check_exports(root, package):
        for part in wrapped(words(note).sentence, streams.console().width):
            streams.people.write(f"{part}\n")
