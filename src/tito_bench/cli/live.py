"""A live progress line while a measurement runs; nothing at all without a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.measure.suite_runner import Progress

__all__ = ["TimeLeft", "live_progress"]

_REFRESH_S = 0.1
_SLOW_S = 1.0
_MOVE_S = 0.5


class TimeLeft:
    """How long the rounds still take, by those that are over. Times are seconds of one clock."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._began, self._total, self._done = 0.0, 0, 0
        self._ends: float | None = None

    def update(self, done: int, total: int, now: float) -> None:
        """Take that round `done` of `total` begins; 0 of 0 where no rounds are taken."""
        if total != self._total or done < self._done or total == 0:
            self._began, self._ends = now, None
        elif done > 1:
            self._ends = now + (now - self._began) / (done - 1) * (total - done + 1)
        self._done, self._total = done, total

    def text(self, now: float) -> str:
        """Return e.g. "12 s left"; empty where that is not known."""
        if self._ends is None or self._ends - now < 1:
            return ""
        return f"{self._ends - now:.0f} s left"


@contextmanager
def live_progress(streams: Streams) -> Iterator[Callable[[Progress], None]]:
    """Yield a callback that shows progress, redrawn at most ten times a second.

    The caller redraws it, for a thread would wake up beside the code that is being measured.
    Only where one call takes longer than a second, whose time a moment more or less does not
    change, a thread moves it. The line is gone when the block ends.
    """
    console = streams.console()
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda _progress: None
        return
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn("dots" if streams.unicode else "line"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        TextColumn("{task.fields[left]}"),
    )
    with Bar(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("Starting", total=None, left="")
        left = TimeLeft()
        shown_at = began = time.monotonic() - _REFRESH_S

        def show(progress: Progress) -> None:
            nonlocal shown_at, began
            began = time.monotonic()
            left.update(progress.done, progress.total, began)
            if began - shown_at < _REFRESH_S:
                return
            name = progress.operation.replace("_", " ")
            verb = progress.verb or ("Measuring" if progress.total else "Calibrating")
            after = f" (then {progress.remaining})" if progress.remaining else ""
            bar.update(
                task,
                description=f"{verb} {name:<13}{after}",
                completed=progress.done,
                total=progress.total or None,
                left=left.text(began),
            )
            bar.refresh()
            shown_at = began

        def move() -> None:
            pause_s = _SLOW_S
            while not over.wait(pause_s):
                now = time.monotonic()
                slow = now - began >= _SLOW_S
                pause_s = _MOVE_S if slow else _SLOW_S
                if slow:
                    spent = f"{now - began:.0f} s"
                    known = left.text(now)
                    bar.update(task, left=f"{spent}, {known}" if known else spent)
                    bar.refresh()

        over = threading.Event()
        mover = threading.Thread(target=move, daemon=True)
        mover.start()
        try:
            yield show
        finally:
            over.set()
            mover.join()
