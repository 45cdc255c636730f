"""The arithmetic of kernel speeds, with a clock of the test's own."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tito_bench import _native
from tito_bench.measure.messages import Reading
from tito_bench.measure.sampling import Sampler, Timer
from tito_bench.runs.kernel_speed import measure_bandwidth, measure_clocks, measure_target

_SAMPLE_NS = 1_000_000


class FakeClock:
    """Takes `peak_ns` for one run of the peak loop and `ns` for one of anything else."""

    def __init__(self, ns: float, peak_ns: float = 1.0) -> None:
        self.ns, self.peak_ns = ns, peak_ns
        self.loops: list[tuple[_native.Call, int]] = []

    def __call__(self, call: _native.Call) -> Timer:
        call_ns = self.peak_ns if call.name == "fma_peak" else self.ns

        def time(loops: int) -> Reading:
            self.loops.append((call, loops))
            spent = round(loops * call_ns)
            return Reading(loops, spent, spent, spent, 0)

        return time


def _sampler(rounds: int = 3, ticks: list[str] | None = None) -> Sampler:
    tick = (lambda _name: None) if ticks is None else ticks.append
    return Sampler(rounds, random.Random(1), _SAMPLE_NS, tick=tick)


def test_speed_is_work_over_time_and_share_is_over_the_peak() -> None:
    peak = _native.Kernels("portable").fma_peak()
    clock = FakeClock(ns=2 * 16**3 / 4, peak_ns=peak.flops / 8)
    speed = measure_target("portable", (16,), _sampler(), clock)
    assert speed.target == "portable"
    assert speed.peak_gflops.median == pytest.approx(8.0)
    (product,) = speed.sgemm
    assert product.n == 16
    assert product.gflops.median == pytest.approx(4.0)
    assert product.peak_share.median == pytest.approx(0.5)
    assert product.gflops.rounds == 3


def test_bandwidth_is_bytes_over_time_for_a_working_set() -> None:
    (found,) = measure_bandwidth((12,), _sampler(), FakeClock(ns=1000.0))
    # 12 KiB are three arrays of 1024 floats: 12,288 bytes a run.
    assert found.working_set_kib == 12
    assert found.triad_gb_s.median == pytest.approx(12.288)
    assert found.add_gb_s.median == pytest.approx(12.288)


def test_arrays_never_outgrow_their_working_set() -> None:
    clock = FakeClock(1000.0)
    measure_bandwidth((16, 100), _sampler(rounds=1), clock)
    seen = [call.bytes for call, _ in clock.loops]
    assert max(seen[: len(seen) // 2]) <= 16 * 1024
    assert 0.98 * 100 * 1024 <= max(seen) <= 100 * 1024


def test_samples_are_as_long_as_asked_and_taken_in_every_round() -> None:
    ticks: list[str] = []
    clock = FakeClock(ns=1000.0, peak_ns=1000.0)
    measure_target("portable", (16, 32), _sampler(rounds=4, ticks=ticks), clock)
    # The last round: four slices of each of three sides, every one after a warm-up.
    loops = [loops for call, loops in clock.loops[-24:] if call.bytes == 3 * 4 * 16**2][1::2]
    assert len(loops) == 4
    assert _SAMPLE_NS <= 1000.0 * sum(loops) <= 1.5 * _SAMPLE_NS
    assert Counter(ticks) == {"portable peak": 4, "portable 16": 4, "portable 32": 4}


def test_the_order_changes_from_round_to_round() -> None:
    ticks: list[str] = []
    measure_target("portable", (8, 16, 24), _sampler(rounds=8, ticks=ticks), FakeClock(1e6))
    rounds = {tuple(ticks[start : start + 4]) for start in range(0, len(ticks), 4)}
    assert len(rounds) > 1


def test_a_call_longer_than_a_sample_is_a_sample() -> None:
    clock = FakeClock(ns=1e9, peak_ns=1e9)
    measure_target("portable", (16,), _sampler(), clock)
    assert max(loops for call, loops in clock.loops if call.name == "sgemm") == 1


@pytest.mark.parametrize("target", _native.supported_targets())
def test_every_target_runs_for_real(target: str) -> None:
    speed = measure_target(target, (16,), Sampler(1, random.Random(1), 1000))
    assert speed.peak_gflops.median > 0
    assert speed.sgemm[0].gflops.median > 0


def test_clocks_cost_something() -> None:
    clocks = measure_clocks(rounds=3)
    assert clocks.wall_reading_ns.rounds == 3
    costs = (clocks.wall_reading_ns, clocks.thread_cpu_reading_ns, clocks.empty_sample_ns)
    assert all(cost.median > 0 for cost in costs)
