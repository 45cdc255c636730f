"""Handed-in projects, measured again on one machine: figures that nobody can have written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tito_bench.community.classroom import SMALLEST_GROUP, Hardship, hardest_of
from tito_bench.errors import StoreError, SubjectError, UsageError, WorkerError
from tito_bench.measure.schedule import QUICK
from tito_bench.measure.suite_runner import Progress
from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.runs.baseline import measure_baseline
from tito_bench.runs.explain import explain
from tito_bench.safe_text import safe_text
from tito_bench.statistics import median
from tito_bench.workloads.baseline import BASELINE

__all__ = ["ClassRecheck", "Rechecked", "projects_in", "recheck", "summarise_recheck"]

_RUNS = 3


@dataclass(frozen=True)
class Rechecked:
    """One project.

    Attributes
    ----------
    score, lowest, highest
        Points: the median of the runs, and the ends; None without a score.
    verdict
        The worst of the runs.
    slowdowns
        How many times longer than native each operation took, the median of the runs.
    causes
        Codes of what takes the time of its operations, as `explain` finds them.
    problem
        Why there is no score; empty where there is one.
    """

    folder: str
    score: float | None
    lowest: float | None
    highest: float | None
    verdict: str
    slowdowns: dict[str, float]
    causes: tuple[str, ...]
    problem: str


@dataclass(frozen=True)
class ClassRecheck:
    """What is hard for the class: operations, and in how many projects each cause was found.

    Both only where at least `smallest_group` projects stand behind a figure.
    """

    smallest_group: int
    median_score: int | None
    hardest: tuple[Hardship, ...]
    causes: dict[str, int]


def projects_in(folder: Path) -> list[Path]:
    """Return the folders in `folder`, each a project, by name.

    Raises
    ------
    StoreError
        It is no folder, cannot be read, or there is none in it.
    """
    shown = safe_text(str(folder))
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise StoreError(f"--recheck: cannot read {shown}: {error.strerror}") from error
    found = [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    if not found:
        raise StoreError(f"--recheck: there is no folder in {shown}; put each project in its own")
    return found


def recheck(
    project: Path,
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    progress: Callable[[Progress], None],
) -> Rechecked:
    """Measure the package of one project three times and explain it once; nothing is saved there.

    What keeps one project from being measured is its `problem`: the others go on.
    """
    folder = safe_text(project.name, 120)
    records: list[BenchmarkRecord] = []
    try:
        for _ in range(_RUNS):
            records.append(
                measure_baseline(
                    project,
                    subject="tinytorch",
                    package=None,
                    budget=QUICK,  # a class is large; three processes see more than one longer one
                    environ=environ,
                    now=now,
                    progress=progress,
                )
            )
            if records[-1].normalized_metrics.score is None:
                break  # what fails once is not measured again
        causes = _causes(project, environ, progress)
    except (SubjectError, WorkerError) as error:
        return Rechecked(folder, None, None, None, "invalid", {}, (), safe_text(str(error), 400))
    return _rechecked(folder, records, causes)


def summarise_recheck(found: Sequence[Rechecked], smallest_group: int) -> ClassRecheck:
    """Return what is hard for the class.

    Raises
    ------
    UsageError
        `smallest_group` is below 3.
    """
    if smallest_group < SMALLEST_GROUP:
        raise UsageError(f"--min-group: at least {SMALLEST_GROUP}, to protect every student")
    scores = [one.score for one in found if one.score is not None]
    causes = Counter(cause for one in found for cause in set(one.causes))
    return ClassRecheck(
        smallest_group=smallest_group,
        median_score=round(median(scores)) if len(scores) >= smallest_group else None,
        hardest=tuple(hardest_of([one.slowdowns for one in found], smallest_group)),
        causes={code: count for code, count in causes.most_common() if count >= smallest_group},
    )


def _causes(
    project: Path, environ: Mapping[str, str], progress: Callable[[Progress], None]
) -> tuple[str, ...]:
    explanation = explain(
        project,
        subject="tinytorch",
        package=None,
        operations=BASELINE,
        budget=QUICK,
        environ=environ,
        progress=progress,
    )
    found = (op.causes[0].code for op in explanation.operations if op.causes)
    return tuple(dict.fromkeys(found))


def _rechecked(
    folder: str, records: Sequence[BenchmarkRecord], causes: tuple[str, ...]
) -> Rechecked:
    scores = [
        record.normalized_metrics.score
        for record in records
        if record.normalized_metrics.score is not None
    ]
    whole = len(scores) == len(records)
    slowdowns: dict[str, list[float]] = {}
    for record in records:
        for op in record.operations:
            if op.slowdown is not None and op.scored:
                slowdowns.setdefault(op.name, []).append(op.slowdown)
    verdicts = [record.verdict.status for record in records]
    worst = next(status for status in ("invalid", "unstable", "stable") if status in verdicts)
    return Rechecked(
        folder=folder,
        score=median(scores) if whole else None,
        lowest=min(scores) if whole else None,
        highest=max(scores) if whole else None,
        verdict=worst,
        slowdowns={name: median(found) for name, found in slowdowns.items()},
        causes=causes,
        problem="" if whole else _failures(records[-1]),
    )


def _failures(record: BenchmarkRecord) -> str:
    """Return the first reason why an operation has no time."""
    failed = [op.failure.reason for op in record.operations if op.failure is not None]
    return safe_text(failed[0], 400) if failed else "no score; run tito-bench benchmark baseline"
