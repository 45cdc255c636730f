"""What a forward pass costs beside time: memory."""

from __future__ import annotations

import math
import sys
import tracemalloc

import numpy as np

from tito_bench.capstone.task_context import TaskContext
from tito_bench.kinds import kind_of
from tito_bench.measure.task_figures import MemoryFigures
from tito_bench.subjects.student_code import require_array, student_code
from tito_bench.workloads.capstone import model_operation
from tito_bench.workloads.inputs import InputPool

__all__ = ["assess_memory", "needed_bytes"]

_BATCH = 32


def needed_bytes(model: str) -> int:
    """Count the bytes that a forward pass at batch 32 must allocate at once.

    Layer by layer, in float32.
    """
    operation = model_operation(model, _BATCH)
    return 4 * _BATCH * kind_of(operation).sizes(operation).activation_elements


def assess_memory(context: TaskContext) -> MemoryFigures:
    """Watch one forward pass at batch 32 by tracemalloc, after one that is not counted."""
    operation = context.operation
    inputs = np.zeros(operation.inputs[0], dtype=np.float32)
    InputPool(inputs.size, context.seed).fill((inputs,), context.seed)
    model = context.build()
    with student_code(context.subject.package.location):
        x = context.tensor(inputs)
        require_array(model.forward(x), model.expression)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            result = model.forward(x)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        require_array(result, model.expression)
    return MemoryFigures(
        model=context.model,
        peak_bytes=peak - before,
        needed_bytes=needed_bytes(context.model),
        parameter_bytes=4 * sum(math.prod(shape) for shape in operation.weights),
        high_water_bytes=_high_water_bytes(),
    )


def _high_water_bytes() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
