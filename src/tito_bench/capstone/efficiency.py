"""What a forward pass costs beside time: memory, and energy where it can be read."""

from __future__ import annotations

import math
import sys
import tracemalloc
from pathlib import Path

import numpy as np

from tito_bench import _native
from tito_bench.capstone.desk import Desk
from tito_bench.measure.figures import EnergyFigures, MemoryFigures
from tito_bench.subjects.missing import Missing
from tito_bench.subjects.student_code import require_array, student_code
from tito_bench.workloads.inputs import InputPool

__all__ = ["assess_energy", "assess_memory", "needed_bytes"]

_BATCH = 32
# Input and output of the activation where both together are largest, as elements of one input;
# in the transformer what the residual connection keeps comes on top.
_LARGEST_LAYER = {
    "mlp": 2 * 32,
    "mlp_wide": 2 * 128,
    "cnn": 2 * 8 * 26 * 26,
    "transformer": 2 * 32 * 256 + 32 * 64,
}
_RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")
_RAPL_RANGE = _RAPL.with_name("max_energy_range_uj")
_wall_clock_ns = _native.wall_clock_ns


def needed_bytes(model: str) -> int:
    """What a forward pass at batch 32 must allocate at once, layer by layer, in float32."""
    return 4 * _BATCH * _LARGEST_LAYER[model]


def assess_memory(desk: Desk) -> MemoryFigures:
    """One forward pass at batch 32 under tracemalloc, after one that is not counted."""
    operation = desk.operation
    inputs = np.zeros(operation.inputs[0], dtype=np.float32)
    InputPool(inputs.size, desk.seed).fill((inputs,), desk.seed)
    model = desk.build()
    with student_code(desk.subject.package.location):
        x = desk.tensor(inputs)
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
        model=desk.model,
        peak_bytes=peak - before,
        needed_bytes=needed_bytes(desk.model),
        parameter_bytes=4 * sum(math.prod(shape) for shape in operation.weights),
        high_water_bytes=_high_water_bytes(),
    )


def assess_energy(desk: Desk) -> EnergyFigures:
    """Read the processor's energy counter around forward passes.

    The counter is of the whole package: other programs are in it. Raises
    `Missing` where there is none, or it may not be read.
    """
    started = _read_counter()
    limit = int(_RAPL_RANGE.read_text(encoding="ascii"))
    inputs = np.full(desk.operation.inputs[0], 0.5, dtype=np.float32)
    model = desk.build()
    count = 0
    with student_code(desk.subject.package.location):
        x = desk.tensor(inputs)
        model.forward(x)
        started = _read_counter()
        ends = _wall_clock_ns() + desk.time_s * 1e9
        while count == 0 or _wall_clock_ns() < ends:
            model.forward(x)
            count += _BATCH
    micro_joules = (_read_counter() - started) % limit
    if micro_joules == 0:
        raise Missing("energy", None, "energy: the processor's counter stands still")
    return EnergyFigures(desk.model, micro_joules / 1e6 / count, count)


def _read_counter() -> int:
    if sys.platform != "linux":
        raise Missing("energy", None, f"energy: {sys.platform} has no counter that may be read")
    try:
        return int(_RAPL.read_text(encoding="ascii"))
    except FileNotFoundError:
        reason = "energy: this machine shows no RAPL counter (usual in virtual machines)"
    except PermissionError:
        reason = "energy: the RAPL counter can only be read by root"
    except (OSError, ValueError) as error:
        reason = f"energy: the RAPL counter cannot be read ({type(error).__name__})"
    raise Missing("energy", None, reason)


def _high_water_bytes() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
