"""Stopped by others is not waiting: a run beside every kind of scheduler, on a clock of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fake_worker import Costs, FakeClock, FakeWorker

from tito_bench.measure.messages import Load, Reading, Step
from tito_bench.measure.schedule import Budget
from tito_bench.measure.suite_runner import SuiteRunner
from tito_bench.measure.summary import Timing, summarise
from tito_bench.workloads.operation import Operation

SUITE = tuple(
    Operation(name, "matmul", "matmul", ((4, 4), (4, 4)), 1) for name in ("asked", "other")
)
CALLS_NS = (1e3, 1e4, 1e5, 1e6, 5e6, 2e7, 2e8)
_COLD_NS = 20_000
"""What a thread that was off the processor takes to have its caches again."""


@dataclass
class Scheduler:
    """Lets a thread run for `runs_ns`, then keeps it off for `stops_ns`; 0 is never.

    A stop by a signal is a voluntary switch, as sleeping is; one by a quota or by another program
    is not.
    """

    runs_ns: float
    stops_ns: float
    by_signal: bool
    left_ns: float = 0.0

    def run(self, cpu_ns: float, draw: random.Random) -> tuple[float, float, int]:
        """Return wall time, CPU time and voluntary switches of `cpu_ns` of work."""
        wall_ns, spent_ns, stops = 0.0, 0.0, 0
        while self.stops_ns and cpu_ns >= self.left_ns:
            spent_ns += self.left_ns
            wall_ns += self.left_ns + self.stops_ns * draw.uniform(0.8, 1.2)
            cpu_ns += _COLD_NS - self.left_ns
            stops += self.by_signal
            self.left_ns = self.runs_ns * draw.uniform(0.8, 1.2)
        self.left_ns -= cpu_ns
        return wall_ns + cpu_ns, spent_ns + cpu_ns, stops


SCHEDULERS = {
    "idle": (0.0, 0.0, False),
    "stopped half of the time": (5e6, 5e6, True),
    "stopped most of the time": (2e6, 1e7, True),
    "a quota of half a core": (5e7, 5e7, False),
    "a busy neighbour": (3e6, 3e6, False),
}


@dataclass
class Disturbed(FakeWorker):
    """A worker under a scheduler; `sleeps_ns` is what each call of "asked" waits by itself."""

    scheduler: Scheduler = field(default_factory=lambda: Scheduler(0, 0, False))
    draw: random.Random = field(default_factory=random.Random)
    sleeps_ns: float = 0.0

    def _run(self, operation: str, step: Step, factor: float) -> Reading:
        call_ns = self.costs[operation].of(step.side)
        asleep = self.sleeps_ns if (operation, step.side) == ("asked", "subject") else 0.0
        if step.warmup:
            self._loop(step.warmup, call_ns, asleep)
        wall_ns, cpu_ns, switches = self._loop(step.loops, call_ns, asleep)
        return Reading(step.loops, round(wall_ns), round(cpu_ns), round(cpu_ns), switches)

    def _loop(self, calls: int, call_ns: float, asleep: float) -> tuple[float, float, int]:
        wall_ns, cpu_ns, switches = self.scheduler.run(calls * call_ns, self.draw)
        wall_ns += calls * asleep
        self.clock.now += wall_ns / 1e9
        return wall_ns, cpu_ns, switches + (calls if asleep else 0)


def timing_of(subject: Costs, surroundings: str, seed: int, sleeps_ns: float = 0.0) -> Timing:
    """Return what a run says of "asked", beside an operation that is quick."""
    clock, draw = FakeClock(), random.Random(seed)
    scheduler = Scheduler(*SCHEDULERS[surroundings])
    costs = {"asked": subject, "other": Costs(2e4, 1e4)}
    runner = SuiteRunner(
        lambda: Disturbed(clock, costs, scheduler=scheduler, draw=draw, sleeps_ns=sleeps_ns),
        Load.of("numpy", Path("project")),
        clock=clock,
        order=draw,
        progress=lambda _progress: None,
    )
    asked, _ = summarise(runner.run(SUITE, Budget(workers=1)).operations).operations
    assert asked.timing is not None
    return asked.timing


@pytest.mark.parametrize("surroundings", SCHEDULERS)
@pytest.mark.parametrize("call_ns", CALLS_NS)
def test_whoever_is_stopped_pays_cpu_time(surroundings: str, call_ns: float) -> None:
    for seed in range(4):
        timing = timing_of(Costs(call_ns, 1e4), surroundings, seed)
        assert not timing.waits
        # Cold caches after each stop: within a long call they are no slice of their own.
        cold = 1.0 + 1.3 * _COLD_NS / (SCHEDULERS[surroundings][0] or 1e9)
        assert timing.subject_ns == pytest.approx(call_ns, rel=max(0.02, cold - 1))


@pytest.mark.parametrize("surroundings", SCHEDULERS)
@pytest.mark.parametrize("sleeps_ns", [1e5, 1e6, 2e7])
@pytest.mark.parametrize("call_ns", [1e4, 1e5, 1e6])
def test_code_that_sleeps_or_waits_for_a_child_pays_by_the_wall_clock(
    surroundings: str, sleeps_ns: float, call_ns: float
) -> None:
    """Both give the processor away by themselves, once a call; the child works meanwhile."""
    for seed in range(2):
        timing = timing_of(Costs(call_ns, 1e4), surroundings, seed, sleeps_ns)
        assert timing.waits
        assert timing.subject_ns >= call_ns + 0.99 * sleeps_ns


@pytest.mark.parametrize("surroundings", SCHEDULERS)
def test_code_that_polls_works_all_the_time(surroundings: str) -> None:
    timing = timing_of(Costs(3e6, 1e4), surroundings, 1)
    assert not timing.waits
    assert timing.subject_ns == pytest.approx(3e6, rel=0.02)
