"""What the oracle allows, pinned: ten times as much would let half precision through."""

import numpy as np
import pytest

from tito_bench.kinds import kind_of
from tito_bench.workloads.suites import OPERATIONS

# Of inputs that are 0.5 throughout, and a result of 1s; in units of float32's epsilon.
ALLOWED = {
    "add_100x100": 2.0,
    "mul_100x100": 2.0,
    "matmul_100": 1000.0,
    "matmul_256": 4096.0,
}
DEEP = {"cnn": (9, 72, 400), "transformer": (64, 64, 64, 32, 64, 64, 64, 256)}
EPSILON = float(np.finfo(np.float32).eps)


def _tolerance(name: str) -> float:
    operation = OPERATIONS[name]
    kind = kind_of(operation)
    inputs = tuple(np.full(shape, 0.5, np.float32) for shape in operation.inputs)
    expected = np.ones(kind.output_shape(operation), np.float32)
    return kind.tolerance(inputs, kind.weights(operation), expected) / EPSILON


@pytest.mark.parametrize("name", ALLOWED)
def test_a_single_operation_may_err_by_its_sums(name):
    assert _tolerance(name) == pytest.approx(ALLOWED[name], rel=1e-6)


@pytest.mark.parametrize("model", DEEP)
def test_a_deep_model_may_err_by_those_of_its_layers(model):
    """Each layer by 4 * sqrt(k) roundings, with k the length of its sums."""
    name = next(name for name in OPERATIONS if name.startswith(model))
    sums = DEEP[model]
    assert _tolerance(name) == pytest.approx(4 * np.sqrt(sums).sum(), rel=1e-6)
