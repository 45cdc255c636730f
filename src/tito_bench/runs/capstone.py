"""One whole capstone: the tasks first, then the rounds of the suite with what time is left."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from msgspec import structs

from tito_bench.capstone.findings import Findings
from tito_bench.capstone.results import (
    Latency,
    TaskResult,
    model_figures,
    with_smaller_batches,
    without,
)
from tito_bench.errors import SubjectError, WorkerError
from tito_bench.machine.environment import Machine, describe_machine
from tito_bench.machine.findings import find_environment
from tito_bench.machine.installed_files import find_edited
from tito_bench.machine.probe import read_probe
from tito_bench.machine.system import System
from tito_bench.measure.messages import (
    Assess,
    Assessed,
    Load,
    Loaded,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Step,
)
from tito_bench.measure.results import Failure, OperationResult, SuiteResult
from tito_bench.measure.schedule import Budget
from tito_bench.measure.suite_runner import Progress, SuiteRunner
from tito_bench.measure.summary import summarise
from tito_bench.measure.task_figures import CustomModelChoice
from tito_bench.measure.worker_process import WorkerCrashed, WorkerTimeout
from tito_bench.measure.worker_supervisor import (
    LONGEST_LOAD_S,
    NotMeasured,
    WorkerSupervisor,
    failure_of,
    unexpected,
)
from tito_bench.records.capstone import CapstoneRecord, build_capstone_record
from tito_bench.runs.baseline import certain_enough
from tito_bench.runs.start_worker import worker_starter
from tito_bench.runs.whose_code import with_origin
from tito_bench.workloads.capstone import CAPSTONE, MODELS
from tito_bench.workloads.operation import Operation
from tito_bench.workloads.optimisations import OPTIMISATIONS

__all__ = ["QUICK_S", "STANDARD_S", "measure_capstone"]

STANDARD_S, QUICK_S = 60.0, 15.0
_SPEED_SHARE = 0.55
"""Of the time; the tasks before it share the rest, and leave it what they do not need."""
_INVENTORY, _OWN, _METRICS = "inventory", "own", "metrics"
_LATENCY_CALLS = 200
_LONGEST_CALL = 0.05
"""Of the time for all rounds: an operation wants at least four calls of it."""
_LATENCY_S = 1.0
_SLACK_S = 1.0
_PREPARE_S = 5.0

# For each track: (task, model, weight of its share of the time).
_TASKS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "accuracy": (
        *(("accuracy", model, 2.0) for model in ("mlp", "mlp_wide", "cnn")),
        ("training", "mlp", 4.0),
    ),
    "compression": (("quantization", "mlp", 2.0), ("pruning", "mlp", 2.0)),
    "efficiency": tuple(("memory", model, 1.5) for model in MODELS),
    "speed": (
        ("benchmark", "mlp", 1.0),
        ("report", "mlp", 1.0),
        *(("optimisation", name, 1.5 if name == "KVCache" else 0.5) for name in OPTIMISATIONS),
    ),
}


@dataclass(frozen=True)
class _Run:
    supervisor: WorkerSupervisor
    clock: Callable[[], float]
    order: random.Random
    progress: Callable[[Progress], None]
    own: CustomModelChoice | None
    metrics: bool
    remarks: dict[str, None] = field(default_factory=dict)
    """What the worker noticed of the code, each line once, in order."""


def measure_capstone(
    root: Path,
    *,
    tracks: Collection[str],
    package: Path | None,
    time_s: float,
    own: CustomModelChoice | None = None,
    metrics: bool = False,
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    progress: Callable[[Progress], None],
) -> CapstoneRecord:
    """Measure `tracks` of the student's package within about `time_s` seconds; nothing is saved.

    `own` is the student's own model, to be measured beside them; `metrics` asks for what
    module 20 wants of it, or else of the trained `mlp`.

    Raises
    ------
    SubjectError
        There is no package of the course, or its Tensor does not work.
    WorkerError
        The measuring process cannot be started.
    """
    machine = describe_machine()
    order = random.SystemRandom()
    start_worker = worker_starter(root, environ, machine, "capstone", order=order)
    load = Load.of("tinytorch", root, package, (operation.name for operation in CAPSTONE))
    clock = time.monotonic
    ends = clock() + time_s
    run = _Run(WorkerSupervisor(start_worker, load, clock), clock, order, progress, own, metrics)
    timed = bool({"speed", "efficiency"} & set(tracks))
    try:
        loaded = run.supervisor.load(min(LONGEST_LOAD_S, max(10.0, time_s)))
        tasks, files, fingerprint = _do_tasks(
            run, tracks, ends - time_s * (_SPEED_SHARE if timed else 0.0)
        )
        latencies = _take_latencies(run, tasks) if timed else {}
    finally:
        run.supervisor.stop()
    suite = SuiteResult(loaded, ())
    if timed:
        load = structs.replace(load, references=loaded.references)
        suite_runner = SuiteRunner(start_worker, load, clock=clock, order=order, progress=progress)
        left_s = max(3.0, ends - clock())
        refused = _refused(tasks, latencies, left_s)
        chosen, budget = without(refused), _budget(left_s, calm=not refused)
        suite = _measured_again(
            loaded, chosen, lambda: suite_runner.run(chosen, budget, certain_enough)
        )
        missed = (
            OperationResult(operation, (), refused[operation.name])
            for operation in CAPSTONE
            if operation.name in refused
        )
        suite = replace(suite, operations=(*suite.operations, *missed))
    used = {**loaded.files, **suite.subject.files, **files}
    loaded = structs.replace(loaded, files=used, fingerprint=fingerprint)
    loaded = with_origin(loaded, root, package)
    return _record(
        suite, loaded.remarking(run.remarks), tasks, latencies, tracks, machine, environ, now(),
        processes=run.supervisor.processes_started,
    )  # fmt: skip


def _measured_again(
    loaded: Loaded, operations: Sequence[Operation], measure: Callable[[], SuiteResult]
) -> SuiteResult:
    """Measure the suite of what was loaded for the tasks, or say why it is that no more."""
    try:
        suite = measure()
    except (SubjectError, WorkerError) as error:
        reason = f"the package could be imported once, then no more: {error}"
    else:
        if suite.subject.fingerprint == loaded.fingerprint:
            return suite
        reason = "the files of the package changed while it was measured"
    failure = Failure("crashed", reason)
    failed = tuple(OperationResult(operation, (), failure) for operation in operations)
    return SuiteResult(loaded, failed)


def _budget(left_s: float, *, calm: bool) -> Budget:
    """Decide how to spend what is left; a slow package would spend it on making models anew."""
    quick = left_s < QUICK_S
    return Budget(
        rounds=12 if quick else 45,
        time_s=left_s,
        usual_s=left_s / 2,
        sample_ns=500_000 if quick else 1_000_000,
        workers=1 if quick or not calm else 3,
    )


def _refused(
    tasks: Sequence[TaskResult], latencies: Mapping[str, Latency], left_s: float
) -> dict[str, Failure]:
    """Find operations that would take the time of all others, and why, by name."""
    hanging = _hanging(tasks)
    refused = {op.name: hanging[op.group] for op in CAPSTONE if op.group in hanging}
    for operation in CAPSTONE:
        latency = latencies.get(operation.group)
        if latency is None:
            continue
        batch_s = operation.inputs[0][0] * latency.median_ns / 1e9
        if batch_s > _LONGEST_CALL * left_s:
            reason = f"one call would take about {batch_s:.0f} s; allow more with --time-budget"
            refused[operation.name] = Failure("timeout", reason)
    return refused


def _do_tasks(
    run: _Run, tracks: Collection[str], ends: float
) -> tuple[list[TaskResult], dict[str, str], str | None]:
    """Do all tasks of `tracks`, one question each, so that a crash or a hang costs one task.

    Return their results, the files that they used, and the fingerprint of all that the package
    has: None where that could not be looked at.
    """
    waiting = [task for track, found in _TASKS.items() if track in tracks for task in found]
    if run.own is not None:
        waiting.append((_OWN, "", 8.0))
    if run.metrics:
        waiting.append((_METRICS, "mlp", 3.0))
    waiting.append((_INVENTORY, "", 1.0))
    results: list[TaskResult] = []
    files: dict[str, str] = {}
    fingerprint: str | None = None
    hanging: dict[str, Failure] = {}
    while waiting:
        task, model, weight = waiting[0]
        share_s = max(0.5, (ends - run.clock()) * weight / sum(w for _, _, w in waiting))
        waiting = waiting[1:]
        if model and model in hanging:
            results.append(TaskResult(task, model, hanging[model]))
            continue
        following = ", ".join(dict.fromkeys(name for name, _, _ in waiting))
        run.progress(Progress(f"{task} {model}".strip(), 0, 0, "Assessing", following))
        own = run.own if task in {_OWN, _METRICS} else None
        question = Assess(task, model, run.order.getrandbits(32), share_s, own)
        try:
            answer = run.supervisor.ask(question, 1.2 * share_s + _SLACK_S)
            if not isinstance(answer, Assessed):
                raise unexpected(answer)
            run.remarks.update(dict.fromkeys(answer.remarks))
            results.append(TaskResult(task, model, answer.figures))
            if task == _INVENTORY:  # it looks at everything; the others are what is measured
                fingerprint = answer.fingerprint
            else:
                files |= answer.files
        except NotMeasured as refusal:
            results.append(TaskResult(task, model, refusal.failure))
        except (WorkerTimeout, WorkerCrashed) as error:
            run.supervisor.stop()
            failure = failure_of(error)
            results.append(TaskResult(task, model, failure))
            if task == "accuracy" and failure.kind == "timeout":
                hanging[model] = failure  # two images took that long: no more time for it
        except SubjectError as error:
            # It loaded before, and now does not: what it did has left something behind.
            results.append(TaskResult(task, model, Failure("crashed", str(error))))
    return results, files, fingerprint


def _take_latencies(run: _Run, tasks: Sequence[TaskResult]) -> dict[str, Latency]:
    """Time single calls at batch 1 for every model, as many as fit into a second."""
    hanging = _hanging(tasks)
    latencies: dict[str, Latency] = {}
    for model in (model for model in MODELS if model not in hanging):
        run.progress(Progress(f"latency {model}", 0, 0, "Timing", "speed"))
        operation = f"{model}_forward_1"
        try:
            prepared = run.supervisor.ask(Prepare(operation, run.order.getrandbits(32)), _PREPARE_S)
            if not isinstance(prepared, Prepared):
                raise unexpected(prepared)
            run.remarks.update(dict.fromkeys(prepared.remarks))
            call_s = max(1e-6, prepared.first.elapsed_ns / 1e9)
            calls = min(_LATENCY_CALLS, max(3, int(_LATENCY_S / call_s)))
            steps = tuple(Step("subject", 0, 1) for _ in range(calls))
            measured = run.supervisor.ask(
                Measure(operation, run.order.getrandbits(32), steps), 5.0 + 5 * calls * call_s
            )
            if isinstance(measured, Measured):
                latencies[model] = Latency.of([r.elapsed_ns for r in measured.readings])
        except NotMeasured:
            continue  # the rounds of the suite meet the same, and say why
        except (WorkerTimeout, WorkerCrashed, SubjectError):
            run.supervisor.stop()
    return latencies


def _hanging(tasks: Sequence[TaskResult]) -> dict[str, Failure]:
    """Find the models of which not even two images came back in time, and how that was seen."""
    return {
        task.model: task.outcome
        for task in tasks
        if task.task == "accuracy"
        and isinstance(task.outcome, Failure)
        and task.outcome.kind == "timeout"
    }


def _record(
    suite: SuiteResult,
    loaded: Loaded,
    tasks: Sequence[TaskResult],
    latencies: dict[str, Latency],
    tracks: Collection[str],
    machine: Machine,
    environ: Mapping[str, str],
    now: datetime,
    *,
    processes: int,
) -> CapstoneRecord:
    operations = with_smaller_batches(suite.operations)
    summary = summarise(operations, suite.processes_started + processes)
    return build_capstone_record(
        Findings(
            subject=loaded,
            machine=machine,
            environment=(
                *find_environment(read_probe(loaded.runtime, System(environ=environ))),
                *find_edited(measuring_only=True),
            ),
            summary=summary,
            models=model_figures(summary, latencies),
            tasks=tuple(tasks),
            tracks=tuple(tracks),
        ),
        now,
    )
