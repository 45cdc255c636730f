"""What a task works with, and what several tasks need: the model, the data, the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tito_bench import _native
from tito_bench.kinds import kind_of
from tito_bench.measure.task_figures import CustomModelChoice
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.models import StudentModel
from tito_bench.subjects.student_code import require_array, student_code
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject
from tito_bench.workloads.capstone import batch_of, model_operation
from tito_bench.workloads.digits import Digits, course_digits, enlarge, shipped_digits
from tito_bench.workloads.operation import Operation

__all__ = ["TaskContext", "accuracy_of", "images_for"]

_isfinite, _argmax, _absolute, _subtract = np.isfinite, np.argmax, np.absolute, np.subtract
_wall_clock_ns = _native.wall_clock_ns


@dataclass(frozen=True)
class TaskContext:
    """One task at work: whose code, on which model, with how much time in seconds."""

    subject: TinyTorchSubject
    kernels: _native.Kernels
    root: Path
    model: str
    seed: int
    time_s: float
    own: CustomModelChoice | None = None
    chosen: Callable[[str], _native.Kernels] | None = None
    """Gives what was found to be the faster native code of the operation of a name."""

    def native_of(self, *operations: str) -> _native.Kernels:
        """Return the faster native code of these operations, which are the same but in name."""
        found = () if self.chosen is None else map(self.chosen, operations)
        return next((kernels for kernels in found if kernels.calls_blas), self.kernels)

    @property
    def operation(self) -> Operation:
        """The forward pass of the model at batch 32."""
        return model_operation(self.model, 32)

    @property
    def tensor(self) -> Callable[[Any], Any]:
        """The student's Tensor class. Raises `Missing`."""
        found: Any = self.subject.package.require("Tensor")
        return lambda values: found(values)

    def build(self) -> StudentModel:
        """Make the model of the student's layers with the shipped weights, a fresh one."""
        kind = kind_of(self.operation)
        weights = tuple(array.copy() for array in kind.weights(self.operation))
        return kind.tinytorch(self.subject.package, weights)

    def forward(self, function: Callable[[Any], Any], images: np.ndarray) -> np.ndarray:
        """Return the logits of the student's code for `images`, as a finite float array.

        Raises `StudentCodeError` where it raises, or returns no such thing.
        """
        with student_code(self.subject.package.location):
            logits = require_array(function(self.tensor(images)), f"{self.model}(x)")
        if logits.shape != (len(images), 10) or logits.dtype.kind != "f":
            raise StudentCodeError(
                f"{self.model}(x) has shape {logits.shape} and dtype {logits.dtype}, "
                f"({len(images)}, 10) of floats is needed"
            )
        if not _isfinite(logits).all():
            raise StudentCodeError(f"{self.model}(x) holds NaN or infinity")
        return logits.copy()

    def reference(self, images: np.ndarray) -> tuple[np.ndarray, float]:
        """Return native logits of the shipped weights, and how far right ones may lie from them."""
        operation = model_operation(self.model, len(images))
        kind = kind_of(operation)
        weights = kind.weights(operation)
        images = np.ascontiguousarray(images, dtype=np.float32)
        out = np.zeros((len(images), 10), dtype=np.float32)
        kind.native(self.kernels, (images,), weights, out)()
        return out, kind.tolerance((images,), weights, out)

    def digits(self) -> tuple[Digits, str | None]:
        """Return the course's own digits where they are real, else ours; and why ours."""
        found, reason = course_digits(self.root)
        return (shipped_digits(), reason) if found is None else (found, None)


def images_for(model: str, images: np.ndarray) -> np.ndarray:
    """Return 8x8 images in the shape that `model` takes."""
    if model != "mlp":
        images = enlarge(images)
    return np.ascontiguousarray(images.reshape(batch_of(model, len(images))))


def accuracy_of(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows whose largest value is at their label."""
    return float((_argmax(logits, axis=1) == labels).mean())
