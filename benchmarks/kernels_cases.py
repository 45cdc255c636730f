"""What benchmarks/kernels.py measures: a kernel, and what it is held against, per case."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tito_bench import _native
from tito_bench.machine.cblas import Cblas
from tito_bench.measure.sampling import Timer
from tito_bench.measure.timing import function_timer, native_timer

__all__ = ["RANDOM_SHAPES", "RANDOM_SQUARES", "Case", "Rival", "cases"]

RANDOM_SQUARES = "sgemm, random squares"
RANDOM_SHAPES = "sgemm, random shapes"
SQUARES = (16, 32, 64, 100, 128, 256, 512, 1024)
LAYERS = (
    *((m, 784, 128) for m in (1, 2, 16, 32, 64, 256)),
    (32, 128, 10),
    (100, 100, 1000),
    (1024, 64, 64),
)


@dataclass(frozen=True)
class Rival:
    """Something a kernel is compared with."""

    name: str
    timer: Timer
    call_cost: Timer | None = None
    """The same call with next to nothing to do; its time is taken out."""


@dataclass(frozen=True)
class Case:
    group: str
    name: str
    kernel: _native.Call
    rivals: list[Rival] = field(default_factory=list)


def cases(kernels: _native.Kernels, cblas: Cblas | None, seed: int, drawn: int) -> Iterator[Case]:
    """Yield the cases lazily: the arrays of one live only while it is measured.

    Beside the named ones, `drawn` squares of random n and as many products of three random sizes:
    what is tuned is tuned to the named ones.
    """
    rng = np.random.default_rng(20261122)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32)

    for m, k, n in [(n, n, n) for n in SQUARES] + list(LAYERS):
        yield sgemm_case(kernels, cblas, normal(m, k), normal(k, n))
    draw = np.random.default_rng(seed)
    squares = np.sort(np.exp2(draw.uniform(3, 10, drawn)).astype(int))
    shapes = np.exp2(draw.uniform(3, 10, (drawn, 3))).astype(int)
    for group, sizes in (
        (RANDOM_SQUARES, [(n, n, n) for n in squares]),
        (RANDOM_SHAPES, sorted(map(tuple, shapes), key=np.prod)),
    ):
        for m, k, n in sizes:
            yield replace(sgemm_case(kernels, cblas, normal(m, k), normal(k, n)), group=group)
    for shape in ((100, 100), (1000, 1000)):
        yield from elementwise_cases(kernels, normal(*shape), normal(*shape))
    for batch in (1, 32, 256):
        yield mlp_case(kernels, normal(batch, 784), normal)
    yield from operation_cases(kernels, normal, rng)


def sgemm_case(kernels, cblas, a, b) -> Case:
    (m, k), n = a.shape, b.shape[1]
    out = np.zeros((m, n), np.float32)
    rivals = [Rival("np.matmul", function_timer(lambda: np.matmul(a, b, out=out)))]
    if cblas is not None:
        blas = _native.Kernels(cblas_sgemm=cblas.address, ilp64=cblas.ilp64)
        rivals.insert(0, Rival("BLAS", native_timer(blas.sgemm(a, b, out))))
    name = f"n = {n}" if m == k == n else f"{m} x {k} x {n}"
    group = "sgemm, squares" if m == k == n else "sgemm, layers"
    return Case(group, name, kernels.sgemm(a, b, out), rivals)


def elementwise_cases(kernels, a, b) -> Iterator[Case]:
    out, one = np.empty_like(a), np.ones((1, 1), np.float32)
    one_out = one.copy()
    size = "x".join(map(str, a.shape))
    for name, function in (("add", np.add), ("mul", np.multiply)):
        rival = Rival(
            f"np.{function.__name__}(out=)",
            function_timer(function, (a, b, out)),
            function_timer(function, (one, one, one_out)),
        )
        yield Case("elementwise", f"{name} {size}", getattr(kernels, name)(a, b, out), [rival])
    # NumPy has no triad; one pass of np.add moves the same bytes
    rival = Rival(
        "np.add(out=)",
        function_timer(np.add, (a, b, out)),
        function_timer(np.add, (one, one, one_out)),
    )
    yield Case("elementwise", f"triad {size}", kernels.triad(a, b, 3.0, out), [rival])


def mlp_case(kernels, x, normal) -> Case:
    w1, b1, w2, b2 = normal(784, 128), normal(128), normal(128, 10), normal(10)
    hidden = np.zeros((len(x), 128), np.float32)
    out = np.zeros((len(x), 10), np.float32)

    def numpy_mlp():
        np.add(np.matmul(x, w1, out=hidden), b1, out=hidden)
        np.maximum(hidden, 0, out=hidden)
        np.add(np.matmul(hidden, w2, out=out), b2, out=out)

    rival = Rival("NumPy, in place", function_timer(numpy_mlp))
    return Case("MLP 784-128-10", f"batch {len(x)}", kernels.mlp(x, w1, b1, w2, b2, out), [rival])


def operation_cases(kernels, normal, rng) -> Iterator[Case]:
    def case(name, kernel, expression):
        return Case("operations", name, kernel, [Rival("NumPy", function_timer(expression))])

    x, w, b = normal(8, 16, 28, 28), normal(32, 16, 3, 3), normal(32)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    flat, out = w.reshape(32, -1), np.empty((8, 32, 28, 28), np.float32)

    def numpy_conv2d():
        padded[:, :, 1:-1, 1:-1] = x
        windows = sliding_window_view(padded, (3, 3), axis=(2, 3))
        columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(8, 144, 784)
        return np.matmul(flat, columns).reshape(8, 32, 28, 28) + b[:, None, None]

    yield case("conv2d 8x16x28x28, 32 3x3", kernels.conv2d(x, w, b, out, padding=1), numpy_conv2d)
    pooled = np.empty((8, 16, 14, 14), np.float32)
    yield case(
        "maxpool2d 8x16x28x28, 2x2",
        kernels.maxpool2d(x, pooled),
        lambda: np.maximum(
            np.maximum(x[:, :, ::2, ::2], x[:, :, 1::2, ::2]),
            np.maximum(x[:, :, ::2, 1::2], x[:, :, 1::2, 1::2]),
        ),
    )
    x, gamma, beta = normal(256, 512), normal(512), normal(512)
    out = np.empty_like(x)

    def numpy_softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        e /= e.sum(axis=1, keepdims=True)
        return e

    def numpy_layernorm():
        centred = x - x.mean(axis=1, keepdims=True)
        deviation = np.sqrt((centred * centred).mean(axis=1, keepdims=True) + 1e-5)
        return centred / deviation * gamma + beta

    def numpy_gelu():
        return x / (1 + np.exp(-1.5957691 * (x + 0.044715 * x * x * x)))

    yield case("softmax 256x512", kernels.softmax(x, out), lambda: numpy_softmax(x))
    yield case("layernorm 256x512", kernels.layernorm(x, gamma, beta, out), numpy_layernorm)
    yield case("gelu 256x512", kernels.gelu(x, out), numpy_gelu)
    yield case("relu 256x512", kernels.relu(x, out), lambda: np.maximum(x, 0, out=out))
    q, k, v, mixed = normal(256, 64), normal(256, 64), normal(256, 64), normal(256, 64)
    mask = np.triu(np.full((256, 256), -np.inf, np.float32), 1)
    yield case(
        "attention 256x64",
        kernels.attention(q, k, v, mixed),
        lambda: numpy_softmax(q @ k.T * np.float32(0.125)) @ v,
    )
    yield case(
        "attention 256x64, causal",
        kernels.attention(q, k, v, mixed, causal=True),
        lambda: numpy_softmax(q @ k.T * np.float32(0.125) + mask) @ v,
    )
    table, indices = normal(5000, 64), rng.integers(0, 5000, 1024)
    rows = np.empty((1024, 64), np.float32)
    yield case(
        "embedding 1024 of 5000x64",
        kernels.embedding(indices, table, rows),
        lambda: np.take(table, indices, axis=0, out=rows, mode="clip"),
    )
    logits, labels, loss = normal(256, 100), rng.integers(0, 100, 256), np.empty(1, np.float32)
    every = np.arange(256)

    def numpy_cross_entropy():
        shifted = logits - logits.max(axis=1, keepdims=True)
        sums = np.log(np.exp(shifted).sum(axis=1))
        return (sums - shifted[every, labels]).mean()

    yield case(
        "cross-entropy 256x100", kernels.cross_entropy(logits, labels, loss), numpy_cross_entropy
    )
    x8 = rng.integers(-128, 128, (64, 784)).astype(np.int8)
    w8 = rng.integers(-128, 128, (784, 128)).astype(np.int8)
    b8, out8 = normal(128), np.empty((64, 128), np.float32)
    yield case(
        "int8 linear 64x784x128",
        kernels.linear_int8(x8, w8, b8, 0.01, out8),
        lambda: (x8.astype(np.float32) @ w8.astype(np.float32)) * np.float32(0.01) + b8,
    )
