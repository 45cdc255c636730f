"""All operations of all suites, by name: what a worker can be asked to measure."""

from __future__ import annotations

import math

from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.capstone import CAPSTONE
from tito_bench.workloads.operation import Operation

__all__ = ["LARGEST_INPUT", "OPERATIONS", "operation_named"]

_ALL = (*BASELINE, *CAPSTONE)
OPERATIONS = {operation.name: operation for operation in _ALL}
"""Every operation by its name, the baseline's first."""

LARGEST_INPUT = max(math.prod(shape) for operation in _ALL for shape in operation.inputs)
"""Elements of the largest input of any operation."""


def operation_named(name: str) -> Operation:
    """Return the operation of that name. Raises KeyError."""
    return OPERATIONS[name]
