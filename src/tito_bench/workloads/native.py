"""The native twin of each operation: a kernel bound to its arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tito_bench.workloads.native_models import bind_cnn, bind_transformer
from tito_bench.workloads.operation import Operation

if TYPE_CHECKING:
    from tito_bench._native import Call, Kernels

__all__ = ["bind", "native_flops", "output_shape"]


def output_shape(operation: Operation) -> tuple[int, ...]:
    """Shape of the result."""
    if operation.kind == "matmul":
        return operation.inputs[0][0], operation.inputs[1][1]
    if operation.kind in {"mlp", "cnn"}:
        return operation.inputs[0][0], operation.weights[-1][0]
    return operation.inputs[0]


def bind(
    kernels: Kernels,
    operation: Operation,
    inputs: tuple[np.ndarray, ...],
    weights: tuple[np.ndarray, ...],
    out: np.ndarray,
) -> Call:
    """Bind the kernel of `operation`. Raises KeyError on a kind without a kernel."""
    binders: dict[str, Callable[..., Call]] = {
        "add": kernels.add,
        "mul": kernels.mul,
        "matmul": kernels.sgemm,
        "mlp": kernels.mlp,
        "cnn": partial(bind_cnn, kernels),
        "transformer": partial(bind_transformer, kernels),
    }
    return binders[operation.kind](*inputs, *weights, out)


def native_flops(operation: Operation) -> int:
    """Arithmetic operations of one call (a multiply-add counts as two)."""
    from tito_bench import _native

    arrays = [
        tuple(np.zeros(shape, dtype=np.float32) for shape in shapes)
        for shapes in (operation.inputs, operation.weights)
    ]
    out = np.zeros(output_shape(operation), dtype=np.float32)
    return bind(_native.Kernels("portable"), operation, arrays[0], arrays[1], out).flops
