"""Records of made-up rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from fake_worker import LOADED
from made_rounds import made_round

from tito_bench.capstone.findings import Findings
from tito_bench.capstone.results import TaskResult, model_figures
from tito_bench.machine.environment import Machine
from tito_bench.measure.messages import Loaded
from tito_bench.measure.results import Failure, OperationResult
from tito_bench.measure.summary import summarise
from tito_bench.measure.task_figures import AccuracyFigures, Figures
from tito_bench.measure.verdict import judge
from tito_bench.note import Note
from tito_bench.records.benchmark import BenchmarkRecord, build_record
from tito_bench.records.capstone import CapstoneRecord, build_capstone_record
from tito_bench.records.schema import record_bytes
from tito_bench.records.store import add_stamped
from tito_bench.score import Work
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.capstone import CAPSTONE
from tito_bench.workloads.operation import Operation

__all__ = ["MACHINE", "NOW", "UNSTABLE", "made_capstone", "made_record", "save_record"]

MACHINE = Machine("Some CPU", "x86_64", 4, 8, 16, "Linux 6.1")
NOW = datetime(2026, 11, 22, 20, 30, 0, 123456, UTC)
UNSTABLE = {
    "status": "unstable",
    "reasons": [{"code": "blas_threads", "what": "BLAS", "value": "4"}],
}
"""A verdict, as it stands in a file."""


def made_record(
    failures: Mapping[str, Failure] = {},
    *,
    slowdown: float = 2.0,
    rounds: Mapping[str, Sequence[float]] = {},
    scale: float = 1.0,
    work: Work | None = None,
    environment: Sequence[Note] = (),
    now: datetime = NOW,
    ran_on: Mapping[str, Any] = {},
    **subject: Any,
) -> BenchmarkRecord:
    """All operations at that slowdown, but for the `failures`, by operation name.

    `rounds` gives an operation a slowdown for each round; `scale` makes a
    machine on which everything takes that many times as long, and `ran_on`
    changes what is said of the interpreter. Where `work` goes into loops the
    slowdown is another.
    """
    results = [_result(op, failures, rounds, slowdown, scale) for op in BASELINE]
    summary = summarise([replace(result, work=work) for result in results])
    loaded = _loaded(ran_on, subject)
    verdict = judge(summary, loaded.runtime)
    return build_record(summary, loaded, MACHINE, environment, verdict, now)


def made_capstone(
    failures: Mapping[str, Failure] = {},
    *,
    slowdown: float = 2.0,
    tracks: Sequence[str] = ("speed", "compression", "accuracy", "efficiency"),
    tasks: Sequence[Figures] = (AccuracyFigures("mlp", 297, 0.9, 0.9, "shipped digits", None),),
    failed_tasks: Mapping[str, Failure] = {},
    now: datetime = NOW,
    ran_on: Mapping[str, Any] = {},
    **subject: Any,
) -> CapstoneRecord:
    """A capstone whose accuracies are those of the twins and whose models need no memory.

    `tasks` are other figures of the model mlp, `failed_tasks` its tasks that failed, by name.
    """
    summary = summarise([_result(op, failures, {}, slowdown, 1.0) for op in CAPSTONE])
    outcomes = [(type(figures).__name__, figures) for figures in tasks]
    results = (TaskResult(task, "mlp", found) for task, found in [*outcomes, *failed_tasks.items()])
    return build_capstone_record(
        Findings(
            subject=_loaded(ran_on, {"name": "tinytorch", **subject}),
            machine=MACHINE,
            environment=(),
            summary=summary,
            models=model_figures(summary, {}),
            tasks=tuple(results),
            tracks=tuple(tracks),
        ),
        now,
    )


def save_record(folder: Path, record: BenchmarkRecord | CapstoneRecord) -> Path:
    """Write a record as a run would; its path."""
    made_at = datetime.fromisoformat(record.created_at)
    return add_stamped(folder, record.kind, made_at, record_bytes(record))


def _loaded(ran_on: Mapping[str, Any], subject: Mapping[str, Any]) -> Loaded:
    runtime = msgspec.structs.replace(LOADED.runtime, **ran_on)
    return msgspec.structs.replace(LOADED, **{"runtime": runtime, **subject})


def _result(
    op: Operation,
    failures: Mapping[str, Failure],
    rounds: Mapping[str, Sequence[float]],
    slowdown: float,
    scale: float,
) -> OperationResult:
    failure = failures.get(op.name)
    if failure is not None:
        return OperationResult(op, (), failure)
    reference_ns = scale * (1000.0 + 50.0 * op.dispatch_calls)
    taken = [
        made_round(each * reference_ns, scale * 1000.0, scale * 50.0)
        for each in rounds.get(op.name, [slowdown] * 9)
    ]
    return OperationResult(op, tuple(taken))
