"""A live progress line while a measurement runs; nothing at all without a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.measure.suite_runner import Progress

__all__ = ["live_progress"]

_REFRESH_S = 0.1


@contextmanager
def live_progress(streams: Streams) -> Iterator[Callable[[Progress], None]]:
    """Yield a callback that shows progress, redrawn at most ten times a second.

    Redrawn by the caller, not by a thread: a thread would wake up beside the
    code that is being measured. The line is gone when the block ends.
    """
    console = streams.console()
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda _progress: None
        return
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20))
    with Bar(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("Starting", total=None)
        shown_at = 0.0

        def show(progress: Progress) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at < _REFRESH_S:
                return
            name = progress.operation.replace("_", " ")
            verb = progress.verb or ("Measuring" if progress.total else "Calibrating")
            after = f" (then {progress.remaining})" if progress.remaining else ""
            bar.update(
                task,
                description=f"{verb} {name:<13}{after}",
                completed=progress.done,
                total=progress.total or None,
            )
            bar.refresh()
            shown_at = time.monotonic()

        yield show
