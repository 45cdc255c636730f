"""All that a run of the capstone found, its verdict, and the scores of its tracks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tito_bench import score as scoring
from tito_bench.capstone.results import ModelFigures, TaskResult
from tito_bench.machine.environment import Machine
from tito_bench.measure import task_figures as fig
from tito_bench.measure.messages import FailureKind, Loaded
from tito_bench.measure.results import Failure
from tito_bench.measure.summary import SuiteSummary
from tito_bench.measure.verdict import Verdict, doubts_of, judge, reason, status_of
from tito_bench.note import Note

__all__ = ["Findings", "judge_capstone", "scores_of", "track_scores"]

_T = TypeVar("_T")
_FALSE = frozenset({"incorrect", "tampered"})
_BESIDE_THE_TRACKS = frozenset({"own", "optimisation", "metrics"})
_LEFT_OUT = frozenset({"missing", "timeout"})


@dataclass(frozen=True)
class Findings:
    """All that a run found."""

    subject: Loaded
    machine: Machine
    environment: Sequence[Note]
    summary: SuiteSummary
    models: tuple[ModelFigures, ...]
    tasks: tuple[TaskResult, ...]
    tracks: tuple[str, ...]

    def of(self, kind: type[_T]) -> list[_T]:
        """Return the figures of one kind."""
        return [task.outcome for task in self.tasks if isinstance(task.outcome, kind)]


def judge_capstone(found: Findings) -> Verdict:
    """Judge the rounds, and tasks whose results were false."""
    false = [
        reason("false_result", task.name, task.outcome.reason)
        for task in found.tasks
        if isinstance(task.outcome, Failure)
        and task.outcome.kind in _FALSE
        and task.task not in _BESIDE_THE_TRACKS
    ]
    doubts = doubts_of(found.environment)
    reasons = (*false, *judge(found.summary, found.subject.runtime, doubts).reasons)
    return Verdict(status_of([note.code for note in reasons]), reasons)


def track_scores(found: Findings) -> dict[str, float | None]:
    """Return one score for each track, in their order; None for what was not measured."""
    return scores_of(
        found.tracks,
        found.summary.score,
        accuracy=[*found.of(fig.AccuracyFigures), *found.of(fig.TrainingFigures)],
        compression=found.of(fig.CompressionFigures),
        memory=found.of(fig.MemoryFigures),
        time_ratios=[m.time_ratio for m in found.models if m.time_ratio is not None],
        failures=[
            (task.task, task.outcome.kind)
            for task in found.tasks
            if isinstance(task.outcome, Failure)
        ],
    )


def scores_of(
    tracks: Collection[str],
    speed: float | None,
    *,
    accuracy: Sequence[fig.AccuracyFigures | fig.TrainingFigures],
    compression: Sequence[fig.CompressionFigures],
    memory: Sequence[fig.MemoryFigures],
    time_ratios: Sequence[float],
    failures: Sequence[tuple[str, FailureKind]],
) -> dict[str, float | None]:
    """Return the scores of `tracks` from their figures, None for the others.

    `speed` is the score of the rounds, `time_ratios` hold time over native time for each
    model, and `failures` the tasks that failed, by name, and how: a part of the package that
    is there and does not work counts 0.
    """

    def broken(*tasks: str) -> int:
        return sum(task in tasks and kind not in _LEFT_OUT for task, kind in failures)

    ratios: list[float | None] = [f.ratio if f.kept else None for f in compression]
    ratios += [None] * broken("quantization", "pruning")
    scores: dict[str, float | None] = {
        "speed": speed,
        "compression": scoring.compression_score(ratios),
        "accuracy": scoring.accuracy_score(
            [(f.accuracy, f.expected) for f in accuracy], broken("accuracy", "training")
        ),
        "efficiency": scoring.efficiency_score(
            time_ratios, [f.peak_bytes / f.needed_bytes for f in memory]
        ),
    }
    return {track: points if track in tracks else None for track, points in scores.items()}
