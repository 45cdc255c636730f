"""Readings that cannot be true, by what the system tells of the process from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tito_bench.measure.cpu_account import CpuAccount, cpu_clock_of
from tito_bench.measure.messages import Measured, Reading, Step

STEPS = (Step("subject", 10, 100), Step("native", 10, 100), Step("dispatch", 100, 1000))
CALL_NS = 100_000
SPENT_NS = 2 * sum(CALL_NS * (step.loops + step.warmup) for step in STEPS)


def account(
    *, told: float = 1.0, own: float = 1.0, spent: float = 1.0, stood_still_ns: int = 0, at: int = 0
) -> CpuAccount:
    """Nine questions: of the subject's time the readings tell `told` times as much as it took;
    in the one `at`, between two samples, the machine stood still."""
    result = CpuAccount()
    for number in range(9):
        lost_ns = stood_still_ns if number == at else 0
        factors = (told, 1.0, 1.0)
        times = [round(s.loops * CALL_NS * f) for s, f in zip(STEPS, factors, strict=True)]
        readings = tuple(Reading(s.loops, t, t, t, 0) for s, t in zip(STEPS, times, strict=True))
        own_ns = round(own * 0.6 * SPENT_NS) + lost_ns
        result.add(STEPS, Measured(readings, own_ns, 0), round(spent * SPENT_NS) + lost_ns)
        if own == told == spent == 1.0:
            assert result.adds_up()
    return result


def test_true_readings_add_up() -> None:
    assert account().adds_up()


@pytest.mark.parametrize("at", [0, 4, 8])
def test_a_machine_that_its_host_stopped_once_is_no_lie(at: int) -> None:
    """Its clocks of CPU time went on: an honest package had no score."""
    assert account(stood_still_ns=5_000_000_000, at=at).adds_up()


@pytest.mark.parametrize("lie", [{"told": 30.0}, {"own": 3.0}, {"spent": 12.0}, {"spent": 0.3}])
def test_others_do_not(lie: dict[str, float]) -> None:
    assert not account(**lie).adds_up()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has such clocks")
def test_the_clock_of_a_grandchild_is_found() -> None:
    code = "import os,sys,time\nif os.fork() == 0:\n while True: pass\nprint(flush=True)\nos.wait()"
    guard = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert guard.stdout is not None
        guard.stdout.readline()
        clock = cpu_clock_of(guard.pid)
        assert clock is not None
        before = time.clock_gettime_ns(clock)
        while time.clock_gettime_ns(clock) == before:
            pass
    finally:
        children = Path(f"/proc/{guard.pid}/task/{guard.pid}/children").read_text().split()
        for child in (*map(int, children), guard.pid):
            os.kill(child, 9)
        guard.communicate()


def test_a_process_that_is_not_there_has_no_clock() -> None:
    assert cpu_clock_of(2**22 + 1) is None
