"""One function or class alone, beside the native reference of a kind of operation."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tito_bench.errors import UsageError
from tito_bench.machine.environment import describe_machine
from tito_bench.measure.messages import Code, Load
from tito_bench.measure.schedule import Budget
from tito_bench.measure.suite_runner import Progress, SuiteRunner
from tito_bench.measure.summary import SuiteSummary, summarise
from tito_bench.runs.start_worker import worker_starter
from tito_bench.safe_text import safe_text
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.capstone import CAPSTONE
from tito_bench.workloads.operation import Operation

__all__ = ["measure_code", "operations_of_kind"]


def operations_of_kind(kind: str) -> tuple[Operation, ...]:
    """Return the operations of `kind`: those of the baseline, else of the capstone.

    Raises
    ------
    UsageError
        There is no such kind.
    """
    for suite in (BASELINE, CAPSTONE):
        found = tuple(operation for operation in suite if operation.kind == kind)
        if found:
            return found
    kinds = dict.fromkeys(operation.kind for operation in (*BASELINE, *CAPSTONE))
    raise UsageError(f"there is no kind {safe_text(kind)!r}; there are {', '.join(kinds)}")


def measure_code(
    root: Path,
    code: Code,
    *,
    kind: str,
    budget: Budget,
    environ: Mapping[str, str],
    progress: Callable[[Progress], None],
) -> SuiteSummary:
    """Measure what `code` defines as operations of `kind`; nothing is saved.

    Raises
    ------
    SubjectError
        The code fails when it is run.
    UsageError
        There is no such kind.
    WorkerError
        The measuring process cannot be started.
    """
    operations = operations_of_kind(kind)
    # Orders and inputs must not be foreseen by the code under test.
    order = random.SystemRandom()
    start_worker = worker_starter(root, environ, describe_machine(), "baseline", order=order)
    names = tuple(operation.name for operation in operations)
    suite_runner = SuiteRunner(
        start_worker,
        Load.of("auto", root, operations=names, code=code),
        clock=time.monotonic,
        order=order,
        progress=progress,
    )
    result = suite_runner.run(operations, budget)
    return summarise(result.operations, result.processes_started)
