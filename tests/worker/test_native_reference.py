"""Which native code an operation is held against."""

import ctypes
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import threadpoolctl

from tito_bench import _native
from tito_bench.machine.cblas import cblas_in, find_cblas
from tito_bench.measure.messages import Reading, References
from tito_bench.measure.sampling import Timer
from tito_bench.worker.native_reference import Candidates, find_candidates, kernel_to_blas
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.inputs import InputPool
from tito_bench.workloads.suites import LARGEST_INPUT, operation_named

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="cc and its options")


def made(path: str) -> Candidates:
    return find_candidates(cblas_in(ctypes.CDLL(path)))


def test_a_blas_with_wrong_results_is_no_candidate(made_blas):
    found = made(made_blas("-DRESULT=1.001f"))
    assert (found.blas, found.problem) == (None, "wrong")


def test_a_blas_that_leaves_nan_is_no_candidate(made_blas):
    assert made(made_blas("-DRESULT=(0.0f/0.0f)")).problem == "wrong"


def test_a_blas_with_more_threads_is_no_candidate(made_blas):
    found = made(made_blas("-DTHREADS=2"))
    assert (found.blas, found.problem) == (None, "threads")


@pytest.mark.parametrize(
    ("process_shares", "problem"),
    [((2, 1), None), ((2,) * 14 + (1,), None), ((2,) * 15, "threads")],
)
def test_what_else_runs_in_the_process_is_no_thread_of_the_blas(
    process_shares, problem, made_blas, monkeypatch
):
    shares = iter((1, 1, *process_shares))  # after two calls that find out how many are asked for

    def time(loops: int) -> Reading:
        return Reading(loops, 1000, 1000, 1000 * next(shares), 0)

    monkeypatch.setattr("tito_bench.worker.native_reference.native_timer", lambda _call: time)
    assert made(made_blas("-O2")).problem == problem


def test_no_interface_is_no_candidate(monkeypatch):
    monkeypatch.setattr("tito_bench.worker.native_reference.find_cblas", lambda: None)
    found = find_candidates()
    assert (found.blas, found.problem) == (None, "missing")
    assert found.choose(BASELINE, InputPool(LARGEST_INPUT, 1)) == References({}, "missing")
    assert found.of("matmul_100", References({"matmul_100": 9.0})) is found.kernels


def test_what_an_earlier_worker_found_is_not_looked_into_again(made_blas):
    cblas = cblas_in(ctypes.CDLL(made_blas("-DRESULT=2.0f")))
    assert find_candidates(cblas, References()).blas is not None
    refused = find_candidates(cblas, References({}, "threads"))
    assert (refused.blas, refused.problem) == (None, "threads")


def test_a_slow_blas_is_nobodys_reference(made_blas):
    found = made(made_blas("-O0"))
    assert found.problem is None
    references = found.choose([operation_named("matmul_100")], InputPool(LARGEST_INPUT, 1))
    assert references.name_of("matmul_100") == "kernel"
    assert found.of("matmul_100", references) is found.kernels


def test_a_blas_faster_than_the_kernels_is_the_reference(monkeypatch):
    """As on Apple's processors: here the kernels are held to plain C."""
    if find_cblas() is None:
        pytest.skip("this NumPy has no BLAS with a C interface")
    portable = _native.Kernels("portable")
    monkeypatch.setattr(_native, "Kernels", _at("portable"))
    with threadpoolctl.threadpool_limits(2):
        np.ones((512, 512), np.float32) @ np.ones((512, 512), np.float32)
    with threadpoolctl.threadpool_limits(1):
        found = find_candidates()
        assert found.blas is not None
        found = replace(found, kernels=portable)
        references = found.choose(BASELINE, InputPool(LARGEST_INPUT, 1))
    assert references.name_of("matmul_256") == "blas"
    assert found.of("matmul_256", references) is found.blas
    assert set(references.ratios) == {"matmul_100", "matmul_256", "mlp_batch_256", "mlp_batch_1"}


def _at(target: str) -> Callable[..., _native.Kernels]:
    real = _native.Kernels
    return lambda _target=None, **cblas: real(target, **cblas)


def ratio_of(kernel: Timer, blas: Timer) -> float:
    return kernel_to_blas({"an operation": {"kernel": kernel, "blas": blas}})["an operation"]


@pytest.mark.parametrize("ratio", [0.2, 0.99, 1.0, 1.02, 40.0])
@pytest.mark.parametrize("call_ns", [100, 100_000, 60_000_000])
def test_the_ratio_is_that_of_the_times(ratio, call_ns):
    """Also where every tenth slice is disturbed."""
    slices = count(1)

    def timer(each_ns: float) -> Timer:
        def time(loops: int) -> Reading:
            ns = round(each_ns * loops * (5 if next(slices) % 10 == 0 else 1))
            return Reading(loops, ns, ns, ns, 0)

        return time

    assert ratio_of(timer(ratio * call_ns), timer(call_ns)) == pytest.approx(ratio, rel=0.02)


def timed(calls: list[int], each_ns: float, noise: random.Random, deviation: float) -> Timer:
    """Time calls of `each_ns` whose slices deviate; `calls` gets what was made at once."""

    def time(loops: int) -> Reading:
        calls.append(loops)
        ns = max(1, round(each_ns * loops * noise.gauss(1.0, deviation)))
        return Reading(loops, ns, ns, ns, 0)

    return time


def test_of_two_that_differ_by_five_percent_the_faster_is_found_however_noisy():
    chosen = set()
    for seed in range(100):
        noise = random.Random(seed)
        kernel, blas = (timed([], each_ns, noise, 0.05) for each_ns in (240_000, 250_000))
        ratio = ratio_of(kernel, blas)
        chosen.add(References({"mlp_batch_256": ratio}).name_of("mlp_batch_256"))
    assert chosen == {"kernel"}


def test_what_slows_the_one_more_than_the_other_for_a_while_does_not_decide():
    """As the other half of a core does: a kernel with SSE2 is the faster one without it alone."""
    names = ("matmul_100", "matmul_256", "mlp_batch_256")
    for phase_ms in range(0, 120, 5):
        now_ns = phase_ms * 1e6

        def timer(each_ns: float, beside: float) -> Timer:
            def time(loops: int) -> Reading:
                nonlocal now_ns
                busy = now_ns % 120e6 < 60e6
                ns = round(each_ns * loops * (beside if busy else 1.0))
                now_ns += ns
                return Reading(loops, ns, ns, ns, 0)

            return time

        found = kernel_to_blas(
            {name: {"kernel": timer(9e5, 1.4), "blas": timer(10e5, 1.1)} for name in names}
        )
        assert {References(found).name_of(name) for name in names} == {"kernel"}, phase_ms


@pytest.mark.parametrize("ratio", [0.2, 0.7, 1.4, 5.0])
def test_a_clear_choice_takes_one_pass(ratio):
    calls: list[int] = []
    noise = random.Random(1)
    blas = timed(calls, 100_000, noise, 0.01)
    ratio_of(timed(calls, 100_000, noise, 0.01), blas)
    several, calls[:] = sum(calls), []
    ratio_of(timed([], ratio * 100_000, noise, 0.01), blas)
    assert sum(calls) < several / 4


def test_a_choice_between_equals_ends():
    calls: list[int] = []
    noise = random.Random(1)
    kernel, blas = (timed(calls, each_ns, noise, 0.05) for each_ns in (50_500, 50_000))
    ratio_of(kernel, blas)
    assert 60_000_000 < sum(calls) * 50_000 < 120_000_000


def test_a_tie_is_the_kernels():
    assert References({"matmul_100": 1.015}).name_of("matmul_100") == "kernel"
    assert References({"matmul_100": 1.025}).name_of("matmul_100") == "blas"
    assert References().name_of("add_100x100") == "kernel"
