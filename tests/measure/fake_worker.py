"""A worker with a clock of its own: times are what the test says, not what they are."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tito_bench.machine.environment import Runtime
from tito_bench.measure.messages import (
    Answer,
    Failed,
    Load,
    Loaded,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Question,
    Reading,
    Side,
    Step,
)
from tito_bench.score import Work

RUNTIME = Runtime(
    python="3.11.0",
    numpy="2.0.0",
    blas="openblas",
    blas_version="0.3",
    blas_architecture="Haswell",
    blas_threads=1,
    cores_usable=2,
    kernel_target="portable",
    kernels_version="1",
    kernels_compiler="fake",
)
LOADED = Loaded("numpy", "2.0.0", None, {}, None, None, RUNTIME)


class FakeClock:
    """Seconds that pass only when somebody works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Costs:
    """What one call takes, in ns."""

    subject: float = 2000.0
    native: float = 1000.0
    dispatch: float = 50.0

    def of(self, side: Side) -> float:
        return {"subject": self.subject, "native": self.native, "dispatch": self.dispatch}[side]


Fault = Callable[[Question], Answer | None]


@dataclass
class FakeWorker:
    """Answers from `costs`; `fault` may answer, or raise, in its place."""

    clock: FakeClock
    costs: Mapping[str, Costs]
    fault: Fault = lambda _question: None
    speed: Callable[[], float] = lambda: 1.0
    slice_speed: Callable[[], float] = lambda: 1.0
    loaded: Loaded = LOADED
    prepared: set[str] = field(default_factory=set)
    asked: list[Question] = field(default_factory=list)
    killed: bool = False
    work: Work = field(default_factory=lambda: Work(0.0, 0, 0))

    def ask(self, question: Question, deadline_s: float) -> Answer:
        assert not self.killed, "a dead worker was asked"
        assert deadline_s > 0
        self.asked.append(question)
        faulty = self.fault(question)
        if faulty is not None:
            return faulty
        match question:
            case Load():
                return self.loaded
            case Prepare(operation):
                self.prepared.add(operation)
                return Prepared(self._run(operation, Step("subject", 0, 1), 1.0), {}, self.work)
            case Measure(operation, _, steps):
                if operation not in self.prepared:
                    return Failed("broken", "measured before it was prepared")
                factor = self.speed()
                factors = [factor * (self.slice_speed() if len(steps) > 1 else 1) for _ in steps]
                readings = tuple(map(self._run, [operation] * len(steps), steps, factors))
                return Measured(readings, sum(reading.cpu_ns for reading in readings), 0)

    def kill(self) -> int:
        self.killed = True
        return 0

    def _run(self, operation: str, step: Step, factor: float) -> Reading:
        call_ns = self.costs[operation].of(step.side) * factor
        self.clock.now += call_ns * (step.loops + step.warmup) / 1e9
        # Whole nanoseconds, as a clock gives them: the error is below 1e-6 of a sample.
        spent = max(1, round(call_ns * step.loops))
        return Reading(step.loops, spent, spent, spent, 0)


def noisy_speed(draw: random.Random, spread: float) -> Callable[[], float]:
    """A machine whose speed changes from question to question, for all sides alike."""
    return lambda: draw.lognormvariate(0.0, spread)
