"""One whole explanation: times as in a baseline, then a closer look in a fresh worker."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec import structs

from tito_bench.machine.environment import describe_machine
from tito_bench.measure.evidence import Evidence, Place
from tito_bench.measure.messages import (
    Answer,
    Assess,
    Assessed,
    Inspect,
    Inspected,
    Load,
    Question,
    SubjectChoice,
)
from tito_bench.measure.results import Failure, OperationResult
from tito_bench.measure.schedule import Budget
from tito_bench.measure.suite_runner import Progress, SuiteRunner
from tito_bench.measure.summary import summarise
from tito_bench.measure.task_figures import OptimisationFigures
from tito_bench.measure.worker_process import WorkerCrashed, WorkerTimeout
from tito_bench.measure.worker_supervisor import (
    NotMeasured,
    WorkerSupervisor,
    failure_of,
    unexpected,
)
from tito_bench.records.explanation import Explanation, build_explanation
from tito_bench.runs.start_worker import worker_starter
from tito_bench.runs.whose_code import with_origin
from tito_bench.subjects.source_places import place_of
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.operation import Operation
from tito_bench.workloads.optimisations import OPTIMISATIONS

__all__ = ["explain"]

_T = TypeVar("_T")
_INSPECT_S = 0.4
_DEADLINE_S = 15.0
_LATE_DEADLINE_S = 8.0
_CALLS = 12
"""Calls as long as the operation itself that a look takes at most, with room to spare."""


def explain(
    root: Path,
    *,
    subject: SubjectChoice,
    package: Path | None,
    operations: Sequence[Operation],
    budget: Budget,
    environ: Mapping[str, str],
    progress: Callable[[Progress], None],
) -> Explanation:
    """Measure `operations` and look for what takes their time; nothing is saved.

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
    start_worker = worker_starter(root, environ, machine, "explain", order=order)
    load = Load.of(subject, root, package, (operation.name for operation in operations))
    suite_runner = SuiteRunner(
        start_worker, load, clock=time.monotonic, order=order, progress=progress
    )
    result = suite_runner.run(operations, budget)
    # Whose code was measured is what is looked into: `auto` may have ended with numpy.
    load = structs.replace(load, subject=result.subject.name, references=result.subject.references)
    supervisor = WorkerSupervisor(start_worker, load, time.monotonic)
    try:
        seen = _look(supervisor, result.operations, order, progress)
        own = result.subject.name == "tinytorch"
        given = _try_optimisations(supervisor, operations if own else (), order, progress)
    finally:
        supervisor.stop()
    seen = {
        name: _located(found, root) if isinstance(found, Evidence) else found
        for name, found in seen.items()
    }
    summary = summarise(result.operations)
    loaded = with_origin(result.subject, root, package)
    return build_explanation(summary, seen, given, loaded, machine, suite=BASELINE)


def _try_optimisations(
    supervisor: WorkerSupervisor,
    operations: Sequence[Operation],
    order: random.Random,
    progress: Callable[[Progress], None],
) -> dict[str, OptimisationFigures | Failure]:
    """Hold the student's optimisations for kinds of `operations` to their plain code."""
    kinds = {operation.kind for operation in operations}
    # Whoever asks about all is told about all.
    if tuple(operations) == BASELINE:
        kinds = set().union(*OPTIMISATIONS.values())
    found: dict[str, OptimisationFigures | Failure] = {}
    for name, of_kinds in OPTIMISATIONS.items():
        if not of_kinds & kinds:
            continue
        progress(Progress(name, 0, 0, "Trying"))
        question = Assess("optimisation", name, order.getrandbits(32), _INSPECT_S)
        found[name] = _asked(supervisor, question, _LATE_DEADLINE_S, _figures)
    return found


def _asked(
    supervisor: WorkerSupervisor,
    question: Question,
    deadline_s: float,
    take: Callable[[Answer], _T],
) -> _T | Failure:
    """Return what `take` finds in the answer, or why there is none."""
    try:
        return take(supervisor.ask(question, deadline_s))
    except NotMeasured as refusal:
        return refusal.failure
    except (WorkerTimeout, WorkerCrashed) as error:
        supervisor.stop()
        return failure_of(error)


def _figures(answer: Answer) -> OptimisationFigures:
    if not isinstance(answer, Assessed) or not isinstance(answer.figures, OptimisationFigures):
        raise unexpected(answer)
    return answer.figures


def _evidence(answer: Answer) -> Evidence:
    if not isinstance(answer, Inspected):
        raise unexpected(answer)
    return answer.evidence


def _look(
    supervisor: WorkerSupervisor,
    results: Sequence[OperationResult],
    order: random.Random,
    progress: Callable[[Progress], None],
) -> dict[str, Evidence | Failure]:
    """Gather evidence for each operation that could be called, or why there is none."""
    seen: dict[str, Evidence | Failure] = {}
    for result in results:
        # One that takes too long may be seen all the same: looking does not wait for its end.
        late = result.failure is not None and result.failure.kind == "timeout"
        if result.failure is not None and not late:
            continue
        name = result.operation.name
        progress(Progress(name, 0, 0, "Looking into"))
        deadline_s = _LATE_DEADLINE_S
        if not late:
            deadline_s = _DEADLINE_S + _CALLS * _longest_s(result)
        question = Inspect(name, order.getrandbits(32), 0.0 if late else _INSPECT_S)
        seen[name] = _asked(supervisor, question, deadline_s, _evidence)
    return seen


def _located(evidence: Evidence, root: Path) -> Evidence:
    """Return it with the text of the lines that it names, and where their author edits them."""

    def located(places: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(_with_source(place, root) for place in places)

    lines, made = evidence.lines, evidence.allocations
    return structs.replace(
        evidence,
        lines=structs.replace(lines, busiest=located(lines.busiest)),
        allocations=None if made is None else structs.replace(made, makers=located(made.makers)),
    )


def _with_source(place: Place, root: Path) -> Place:
    found = place_of(root, place.line)
    return place if found is None else structs.replace(place, text=found.text, edited_at=str(found))


def _longest_s(result: OperationResult) -> float:
    return max((paired.subject.elapsed_ns for paired in result.rounds), default=0.0) / 1e9
