"""Real workers and whole capstones on student packages of every era."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tito_bench.cli.streams import utc_now
from tito_bench.measure.messages import Answer, Assess, Assessed, Failed, Load, Loaded, Prepare
from tito_bench.measure.task_figures import CustomModelChoice
from tito_bench.measure.worker_process import WorkerProcess
from tito_bench.records.capstone import CapstoneRecord

Ask = Callable[..., Any]
TRACKS = ("speed", "compression", "accuracy", "efficiency")


@contextmanager
def working_on(root: Path) -> Iterator[Callable[..., Answer]]:
    """A worker that has loaded the package in `root`; ask(task, model, own) gives its answer."""
    with WorkerProcess(
        root, os.environ, memory_bytes=4 << 30, seed=1, purpose="capstone"
    ) as worker:
        loaded = worker.ask(Load.of("tinytorch", root), 30.0)
        assert isinstance(loaded, Loaded), loaded

        def ask(task: str, model: str = "mlp", own: CustomModelChoice | None = None) -> Answer:
            if task == "prepare":
                return worker.ask(Prepare(model, 5), 30.0)
            return worker.ask(Assess(task, model, 7, 3.0, own), 30.0)

        yield ask


def figures(answer: Answer) -> Any:
    assert isinstance(answer, Assessed), answer
    return answer.figures


def failure(answer: Answer) -> Failed:
    assert isinstance(answer, Failed), answer
    return answer


def measure(root: Path, time_s: float = 6.0, tracks: tuple[str, ...] = TRACKS) -> CapstoneRecord:
    """A whole capstone, as the command runs it."""
    # Imported late: it needs what the other tests of this folder do not.
    from tito_bench.runs.capstone import measure_capstone

    return measure_capstone(
        root,
        tracks=tracks,
        package=None,
        time_s=time_s,
        environ=os.environ,
        now=utc_now,
        progress=lambda _progress: None,
    )
