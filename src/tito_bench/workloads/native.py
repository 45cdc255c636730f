"""The native reference of each operation: a kernel bound to its arrays.

A product of large matrices also packs both of its operands. The kernel itself
does without, but no Python program can: whatever BLAS its products go through
packs them (Goto and van de Geijn, "Anatomy of high-performance matrix
multiplication", ACM TOMS 34(3), 2008). That takes as long with wide vectors as
with narrow ones, so that without it the same code scores less where they are wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tito_bench import _native
from tito_bench.workloads.native_models import bind_cnn, bind_transformer
from tito_bench.workloads.operation import Operation

if TYPE_CHECKING:
    from tito_bench._native import Call, Kernels

__all__ = ["bind", "native_flops", "output_shape"]

_UNPACKED = 1_000_000
"""Multiply-adds up to which a product goes without packing; OpenBLAS's own limit where it does."""
_ROOM = 32_768
"""Floats in which the panels take turns: 128 KiB, a part of any second cache."""


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
    """Bind the kernel of `operation`, and the packing of a large product.

    Raises KeyError on a kind without a kernel.
    """
    binders: dict[str, Callable[..., Call]] = {
        "add": kernels.add,
        "mul": kernels.mul,
        "matmul": kernels.sgemm,
        "mlp": kernels.mlp,
        "cnn": partial(bind_cnn, kernels),
        "transformer": partial(bind_transformer, kernels),
    }
    call = binders[operation.kind](*inputs, *weights, out)
    packs_itself = kernels.calls_blas
    packed = () if packs_itself else _packed(operation, (*inputs, *weights))
    packing = [_pack(*operand) for operand in packed]
    return _native.chain([*packing, call]) if packing else call


def _packed(
    operation: Operation, arrays: tuple[np.ndarray, ...]
) -> Iterator[tuple[np.ndarray, bool]]:
    """The operands of its first product where that is large; whether columns make their panels."""
    if operation.kind in {"matmul", "mlp"}:
        a, b = arrays[:2]
        if a.size * b.shape[1] > _UNPACKED:
            yield a, False
            yield b, True


def _pack(operand: np.ndarray, columns: bool) -> Call:
    steps = operand.shape[0 if columns else 1]
    # Written once: a page that was never written reads falsely fast.
    panels = np.full(max(_ROOM, _native.PANEL * steps), np.nan, dtype=np.float32)
    return _native.pack(operand, panels, columns=columns)


def native_flops(operation: Operation) -> int:
    """Arithmetic operations of one call (a multiply-add counts as two)."""
    arrays = [
        tuple(np.zeros(shape, dtype=np.float32) for shape in shapes)
        for shapes in (operation.inputs, operation.weights)
    ]
    out = np.zeros(output_shape(operation), dtype=np.float32)
    return bind(_native.Kernels("portable"), operation, arrays[0], arrays[1], out).flops
