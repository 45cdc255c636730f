"""The native reference of each operation computes what NumPy computes in float64."""

from typing import Any

import numpy as np
import pytest

from tito_bench import _native
from tito_bench.kinds import kind_of
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.inputs import InputPool, make_weights
from tito_bench.workloads.operation import Operation
from tito_bench.workloads.oracle import disagreement


def in_float64(operation: Operation, *arrays: np.ndarray) -> np.ndarray:
    first, *rest = (array.astype(np.float64) for array in arrays)
    if operation.kind == "mlp":
        w1, b1, w2, b2 = rest
        return np.maximum(first @ w1 + b1, 0) @ w2 + b2
    functions = {"add": np.add, "mul": np.multiply, "matmul": np.matmul}
    return functions[operation.kind](first, rest[0])


@pytest.mark.parametrize("operation", BASELINE, ids=lambda op: op.name)
@pytest.mark.parametrize("target", _native.supported_targets())
def test_the_reference_agrees_with_float64_within_the_published_tolerance(
    operation: Operation, target: str
) -> None:
    inputs = tuple(np.empty(shape, np.float32) for shape in operation.inputs)
    InputPool(1_000_000, seed=5).fill(inputs, seed=6)
    weights = make_weights(operation.weights, seed=20)
    out = np.full(kind_of(operation).output_shape(operation), np.nan, np.float32)
    kind_of(operation).native(_native.Kernels(target), inputs, weights, out)()
    expected = in_float64(operation, *inputs, *weights)
    assert disagreement(expected, out, kind_of(operation).tolerance(inputs, weights, out)) is None


def test_a_large_product_packs_its_operands_and_a_small_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """docs/design/score.md publishes these shapes."""
    pack, packed = _native.pack, []

    def pack_and_note(x: Any, panels: Any, *, columns: bool) -> _native.Call:
        packed.append((memoryview(x).shape, columns))
        return pack(x, panels, columns=columns)

    monkeypatch.setattr(_native, "pack", pack_and_note)
    published = {
        "matmul_256": [((256, 256), False), ((256, 256), True)],
        "mlp_batch_256": [((256, 784), False), ((784, 128), True)],
    }
    for operation in BASELINE:
        packed.clear()
        arrays = [np.zeros(s, np.float32) for s in (*operation.inputs, *operation.weights)]
        inputs, weights = arrays[: len(operation.inputs)], arrays[len(operation.inputs) :]
        out = np.zeros(kind_of(operation).output_shape(operation), np.float32)
        kind_of(operation).native(_native.Kernels(), tuple(inputs), tuple(weights), out)
        assert packed == published.get(operation.name, []), operation.name


def test_packing_is_no_part_of_the_work_that_counts() -> None:
    operation = next(op for op in BASELINE if op.name == "matmul_256")
    a, b, out = (np.ones((256, 256), np.float32) for _ in range(3))
    reference = kind_of(operation).native(_native.Kernels(), (a, b), (), out)
    kernel = _native.Kernels().sgemm(a, b, out)
    assert (reference.name, kernel.name) == ("chain", "sgemm")
    assert (reference.flops, reference.bytes) == (kernel.flops, kernel.bytes)


def test_a_kind_without_a_kernel_is_refused() -> None:
    operation = Operation("sort", "tensor_ops", "sort", ((4,),), 1)
    array = np.zeros(4, np.float32)
    with pytest.raises(KeyError, match="sort"):
        kind_of(operation).native(_native.Kernels(), (array,), (), array)
