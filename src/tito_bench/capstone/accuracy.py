"""The shipped weights through the student's layers: are they right, and how often?"""

from __future__ import annotations

import numpy as np

from tito_bench import _native
from tito_bench.capstone.task_context import TaskContext, accuracy_of, images_for
from tito_bench.measure.task_figures import AccuracyFigures
from tito_bench.subjects.missing import IncorrectResult

__all__ = ["assess_accuracy"]

_FIRST_BATCH, _LARGEST_BATCH = 2, 20  # a slow convolution shall get through the first
_maximum, _absolute, _subtract = np.maximum, np.absolute, np.subtract
_wall_clock_ns = _native.wall_clock_ns


def assess_accuracy(context: TaskContext) -> AccuracyFigures:
    """Classify the test images, in an order that the student's code cannot foresee.

    Every batch must give the native reference's values: so nothing that has the
    labels from somewhere else is taken for a good model. A slow package gets
    through fewer images; both accuracies are of those.
    """
    model = context.build()
    data, note = context.digits()
    order = np.random.default_rng(context.seed).permutation(len(data.test_labels))
    ends = _wall_clock_ns() + context.time_s * 1e9
    mine: list[np.ndarray] = []
    right: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    done, size = 0, _FIRST_BATCH
    while done < len(order) and size:
        chosen = order[done : done + size]
        started = _wall_clock_ns()
        images = images_for(context.model, data.test_images[chosen])
        expected, allowed = context.reference(images)
        logits = context.forward(model.forward, images.copy())
        worst = float(_maximum.reduce(_absolute(_subtract(logits, expected)), axis=None))
        if worst > allowed:
            raise IncorrectResult(
                f"the shipped weights give other values through your layers: off by {worst:.3g}, "
                f"rounding explains {allowed:.3g}"
            )
        mine.append(logits)
        right.append(expected)
        labels.append(data.test_labels[chosen])
        done += len(chosen)
        image_ns = (_wall_clock_ns() - started) / len(chosen)
        size = min(_LARGEST_BATCH, max(0, int((ends - _wall_clock_ns()) / image_ns)))
    truth = np.concatenate(labels)
    return AccuracyFigures(
        model=context.model,
        images=len(truth),
        accuracy=accuracy_of(np.concatenate(mine), truth),
        expected=accuracy_of(np.concatenate(right), truth),
        data=data.source,
        note=note,
    )
