"""Trains the weights that the accuracy track ships: src/tito_bench/data/capstone_weights.npz.

Run: python tools/train_weights.py    (NumPy alone; about a minute; the same file every time on
one machine, for all seeds are fixed)

`mlp` is trained on the 8x8 digits, `cnn` on the same enlarged to 28x28. `mlp_wide` is a 64-128-10
network on the 8x8 digits whose first layer is then spread over the 28x28 pixels: each of the nine
pixels that one was enlarged to gets a ninth of its weight. It computes the same, and compresses
to a few kB because rows repeat. All are stored as float16: half the bytes, the same accuracy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tito_bench.workloads.digits import enlarge, shipped_digits
from tito_bench.workloads.inputs import make_weights
from tito_bench.workloads.reference import mlp_logits, mlp_step

TARGET = Path(__file__).parents[1] / "src" / "tito_bench" / "data" / "capstone_weights.npz"
SEED = 4
BATCH = 32

Weights = tuple[np.ndarray, ...]


def train_mlp(hidden: int, epochs: int, rate: float) -> Weights:
    data = shipped_digits()
    weights = make_weights(((64, hidden), (hidden,), (hidden, 10), (10,)), SEED)
    draw = np.random.default_rng(SEED)
    for _ in range(epochs):
        order = draw.permutation(len(data.train_labels))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            images = data.train_images[chosen].reshape(len(chosen), -1)
            mlp_step(weights, images, data.train_labels[chosen], rate)
    return weights


def spread(weights: Weights) -> Weights:
    """Spread 64 inputs to 784: the first layer of a network for the enlarged digits."""
    first, *others = weights
    columns = first.shape[1]
    pixels = first.reshape(8, 8, columns).repeat(3, axis=0).repeat(3, axis=1) / np.float32(9)
    framed = np.pad(pixels, ((2, 2), (2, 2), (0, 0)))
    return (np.ascontiguousarray(framed.reshape(784, columns)), *others)


# -- the convolutional network ---------------------------------------------------


def windows(images: np.ndarray) -> np.ndarray:
    """Return all 3x3 patches as rows: (n, out, out, channels * 9)."""
    view = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(2, 3))
    n, channels, out, _, _, _ = view.shape
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(n, out, out, channels * 9)


def convolve(images: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    patches = windows(images)
    result = patches @ w.reshape(len(w), -1).T + b
    return patches, result.transpose(0, 3, 1, 2)


def pool(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, c, size, _ = x.shape
    half = size // 2
    cells = x[:, :, : 2 * half, : 2 * half].reshape(n, c, half, 2, half, 2)
    largest = cells.max(axis=(3, 5))
    return largest, cells == largest[:, :, :, None, :, None]


def unpool(g: np.ndarray, where: np.ndarray, size: int) -> np.ndarray:
    n, c, half, _ = g.shape
    cells = (g[:, :, :, None, :, None] * where).reshape(n, c, 2 * half, 2 * half)
    return np.pad(cells, ((0, 0), (0, 0), (0, size - 2 * half), (0, size - 2 * half)))


def cnn_step(weights: Weights, images: np.ndarray, labels: np.ndarray, rate: float) -> None:
    w1, b1, w2, b2, w3, b3 = weights
    patches1, z1 = convolve(images, w1, b1)
    p1, where1 = pool(np.maximum(z1, 0))
    patches2, z2 = convolve(p1, w2, b2)
    p2, where2 = pool(np.maximum(z2, 0))
    flat = p2.reshape(len(images), -1)
    logits = flat @ w3 + b3
    g = np.exp(logits - logits.max(axis=1, keepdims=True))
    g /= g.sum(axis=1, keepdims=True)
    g[np.arange(len(labels)), labels] -= 1
    g /= len(labels)
    d_w3, d_b3 = flat.T @ g, g.sum(axis=0)
    g = unpool((g @ w3.T).reshape(p2.shape), where2, z2.shape[2]) * (z2 > 0)
    rows = g.transpose(0, 2, 3, 1)
    d_w2 = np.einsum("nyxo,nyxk->ok", rows, patches2, optimize=True).reshape(w2.shape)
    d_b2 = g.sum(axis=(0, 2, 3))
    back = np.zeros_like(p1)
    size = rows.shape[1]
    spread_out = (rows @ w2.reshape(len(w2), -1)).reshape(*rows.shape[:3], w2.shape[1], 3, 3)
    for i in range(3):
        for j in range(3):
            share = spread_out[..., i, j].transpose(0, 3, 1, 2)
            back[:, :, i : i + size, j : j + size] += share
    g = unpool(back, where1, z1.shape[2]) * (z1 > 0)
    rows = g.transpose(0, 2, 3, 1)
    d_w1 = np.einsum("nyxo,nyxk->ok", rows, patches1, optimize=True).reshape(w1.shape)
    changes = (d_w1, g.sum(axis=(0, 2, 3)), d_w2, d_b2, d_w3, d_b3)
    for parameter, change in zip(weights, changes, strict=True):
        parameter -= np.float32(rate) * change.astype(np.float32)


def cnn_logits(weights: Weights, images: np.ndarray) -> np.ndarray:
    w1, b1, w2, b2, w3, b3 = weights
    p1, _ = pool(np.maximum(convolve(images, w1, b1)[1], 0))
    p2, _ = pool(np.maximum(convolve(p1, w2, b2)[1], 0))
    return p2.reshape(len(images), -1) @ w3 + b3


def train_cnn(epochs: int, rate: float) -> Weights:
    data = shipped_digits()
    images = enlarge(data.train_images)[:, None]
    draw = np.random.default_rng(SEED)
    weights: Weights = (
        draw.standard_normal((8, 1, 3, 3), dtype=np.float32) * np.float32(0.4),
        np.zeros(8, dtype=np.float32),
        draw.standard_normal((16, 8, 3, 3), dtype=np.float32) * np.float32(0.15),
        np.zeros(16, dtype=np.float32),
        draw.standard_normal((400, 10), dtype=np.float32) * np.float32(0.05),
        np.zeros(10, dtype=np.float32),
    )
    for _ in range(epochs):
        order = draw.permutation(len(images))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            cnn_step(weights, images[chosen], data.train_labels[chosen], rate)
    return weights


def stored(weights: Weights) -> Weights:
    return tuple(array.astype(np.float16) for array in weights)


def loaded(weights: Weights) -> Weights:
    return tuple(array.astype(np.float32) for array in stored(weights))


def main() -> None:
    data = shipped_digits()
    flat = data.test_images.reshape(len(data.test_labels), -1)
    large = enlarge(data.test_images)
    wide = loaded(spread(train_mlp(128, 40, 0.2)))
    models: dict[str, tuple[Weights, np.ndarray]] = {}
    mlp = loaded(train_mlp(32, 60, 0.2))
    models["mlp"] = mlp, mlp_logits(mlp, flat)
    models["mlp_wide"] = wide, mlp_logits(wide, large.reshape(len(large), -1))
    cnn = loaded(train_cnn(12, 0.1))
    models["cnn"] = cnn, cnn_logits(cnn, large[:, None])
    arrays = {}
    for name, (weights, logits) in models.items():
        accuracy = float((logits.argmax(axis=1) == data.test_labels).mean())
        print(f"{name}: accuracy {accuracy:.3f}")
        arrays |= {f"{name}.{index}": array for index, array in enumerate(stored(weights))}
    np.savez(TARGET, **arrays)  # the wheel compresses it, and better than NumPy does
    print(f"{TARGET.name}: {TARGET.stat().st_size} B")


if __name__ == "__main__":
    main()
