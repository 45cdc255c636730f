"""One whole baseline measurement, from the worker process to the record."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tito_bench.machine.environment import Machine, describe_machine
from tito_bench.measure.messages import Load, SubjectChoice
from tito_bench.measure.results import OperationResult, SuiteResult
from tito_bench.measure.schedule import Budget
from tito_bench.measure.suite_runner import Progress, SuiteRunner
from tito_bench.measure.summary import SuiteSummary, summarise
from tito_bench.note import Note
from tito_bench.runs.start_worker import worker_starter
from tito_bench.workloads.baseline import BASELINE

if TYPE_CHECKING:
    from tito_bench.machine.environment import Runtime
    from tito_bench.records.benchmark import BenchmarkRecord

__all__ = ["certain_enough", "measure_baseline"]

_WANTED_HALF_INTERVAL = 0.5
"""Points: a run extends itself until the score is known as well as this."""


def measure_baseline(
    root: Path,
    *,
    subject: SubjectChoice,
    package: Path | None,
    budget: Budget,
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    progress: Callable[[Progress], None],
    meanwhile: Callable[[], None] = lambda: None,
) -> BenchmarkRecord:
    """Measure the baseline suite and return its record; nothing is saved.

    `meanwhile` is done while the measuring process starts.

    Raises
    ------
    SubjectError
        The subject that was asked for cannot be imported.
    WorkerError
        The measuring process cannot be started.
    """
    machine = describe_machine()
    # Orders and inputs must not be foreseen by the code under test.
    order = random.SystemRandom()
    edited: list[Note] = []

    def prepare() -> None:
        from tito_bench.machine.installed_files import find_edited

        edited.extend(find_edited(measuring_only=True))
        meanwhile()

    suite_runner = SuiteRunner(
        worker_starter(root, environ, machine, "baseline", order=order),
        Load.of(subject, root, package, (operation.name for operation in BASELINE)),
        clock=time.monotonic,
        order=order,
        progress=progress,
    )
    result = suite_runner.run(BASELINE, budget, certain_enough, prepare)
    return _record_of(result, machine, edited, root, package, environ, now())


def _record_of(
    result: SuiteResult,
    machine: Machine,
    edited: Sequence[Note],
    root: Path,
    package: Path | None,
    environ: Mapping[str, str],
    created_at: datetime,
) -> BenchmarkRecord:
    # Imported here: the worker has been started before.
    from tito_bench.machine.findings import find_environment
    from tito_bench.machine.probe import read_probe
    from tito_bench.machine.system import System
    from tito_bench.measure.verdict import doubts_of, judge
    from tito_bench.records.benchmark import build_record
    from tito_bench.runs.whose_code import with_origin

    summary = summarise(result.operations, result.processes_started)
    loaded = with_origin(result.subject, root, package)
    runtime = result.subject.runtime
    found = find_environment(read_probe(runtime, System(environ=environ)))
    environment = (*found, *edited)
    doubts = (*_calibration_doubts(root, machine, runtime, summary), *doubts_of(environment))
    verdict = judge(summary, runtime, doubts)
    return build_record(summary, loaded, machine, environment, verdict, created_at)


def certain_enough(results: Sequence[OperationResult]) -> bool:
    """Return whether the score of `results` is known as well as wanted, or will not be one."""
    summary = summarise(results)
    half_interval = summary.half_interval
    if half_interval is None:  # of a score, from too few rounds
        return summary.score is None
    return half_interval <= _WANTED_HALF_INTERVAL


def _calibration_doubts(
    root: Path, machine: Machine, runtime: Runtime, summary: SuiteSummary
) -> tuple[Note, ...]:
    """Note where the kernels ran much slower than at this machine's calibration, if it has one."""
    from tito_bench.machine.fingerprint import fingerprint_of
    from tito_bench.records.calibration import (
        calibration_drift,
        calibration_path,
        matching_calibration,
    )

    card = matching_calibration(calibration_path(root), fingerprint_of(machine, runtime))
    if card is None:
        return ()
    native_ns = {
        op.operation.name: op.timing.native_ns for op in summary.operations if op.timing is not None
    }
    drift = calibration_drift(card, native_ns)
    return () if drift is None else (drift,)
