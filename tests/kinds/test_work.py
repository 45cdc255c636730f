"""The work of every operation by formula, held to what the native kernels count."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tito_bench import _native
from tito_bench.kinds import kind_of
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.capstone import CAPSTONE, MODELS, model_operation
from tito_bench.workloads.operation import Operation

ALL = [
    *BASELINE,
    *CAPSTONE,
    *(model_operation(model, 7) for model in MODELS),
    Operation("thin", "matmul", "matmul", ((3, 1), (1, 5)), 1),
]


def bound(operation: Operation) -> _native.Call:
    inputs, weights = (
        tuple(np.zeros(shape, dtype=np.float32) for shape in shapes)
        for shapes in (operation.inputs, operation.weights)
    )
    out = np.zeros(kind_of(operation).output_shape(operation), dtype=np.float32)
    return kind_of(operation).native(_native.Kernels("portable"), inputs, weights, out)


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.name)
def test_the_formula_counts_what_the_kernels_count(operation: Operation) -> None:
    assert kind_of(operation).flops(operation) == bound(operation).flops


@pytest.mark.parametrize(
    "operation",
    [operation for operation in ALL if operation.kind in {"add", "mul", "matmul", "mlp"}],
    ids=lambda operation: operation.name,
)
def test_bytes_are_those_of_a_single_kernel(operation: Operation) -> None:
    call = bound(operation)
    out_bytes = 4 * math.prod(kind_of(operation).output_shape(operation))
    work = kind_of(operation).work(operation)
    assert (work.bytes, work.bytes_written) == (call.bytes, out_bytes)


def test_intensity_is_flop_per_byte() -> None:
    add, wide = (kind_of(op).work(op) for op in (BASELINE[0], model_operation("mlp_wide", 1)))
    assert add.intensity == pytest.approx(1 / 12)
    assert not add.mostly_reads
    assert wide.mostly_reads, "its matrices are read, ten numbers are written"
