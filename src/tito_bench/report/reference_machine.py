"""The reference machine, whose card is part of the package.

A slowdown means the same everywhere; times of the reference machine put it
into milliseconds that people on different machines can compare.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from tito_bench.records.benchmark import OperationRecord
from tito_bench.records.calibration import CALIBRATION, Calibration
from tito_bench.records.schema import decode
from tito_bench.score import slowdown

__all__ = ["reference_card", "reference_ms", "reference_name"]

_FILE = "reference_card.json"


@cache
def reference_card() -> Calibration:
    """Read the calibration of the reference machine, made by `benchmark calibrate --output`."""
    data = files("tito_bench").joinpath("data", _FILE).read_bytes()
    return decode(CALIBRATION, data, _FILE).value


def reference_ms(operation: OperationRecord) -> float | None:
    """Return what the measured code would take for one call on the reference machine.

    In ms: the time that has the same slowdown there. None where nothing was
    measured, or the card has no such operation in this version.
    """
    if operation.slowdown is None:
        return None
    for time in reference_card().operations:
        if (time.name, time.version) == (operation.name, operation.version):
            # Slowdowns are proportional to the subject's time.
            per_ns = slowdown(
                1.0,
                time.native_ns,
                dispatch_calls=operation.dispatch_calls,
                dispatch_ns=(time.reference_ns - time.native_ns) / operation.dispatch_calls,
                work=operation.work,
            )
            return operation.slowdown / per_ns / 1e6
    return None


def reference_name() -> str:
    """Name the reference machine for people: its CPU and kernels, never a single machine."""
    found = reference_card().fingerprint
    return f"{found.cpu_model}, {found.kernel_target}"
