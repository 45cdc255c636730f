"""The capstone suite: four models and the tensor operations they are made of."""

from __future__ import annotations

from tito_bench.workloads.operation import Operation

__all__ = ["CAPSTONE", "MODELS", "MODEL_TITLES", "SEQUENCE", "WIDTH", "batch_of", "model_operation"]

MODELS = ("mlp", "mlp_wide", "cnn", "transformer")
MODEL_TITLES = {
    "tensor": "tensor operations",
    "mlp": "mlp 64-32-10",
    "mlp_wide": "mlp-wide 784-128-10",
    "cnn": "cnn 1x28x28",
    "transformer": "transformer 32x64",
}
SEQUENCE, WIDTH = 32, 64

_SHAPES = {
    "mlp": (64,),
    "mlp_wide": (784,),
    "cnn": (1, 28, 28),
    "transformer": (SEQUENCE, WIDTH),
}
_KINDS = {"mlp": "mlp", "mlp_wide": "mlp", "cnn": "cnn", "transformer": "transformer"}
_WEIGHTS: dict[str, tuple[tuple[int, ...], ...]] = {
    "mlp": ((64, 32), (32,), (32, 10), (10,)),
    "mlp_wide": ((784, 128), (128,), (128, 10), (10,)),
    "cnn": ((8, 1, 3, 3), (8,), (16, 8, 3, 3), (16,), (400, 10), (10,)),
    # norm; query, key, value and output projections; norm; the two layers of the MLP
    "transformer": (
        *((WIDTH,), (WIDTH,)),
        *(((WIDTH, WIDTH), (WIDTH,)) * 4),
        *((WIDTH,), (WIDTH,)),
        *((WIDTH, 4 * WIDTH), (4 * WIDTH,), (4 * WIDTH, WIDTH), (WIDTH,)),
    ),
}
# Array calls that NumPy cannot do without. cnn: a window view, its copy, a product and a bias,
# relu and a maximum for each of two blocks, then a linear layer of two. transformer: eight for
# each norm, two for each of six linear layers, seven for softmax and scale, two products, two
# sums, eight for GELU.
_CALLS = {"mlp": 5, "mlp_wide": 5, "cnn": 14, "transformer": 47}
# mlp_wide: its native reference packs. cnn: loops are held against what a convolution reaches.
_VERSIONS = {"mlp_wide": 2, "cnn": 2}


def batch_of(model: str, size: int) -> tuple[int, ...]:
    """Return the shape of a batch of `size` inputs."""
    return (size, *_SHAPES[model])


def model_operation(model: str, size: int, *, scored: bool = False) -> Operation:
    """Return a forward pass of `model` on a batch of `size`."""
    return Operation(
        f"{model}_forward_{size}",
        model,
        _KINDS[model],
        (batch_of(model, size),),
        _CALLS[model],
        _WEIGHTS[model],
        scored=scored,
        version=_VERSIONS.get(model, 1),
        trained=model,
    )


# Cheapest first: what is slow must not take the time of what is not.
CAPSTONE = (
    Operation("tensor_add", "tensor", "add", ((100, 100), (100, 100)), 1),
    Operation("tensor_mul", "tensor", "mul", ((100, 100), (100, 100)), 1),
    Operation("tensor_matmul", "tensor", "matmul", ((100, 100), (100, 100)), 1),
    model_operation("mlp", 1),
    model_operation("mlp", 32, scored=True),
    model_operation("mlp_wide", 1),
    model_operation("mlp_wide", 32, scored=True),
    model_operation("transformer", 1),
    model_operation("cnn", 1),
    model_operation("transformer", 32, scored=True),
    model_operation("cnn", 32, scored=True),
)
