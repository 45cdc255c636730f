"""The learning curve of a capstone."""

from __future__ import annotations

from dataclasses import dataclass

from tito_bench.measure.task_figures import CurvePoint
from tito_bench.records.capstone import CapstoneRecord

__all__ = ["LearningCurve", "learning_curve"]


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy (0 to 1) and loss after each epoch, beside the accuracy of the native reference."""

    title: str
    points: tuple[CurvePoint, ...]
    expected: float

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """Epoch, loss and accuracy of every point, as text."""
        return tuple((f"{p.epoch}", f"{p.loss:.3f}", f"{p.accuracy:.1%}") for p in self.points)


def learning_curve(record: CapstoneRecord) -> LearningCurve | None:
    """Return the curve of the training, if there was one."""
    training = record.training
    if training is None or not training.curve:
        return None
    title = f"{training.steps} steps of {training.optimizer}"
    return LearningCurve(title, tuple(training.curve), training.expected)
