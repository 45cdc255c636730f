"""The commands as functions: measured, explained and compared in the same way."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from tito_bench.api.results import Baseline, Capstone, Comparison, Explained, History
from tito_bench.errors import UsageError
from tito_bench.measure.messages import SubjectChoice
from tito_bench.measure.schedule import QUICK, STANDARD
from tito_bench.measure.suite_runner import Progress
from tito_bench.records.benchmark import encode_record
from tito_bench.records.capstone import encode_capstone
from tito_bench.records.project import find_root
from tito_bench.records.project_layout import Layout
from tito_bench.records.read import Kind, choose_pair, read_history
from tito_bench.records.repeated_runs import learned_drifts
from tito_bench.records.store import add_stamped
from tito_bench.report.comparison_view import comparison_view
from tito_bench.report.history_view import history_view
from tito_bench.runs.baseline import measure_baseline
from tito_bench.runs.capstone import QUICK_S, STANDARD_S, measure_capstone
from tito_bench.runs.explain import explain
from tito_bench.safe_text import safe_text
from tito_bench.score import TRACKS
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.suites import OPERATIONS

__all__ = ["baseline", "compare", "history", "project_of", "run_capstone", "run_explain", "silent"]

StrPath = str | os.PathLike[str]


def silent(_progress: Progress) -> None:
    """Show no progress."""


def project_of(project: StrPath | None) -> Path:
    """Return the project folder: `project`, else the one found from the current folder upwards."""
    explicit = None if project is None else Path(project)
    return find_root(explicit, os.environ, Path.cwd()).path


def baseline(
    project: StrPath | None = None,
    *,
    subject: SubjectChoice = "auto",
    package: StrPath | None = None,
    quick: bool = False,
    time_budget_s: float | None = None,
    save: bool = True,
    progress: Callable[[Progress], None] = silent,
) -> Baseline:
    """Measure tensor operations, products and a forward pass, as `tito-bench benchmark baseline`.

    Parameters
    ----------
    project
        The project folder; by default the nearest one from the current folder upwards.
    subject
        "tinytorch" (your package), "numpy", or "auto": your package where there is one.
    package
        The folder of your package, where it is not in one of the usual places.
    quick
        Fewer and shorter rounds.
    time_budget_s
        Seconds at most; 20 by default.
    save
        Whether to keep the record in the project.
    progress
        Called with each step of the measurement.

    Raises
    ------
    TitoBenchError
        The project, the package or the measuring process is not as it must be; one line
        says what is wrong and what to do.
    """
    root = project_of(project)
    budget = QUICK if quick else STANDARD
    record = measure_baseline(
        root,
        subject=subject,
        package=_path(package),
        budget=budget if time_budget_s is None else replace(budget, time_s=time_budget_s),
        environ=os.environ,
        now=_utc_now,
        progress=progress,
    )
    return Baseline(record, _saved(encode_record(record), record.kind, root) if save else None)


def run_capstone(
    project: StrPath | None = None,
    *,
    tracks: Collection[str] = TRACKS,
    package: StrPath | None = None,
    quick: bool = False,
    time_budget_s: float | None = None,
    save: bool = True,
    progress: Callable[[Progress], None] = silent,
) -> Capstone:
    """Measure models built of your own layers, as `tito-bench benchmark capstone`.

    `tracks` are some of "speed", "accuracy", "compression" and "efficiency"; `time_budget_s`
    is 60 by default and 15 for a `quick` run. For the rest see `baseline`.

    Raises
    ------
    TitoBenchError
        As for `baseline`; and there is no package, or no such track.
    """
    for track in tracks:
        if track not in TRACKS:
            raise UsageError(f"no track {safe_text(track)!r}; there are {', '.join(TRACKS)}")
    root = project_of(project)
    record = measure_capstone(
        root,
        tracks=tracks,
        package=_path(package),
        time_s=time_budget_s or (QUICK_S if quick else STANDARD_S),
        environ=os.environ,
        now=_utc_now,
        progress=progress,
    )
    return Capstone(record, _saved(encode_capstone(record), record.kind, root) if save else None)


def run_explain(
    operation: str | None = None,
    project: StrPath | None = None,
    *,
    subject: SubjectChoice = "auto",
    package: StrPath | None = None,
    progress: Callable[[Progress], None] = silent,
) -> Explained:
    """Look for what takes the time, as `tito-bench benchmark explain`; nothing is saved.

    `operation` is one of them, such as "matmul_100"; by default all of the baseline.

    Raises
    ------
    TitoBenchError
        As for `baseline`; and there is no such operation.
    """
    if operation is not None and operation not in OPERATIONS:
        shown = safe_text(operation)
        raise UsageError(f"no operation {shown!r}; there are {', '.join(OPERATIONS)}")
    explanation = explain(
        project_of(project),
        subject=subject,
        package=_path(package),
        operations=BASELINE if operation is None else (OPERATIONS[operation],),
        budget=QUICK,
        environ=os.environ,
        progress=progress,
    )
    return Explained(explanation)


def compare(
    before: str = "latest~1",
    after: str = "latest",
    project: StrPath | None = None,
    *,
    kind: Kind | None = None,
) -> Comparison:
    """Compare two records, as `tito-bench benchmark compare`.

    `before` and `after` are "latest", "latest~1", a day or minute in UTC, or a file.

    Raises
    ------
    TitoBenchError
        A record is not there or cannot be read, or the two are of different kinds.
    """
    folder, now = Layout(project_of(project)).benchmarks, _utc_now()
    found = read_history(folder, now)
    was, is_now = choose_pair((before, after), found, Path.cwd(), now, _kind(kind))
    drifts = learned_drifts(
        folder,
        found.entries,
        was.entry,
        is_now.entry,
        now,
        left_out=lambda error: warnings.warn(f"{error} (not learned from)", stacklevel=2),
    )
    return Comparison(comparison_view(was.record, is_now.record, was.entry, is_now.entry, drifts))


def history(
    project: StrPath | None = None, *, kind: Kind | None = None, limit: int | None = None
) -> History:
    """Return all records of the project, or the newest `limit` of one `kind`.

    Raises
    ------
    TitoBenchError
        There is no such project or kind.
    """
    found = read_history(Layout(project_of(project)).benchmarks, _utc_now())
    return History(history_view(found, _kind(kind), limit))


def _kind(kind: Kind | None) -> Kind | None:
    if kind is not None and kind not in get_args(Kind):
        kinds = ", ".join(get_args(Kind))
        raise UsageError(f"there is no kind {safe_text(kind)!r} of record; there are {kinds}")
    return kind


def _saved(data: bytes, kind: str, root: Path) -> Path:
    return add_stamped(Layout(root).benchmarks, kind, _utc_now(), data)


def _path(package: StrPath | None) -> Path | None:
    return None if package is None else Path(package)


def _utc_now() -> datetime:
    return datetime.now(UTC)
