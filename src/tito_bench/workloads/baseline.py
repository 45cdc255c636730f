"""The baseline suite: the three groups of `benchmark baseline`."""

from __future__ import annotations

from tito_bench.workloads.operation import Operation

__all__ = ["BASELINE", "GROUP_TITLES"]

GROUP_TITLES = {
    "tensor_ops": "Tensor Operations",
    "matmul": "Matrix Multiply",
    "forward_pass": "Forward Pass",
}

_MLP_WEIGHTS = ((784, 128), (128,), (128, 10), (10,))
# matmul, add, maximum, matmul, add: NumPy has no call that fuses any two of them.
_MLP_CALLS = 5

BASELINE = (
    Operation("add_100x100", "tensor_ops", "add", ((100, 100), (100, 100)), 1),
    Operation("mul_100x100", "tensor_ops", "mul", ((100, 100), (100, 100)), 1),
    Operation("add_512x512", "tensor_ops", "add", ((512, 512), (512, 512)), 1),
    Operation("matmul_100", "matmul", "matmul", ((100, 100), (100, 100)), 1),
    Operation("matmul_256", "matmul", "matmul", ((256, 256), (256, 256)), 1),
    Operation(
        "mlp_batch_256",
        "forward_pass",
        "mlp",
        ((256, 784),),
        _MLP_CALLS,
        _MLP_WEIGHTS,
        version=2,  # its native reference packs
    ),
    # Too short against the dispatch cost to normalise well: shown, not scored.
    Operation(
        "mlp_batch_1", "forward_pass", "mlp", ((1, 784),), _MLP_CALLS, _MLP_WEIGHTS, scored=False
    ),
)
