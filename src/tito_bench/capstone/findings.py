"""All that a run of the capstone found, its verdict, and the scores of its tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from tito_bench import score as scoring
from tito_bench.capstone.results import ModelFigures, TaskResult
from tito_bench.machine.environment import Machine
from tito_bench.machine.findings import Finding
from tito_bench.measure import task_figures as fig
from tito_bench.measure.messages import Loaded
from tito_bench.measure.results import Failure
from tito_bench.measure.summary import SuiteSummary
from tito_bench.measure.verdict import Reason, Verdict, judge

__all__ = ["Findings", "judge_capstone", "track_scores"]

_T = TypeVar("_T")
_FALSE = frozenset({"incorrect", "tampered"})
_LEFT_OUT = frozenset({"missing", "timeout"})


@dataclass(frozen=True)
class Findings:
    """All that a run found."""

    subject: Loaded
    machine: Machine
    environment: Sequence[Finding]
    summary: SuiteSummary
    models: tuple[ModelFigures, ...]
    tasks: tuple[TaskResult, ...]
    tracks: tuple[str, ...]

    def of(self, kind: type[_T]) -> list[_T]:
        """The figures of one kind."""
        return [task.outcome for task in self.tasks if isinstance(task.outcome, kind)]

    def failures(self, *tasks: str) -> list[Failure]:
        """The failures of those tasks; of all without any."""
        return [
            task.outcome
            for task in self.tasks
            if isinstance(task.outcome, Failure) and (not tasks or task.task in tasks)
        ]


def judge_capstone(found: Findings) -> Verdict:
    """Judge the rounds, and tasks whose results were false."""
    false = [
        Reason("false_result", task.name, task.outcome.reason)
        for task in found.tasks
        if isinstance(task.outcome, Failure)
        and task.outcome.kind in _FALSE
        and task.task != "own"  # beside the tracks, not in them
    ]
    verdict = judge(found.summary, found.subject.runtime)
    if false:
        return Verdict("invalid", (*false, *verdict.reasons))
    return verdict


def track_scores(found: Findings) -> dict[str, float | None]:
    """Return one score for each track, in their order; None for what was not measured."""
    accuracy = [(f.accuracy, f.expected) for f in found.of(fig.AccuracyFigures)]
    accuracy += [(f.accuracy, f.expected) for f in found.of(fig.TrainingFigures)]
    ratios: list[float | None] = [
        f.ratio if f.kept else None for f in found.of(fig.CompressionFigures)
    ]
    ratios += [None] * _broken(found.failures("quantization", "pruning"))
    scores: dict[str, float | None] = {
        "speed": found.summary.score,
        "compression": scoring.compression_score(ratios),
        "accuracy": scoring.accuracy_score(
            accuracy, _broken(found.failures("accuracy", "training"))
        ),
        "efficiency": scoring.efficiency_score(
            [m.time_ratio for m in found.models if m.time_ratio is not None],
            [f.peak_bytes / f.needed_bytes for f in found.of(fig.MemoryFigures)],
        ),
    }
    return {track: points if track in found.tracks else None for track, points in scores.items()}


def _broken(failures: Sequence[Failure]) -> int:
    """How many of them count 0, because the code is there and does not work."""
    return sum(failure.kind not in _LEFT_OUT for failure in failures)
