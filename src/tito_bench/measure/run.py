"""One whole baseline measurement, from the worker process to the record."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from tito_bench.measure.conductor import Conductor, Progress
from tito_bench.measure.environment import describe_machine
from tito_bench.measure.plan import Budget
from tito_bench.measure.process import WorkerProcess
from tito_bench.measure.protocol import Load, SubjectChoice
from tito_bench.measure.summary import summarise
from tito_bench.measure.verdict import judge
from tito_bench.records.benchmark import BenchmarkRecord, build_record
from tito_bench.workloads.baseline import BASELINE

__all__ = ["measure_baseline"]

_MOST_MEMORY_GIB = 8


def measure_baseline(
    root: Path,
    *,
    subject: SubjectChoice,
    package: Path | None,
    budget: Budget,
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    progress: Callable[[Progress], None],
) -> BenchmarkRecord:
    """Measure the baseline suite and return its record; nothing is saved.

    Raises
    ------
    SubjectError
        The subject that was asked for cannot be imported.
    WorkerError
        The measuring process cannot be started.
    """
    machine = describe_machine()
    memory_gib = min(_MOST_MEMORY_GIB, max(2, machine.ram_gib))
    # Orders and inputs must not be foreseen by the code under test.
    order = random.SystemRandom()

    def start_worker() -> WorkerProcess:
        return WorkerProcess(
            root, environ, memory_bytes=memory_gib * 2**30, seed=order.getrandbits(32)
        )

    conductor = Conductor(
        start_worker,
        Load(subject, str(root), None if package is None else str(package)),
        clock=time.monotonic,
        order=order,
        progress=progress,
    )
    result = conductor.run(BASELINE, budget)
    summary = summarise(result.operations, result.processes_started)
    return build_record(summary, result.subject, machine, judge(summary, result.subject), now())
