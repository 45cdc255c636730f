"""Laws over any shape, threads, and the build without the GIL."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tito_bench import _native

UNIT_ROUNDOFF = 2.0**-24
TARGETS = st.sampled_from(_native.supported_targets())
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(0, 90) | st.integers(250, 260) | st.sampled_from([511, 1030])
LARGEST_PRODUCT = 20_000_000  # seconds under a sanitizer


def draw(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]


@settings(max_examples=200, deadline=None)
@given(TARGETS, SEEDS, SIZES, SIZES, SIZES)
def test_sgemm_of_any_shape(target, seed, m, k, n):
    assume(m * k * n <= LARGEST_PRODUCT)
    a, b = draw(seed, (m, k), (k, n))
    out = np.full((m, n), np.nan, np.float32)
    _native.Kernels(target).sgemm(a, b, out)()
    a, b = a.astype(np.float64), b.astype(np.float64)
    bound = (k + 2) * UNIT_ROUNDOFF * (np.abs(a) @ np.abs(b))
    assert (np.abs(out - a @ b) <= bound).all()


@settings(max_examples=100, deadline=None)
@given(TARGETS, SEEDS, SIZES, SIZES, SIZES)
def test_every_target_agrees_with_portable(target, seed, m, k, n):
    assume(m * k * n <= LARGEST_PRODUCT)
    x, w, b = draw(seed, (m, k), (k, n), (n,))
    out, twin = np.empty((2, m, n), np.float32)
    _native.Kernels(target).linear(x, w, b, out)()
    _native.Kernels("portable").linear(x, w, b, twin)()
    bound = 2 * (k + 3) * UNIT_ROUNDOFF * (np.abs(x) @ np.abs(w) + np.abs(b))
    assert (np.abs(out - twin) <= bound).all()


@settings(max_examples=100, deadline=None)
@given(TARGETS, SEEDS, st.integers(1, 90), st.integers(1, 600))
def test_softmax_rows_sum_to_one(target, seed, m, n):
    (x,) = draw(seed, (m, n))
    out = np.empty_like(x)
    _native.Kernels(target).softmax(20 * x, out)()
    assert (out >= 0).all()
    np.testing.assert_allclose(out.sum(axis=1, dtype=np.float64), 1, rtol=(n + 8) * 2**-24)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    TARGETS, SEEDS, st.integers(1, 3), st.integers(1, 20), st.integers(1, 20),
    st.integers(1, 5), st.integers(1, 4), st.integers(0, 3),
)  # fmt: skip
def test_convolution_of_ones_counts_the_pixels_inside(
    target, seed, channels, height, width, kernel, stride, padding
):
    if min(height, width) + 2 * padding < kernel:
        return
    x = np.ones((1, channels, height, width), np.float32)
    w = np.ones((1, channels, kernel, kernel), np.float32)
    inside = np.pad(np.ones((height, width)), padding)
    windows = np.lib.stride_tricks.sliding_window_view(inside, (kernel, kernel))
    expected = channels * windows[::stride, ::stride].sum(axis=(2, 3))
    out = np.full((1, 1, *expected.shape), np.nan, np.float32)
    _native.Kernels(target).conv2d(x, w, None, out, stride, padding)()
    np.testing.assert_array_equal(out[0, 0], expected)


def test_two_threads_at_once_give_the_same_results(kernels, normal):
    a, b = normal(67, 300), normal(300, 100)
    alone = np.empty((67, 100), np.float32)
    kernels.sgemm(a, b, alone)()
    outs = [np.zeros_like(alone) for _ in range(2)]
    calls = [kernels.sgemm(a, b, out) for out in outs]
    start = threading.Barrier(2)

    def work(call):
        start.wait()
        for _ in range(200):
            call()

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for out in outs:
        np.testing.assert_array_equal(out, alone)


def test_the_gil_is_released_while_a_kernel_runs(kernels):
    """Another thread has the CPU meanwhile; where the GIL is held it waits, by its own clock."""
    long = _native.chain([kernels.fma_peak(20_000_000)] * 4)
    done, kernel_s = threading.Event(), []

    def work():
        began = time.thread_time()
        long()
        kernel_s.append(time.thread_time() - began)
        done.set()

    thread = threading.Thread(target=work)
    began = time.thread_time()
    thread.start()
    while not done.is_set():
        pass
    spent_s = time.thread_time() - began
    thread.join()
    assert spent_s > kernel_s[0] / 10


@pytest.mark.skipif(
    not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled(),
    reason="only a free-threaded interpreter can tell",
)
def test_importing_keeps_the_gil_off():
    code = "import sys; from tito_bench import _native; print(sys._is_gil_enabled())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_compiler_words_stay_in_one_file():
    sources = Path(__file__).parents[2] / "src" / "_kernels"
    if not sources.exists():
        pytest.skip("no source tree")
    for source in sorted(sources.rglob("*.[ch]")):
        if source.name != "compiler.h":
            text = source.read_text()
            for word in ("_MSC_VER", "__builtin", "__attribute__", "__asm"):
                assert word not in text, f"{source.name} says {word}"


def test_chains_of_empty_work():
    kernels = _native.Kernels()
    empty = np.zeros((0, 0), np.float32)
    _native.time_calls([kernels.sgemm(empty, empty, empty.copy())], 3)
