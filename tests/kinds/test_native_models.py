"""The native twins of the models against NumPy in float64."""

import numpy as np
import pytest

from tito_bench import _native
from tito_bench.kinds import kind_of
from tito_bench.workloads.capstone import CAPSTONE, model_operation
from tito_bench.workloads.reference import mlp_logits, mlp_step, transformer_block


def run(model: str, x: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...], float]:
    operation = model_operation(model, len(x))
    weights = kind_of(operation).weights(operation)
    out = np.zeros(kind_of(operation).output_shape(operation), dtype=np.float32)
    kind_of(operation).native(_native.Kernels(), (x,), weights, out)()
    return out, weights, kind_of(operation).tolerance((x,), weights, out)


def inputs(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).random(shape, dtype=np.float32)


@pytest.mark.parametrize("batch", [1, 3, 32])
def test_the_transformer_is_that_of_the_formula(batch: int) -> None:
    x = inputs(batch, 32, 64)
    out, weights, allowed = run("transformer", x)
    assert np.abs(out - transformer_block(weights, x, "tanh")).max() < allowed


def test_the_forms_of_gelu_can_be_told_apart() -> None:
    x = inputs(2, 32, 64)
    out, weights, allowed = run("transformer", x)
    assert np.abs(out - transformer_block(weights, x, "sigmoid")).max() > allowed


def convolved(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    view = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    return np.einsum("ncyxij,ocij->noyx", view, w) + b[:, None, None]


def pooled(x: np.ndarray) -> np.ndarray:
    n, c, size, _ = x.shape
    half = size // 2
    cells = np.maximum(x[:, :, : 2 * half, : 2 * half], 0).reshape(n, c, half, 2, half, 2)
    return cells.max(axis=(3, 5))


@pytest.mark.parametrize("batch", [1, 5])
def test_the_cnn_is_that_of_the_formula(batch: int) -> None:
    x = inputs(batch, 1, 28, 28)
    out, weights, allowed = run("cnn", x)
    w1, b1, w2, b2, w3, b3 = (array.astype(np.float64) for array in weights)
    expected = pooled(convolved(pooled(convolved(x, w1, b1)), w2, b2)).reshape(batch, -1) @ w3 + b3
    assert np.abs(out - expected).max() < allowed
    half = x.astype(np.float16).astype(np.float32)
    assert np.abs(run("cnn", half)[0] - expected).max() > allowed / 10


@pytest.mark.parametrize("model", ["mlp", "mlp_wide"])
def test_the_shipped_weights_compute_as_numpy_does(model: str) -> None:
    x = inputs(4, 64 if model == "mlp" else 784)
    out, weights, allowed = run(model, x)
    assert np.abs(out - mlp_logits(weights, x)).max() < allowed


def test_all_arrays_have_the_shapes_that_the_operations_name() -> None:
    for operation in CAPSTONE:
        assert (
            tuple(array.shape for array in kind_of(operation).weights(operation))
            == operation.weights
        )
        assert kind_of(operation).flops(operation) > 0


def test_a_step_goes_down_the_gradient() -> None:
    draw = np.random.default_rng(5)
    shapes = ((4, 5), (5,), (5, 3), (3,))
    weights = tuple(draw.standard_normal(shape).astype(np.float32) for shape in shapes)
    images, labels = inputs(6, 4), np.array([0, 1, 2, 0, 1, 2])

    def loss(candidate: tuple[np.ndarray, ...]) -> float:
        logits = mlp_logits(tuple(a.astype(np.float64) for a in candidate), images)
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = shifted / shifted.sum(axis=1, keepdims=True)
        return float(-np.log(shares[np.arange(6), labels]).mean())

    after = tuple(array.copy() for array in weights)
    before_loss = mlp_step(after, images, labels, 0.1)
    assert before_loss == pytest.approx(loss(weights), rel=1e-5)
    for index, (old, new) in enumerate(zip(weights, after, strict=True)):
        changed = [array.astype(np.float64) for array in weights]
        position = (0,) * old.ndim
        changed[index][position] += 1e-6
        slope = (loss(tuple(changed)) - loss(weights)) / 1e-6
        assert (old[position] - new[position]) / 0.1 == pytest.approx(slope, abs=1e-3)
