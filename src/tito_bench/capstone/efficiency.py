"""What a forward pass costs beside time: memory."""

from __future__ import annotations

import math
import sys
import tracemalloc

import numpy as np

from tito_bench import _native
from tito_bench.capstone.task_context import TaskContext
from tito_bench.kinds import kind_of
from tito_bench.measure.task_figures import MemoryFigures
from tito_bench.subjects.models import StudentModel
from tito_bench.subjects.student_code import require_array, student_code
from tito_bench.workloads.capstone import batch_of, model_operation
from tito_bench.workloads.inputs import InputPool

__all__ = ["assess_memory", "needed_bytes"]

_BATCHES = (1, 8, 32)
_wall_clock_ns = _native.wall_clock_ns


def needed_bytes(model: str, batch: int) -> int:
    """Count the bytes that a forward pass on `batch` inputs must allocate at once.

    Layer by layer, in float32.
    """
    operation = model_operation(model, batch)
    return 4 * batch * kind_of(operation).sizes(operation).activation_elements


def assess_memory(context: TaskContext) -> MemoryFigures:
    """Watch one forward pass by tracemalloc: at batch 32, or less where that would take too long.

    A convolution of the classroom takes a second for an image. What 32 take is not 32 times that
    of array code, so that it is told from 8.
    """
    ends = _wall_clock_ns() + 1e9 * context.time_s
    model = context.build()
    batch, *larger = _BATCHES
    peak_bytes, traced_ns = _watch_pass(context, model, batch)
    for size in larger:
        # Once untraced and once traced; the former is never the slower one.
        if _wall_clock_ns() + 2 * size * traced_ns / batch > ends:
            break
        peak_bytes, traced_ns = _watch_pass(context, model, size)
        batch = size
    return MemoryFigures(
        model=context.model,
        peak_bytes=peak_bytes,
        needed_bytes=needed_bytes(context.model, batch),
        parameter_bytes=4 * sum(math.prod(shape) for shape in context.operation.weights),
        high_water_bytes=_high_water_bytes(),
        batch=batch,
    )


def _watch_pass(context: TaskContext, model: StudentModel, batch: int) -> tuple[int, int]:
    """Return what a pass allocates at its peak, in bytes, and its time while traced, in ns.

    The one before, which is not watched, may fill what later ones find filled.
    """
    inputs = np.zeros(batch_of(context.model, batch), dtype=np.float32)
    InputPool(inputs.size, context.seed).fill((inputs,), context.seed)
    with student_code(context.subject.package.location):
        x = context.tensor(inputs)
        require_array(model.forward(x), model.expression)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            started_ns = _wall_clock_ns()
            result = model.forward(x)
            traced_ns = _wall_clock_ns() - started_ns
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        require_array(result, model.expression)
    return peak - before, traced_ns


def _high_water_bytes() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
