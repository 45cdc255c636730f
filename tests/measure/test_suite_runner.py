"""How a run is conducted: rounds, order, budgets, and what a failure costs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fake_worker import LOADED, Costs, FakeClock, FakeWorker, Fault, noisy_speed

from tito_bench.errors import SubjectError
from tito_bench.measure.messages import (
    Answer,
    Failed,
    Load,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Question,
    Reading,
    Side,
    Step,
    SubjectChoice,
)
from tito_bench.measure.results import OperationResult, SuiteResult
from tito_bench.measure.schedule import Budget
from tito_bench.measure.suite_runner import Progress, SuiteRunner
from tito_bench.measure.summary import summarise
from tito_bench.measure.worker_process import WorkerCrashed, WorkerTimeout
from tito_bench.measure.worker_supervisor import Worker
from tito_bench.score import Work
from tito_bench.workloads.operation import Operation

ADD = Operation("add", "tensor_ops", "add", ((4, 4), (4, 4)), 1)
MATMUL = Operation("matmul", "matmul", "matmul", ((4, 4), (4, 4)), 1)
MLP = Operation("mlp", "forward_pass", "mlp", ((4, 4),), 5)
SUITE = (ADD, MATMUL, MLP)
SIDES: tuple[Side, ...] = ("subject", "native", "dispatch")


class Bench:
    """A conductor with fake workers; keeps every worker it started."""

    def __init__(
        self,
        costs: dict[str, Costs] | None = None,
        fault: Fault = lambda _question: None,
        subject: SubjectChoice = "numpy",
        speed: Callable[[], float] = lambda: 1.0,
        slice_speed: Callable[[], float] = lambda: 1.0,
        seed: int = 1,
    ) -> None:
        self.clock = FakeClock()
        self.workers: list[FakeWorker] = []
        self.progress: list[Progress] = []
        costs = costs or {op.name: Costs() for op in SUITE}

        def start() -> FakeWorker:
            self.workers.append(FakeWorker(self.clock, costs, fault, speed, slice_speed))
            return self.workers[-1]

        self.suite_runner = SuiteRunner(
            start,
            Load.of(subject, Path("project")),
            clock=self.clock,
            order=random.Random(seed),
            progress=self.progress.append,
        )

    def run(self, budget: Budget | None = None) -> SuiteResult:
        return self.suite_runner.run(SUITE, budget or Budget(workers=1, rounds=30))

    def asked(self, kind: type) -> list[Question]:
        return [q for worker in self.workers for q in worker.asked if isinstance(q, kind)]


def rounds_of(bench: Bench) -> list[Measure]:
    """The questions of all rounds; calibrating asks for one step at a time."""
    return [q for q in bench.asked(Measure) if isinstance(q, Measure) and len(q.steps) > 1]


def sample(question: Measure, side: Side) -> list[Step]:
    """The slices of one side."""
    return [step for step in question.steps if step.side == side]


def score_of(bench: Bench) -> float:
    score = summarise(bench.run().operations).score
    assert score is not None
    return score


def test_every_operation_gets_all_its_rounds() -> None:
    result = Bench().run(Budget(workers=1, rounds=12))
    assert [len(op.rounds) for op in result.operations] == [12, 12, 12]


@pytest.mark.parametrize("seed", range(5))
def test_twice_the_work_costs_ten_points_whatever_the_machine_does_meanwhile(seed: int) -> None:
    plain = {"add": Costs(1500), "matmul": Costs(3e4, 2e4), "mlp": Costs(4e5, 3e5)}
    twice = {name: Costs(2 * c.subject, c.native, c.dispatch) for name, c in plain.items()}
    draw = random.Random(seed)
    before = score_of(Bench(plain, speed=noisy_speed(draw, 0.3), seed=seed))
    after = score_of(Bench(twice, speed=noisy_speed(draw, 0.3), seed=seed + 100))
    assert before - after == pytest.approx(10.0, abs=0.01)


def test_a_machine_ten_times_faster_gives_the_same_score() -> None:
    slow = {"add": Costs(1500), "matmul": Costs(3e4, 2e4), "mlp": Costs(4e5, 3e5)}
    fast = {n: Costs(c.subject / 10, c.native / 10, c.dispatch / 10) for n, c in slow.items()}
    assert score_of(Bench(fast)) == pytest.approx(score_of(Bench(slow)), abs=0.01)


def test_samples_reach_their_length_and_are_warmed_up_by_a_tenth() -> None:
    bench = Bench()
    bench.run(Budget(workers=1, rounds=8, sample_ns=1_000_000))
    rounds = rounds_of(bench)
    assert rounds
    costs = Costs()
    for question in rounds:
        for side in SIDES:
            first, *others = sample(question, side)
            loops = first.loops + sum(step.loops for step in others)
            wanted_ns = 250_000 if side == "dispatch" else 1_000_000
            assert wanted_ns <= costs.of(side) * loops <= 2.5 * wanted_ns
            assert first.warmup == max(4, loops // 10)  # these calls are short
            assert [step.warmup for step in others] == [step.loops // 10 for step in others]


def test_the_sides_take_turns_in_four_slices_of_which_the_fastest_counts() -> None:
    """A stroke that slows three turns of four is not seen in the round."""
    slices = itertools.count()
    bench = Bench(slice_speed=lambda: 6.0 if next(slices) % 12 < 9 else 1.0)
    result = bench.run(Budget(workers=1, rounds=8))
    for question in rounds_of(bench):
        turns = [{step.side for step in question.steps[i : i + 3]} for i in range(0, 12, 3)]
        assert turns == [set(SIDES)] * 4
    costs = Costs()
    for operation in result.operations:
        for paired in operation.rounds:
            assert paired.subject.call_ns == pytest.approx(costs.subject, rel=0.01)
            assert paired.native.call_ns == pytest.approx(costs.native, rel=0.01)
            assert paired.dispatch.call_ns == pytest.approx(costs.dispatch, rel=0.01)


def test_a_first_call_that_finds_the_caches_cold_does_not_make_the_sample_short() -> None:
    """Its 2 ms would be a sample of one call, and cold, in every round to come."""
    cold = dict.fromkeys(("subject", "native", "dispatch"), 2)

    def fault(question: Question) -> Answer | None:
        if not isinstance(question, Measure) or question.steps[0].loops > 1:
            return None
        side = question.steps[0].side
        cold[side] -= 1
        if cold[side] != 1:
            return None
        return Measured((Reading(1, 2_000_000, 2_000_000, 2_000_000, 0),), 2_000_000, 0)

    bench = Bench({op.name: Costs(4e5, 4e5) for op in SUITE}, fault=fault)
    bench.run(Budget(workers=1, rounds=8))
    rounds = rounds_of(bench)
    assert rounds
    for question in rounds:
        assert all(sum(step.loops for step in sample(question, side)) > 1 for side in SIDES)


def test_a_first_call_during_which_the_process_was_stopped_is_no_slow_one() -> None:
    """A quota, or another program, may take it off the processor for longer than it works."""

    stopped = Reading(1, wall_ns=90_000_000, cpu_ns=2000, process_cpu_ns=2000, waits=0)

    def fault(question: Question) -> Answer | None:
        if isinstance(question, Prepare):
            bench.workers[-1].prepared.add(question.operation)
            return Prepared(stopped, {}, Work(0.0, 0, 0))
        return None

    bench = Bench(fault=fault)
    bench.run(Budget(workers=1, rounds=8))
    assert rounds_of(bench)
    for question in rounds_of(bench):
        assert sum(step.loops for step in sample(question, "subject")) > 100


def test_dispatch_gets_as_long_a_sample_as_the_kernel_beside_a_slow_subject() -> None:
    bench = Bench({op.name: Costs(subject=3e7) for op in SUITE})
    bench.run(Budget(workers=1, rounds=8))
    assert rounds_of(bench)
    for question in rounds_of(bench):
        for side in ("native", "dispatch"):
            loops = sum(step.loops for step in sample(question, side))
            assert Costs().of(side) * loops >= 5_000_000


def metered(bench: Bench) -> list[tuple[str, int]]:
    """Operation and number, among its rounds, of every round that was metered."""
    found, numbers = [], {op.name: 0 for op in SUITE}
    for question in bench.asked(Measure):
        assert isinstance(question, Measure)
        if len(question.steps) > 1:
            if question.meter:
                found.append((question.operation, numbers[question.operation]))
            numbers[question.operation] += 1
    return found


def test_a_round_in_each_third_is_metered_nobody_knows_which() -> None:
    seen = set()
    for seed in range(10):
        bench = Bench(seed=seed)
        bench.run(Budget(workers=1, rounds=30))
        for op in SUITE:
            rounds = [number for name, number in metered(bench) if name == op.name]
            assert [number // 10 for number in rounds] == [0, 1, 2]
        seen.add(next(number for name, number in metered(bench) if name == "add"))
    assert len(seen) > 3


def shares_of(result: SuiteResult) -> set[float]:
    return {op.work.interpreter_share for op in result.operations if op.work is not None}


def test_the_median_of_what_metering_finds_counts() -> None:
    found = {op.name: iter((0.25, 0.5, 1.0)) for op in SUITE}

    def looped(question: Question) -> Answer | None:
        if isinstance(question, Measure) and len(question.steps) > 1:
            readings = tuple(Reading(s.loops, *[2000 * s.loops] * 3, 0) for s in question.steps)
            # What a call shows that it could foresee does not count beside it.
            share = next(found[question.operation]) if question.meter else 0.125
            return Measured(readings, 1000, 0, share, metered=question.meter)
        return None

    result = Bench(fault=looped).run(Budget(workers=3, rounds=12, passes=1))
    assert shares_of(result) == {0.5}


def test_where_nothing_is_metered_the_median_of_what_the_workers_tried_out_counts() -> None:
    shares = {op.name: iter((0.25, 0.75)) for op in SUITE}

    def tried(question: Question) -> Answer | None:
        if isinstance(question, Prepare):
            share = next(shares[question.operation])
            return Prepared(Reading(1, *[60_000_000] * 3, 0), {}, Work(share, 1000, 1000))
        if isinstance(question, Measure):
            readings = tuple(Reading(s.loops, *[60_000_000] * 3, 0) for s in question.steps)
            return Measured(readings, 1000, 0)
        return None

    bench = Bench(fault=tried)
    result = bench.run(Budget(workers=2, rounds=2, passes=1))
    assert metered(bench) == []
    assert shares_of(result) == {0.5}


def test_where_a_call_is_slow_a_round_in_three_is_metered_at_most() -> None:
    for rounds, expected in ((2, 0), (4, 1), (8, 2), (20, 3)):
        bench = Bench({op.name: Costs(subject=6e7) for op in SUITE})
        bench.run(Budget(workers=1, rounds=rounds, usual_s=30, time_s=60, passes=1))
        assert len(metered(bench)) == expected * len(SUITE), rounds


def test_the_order_of_sides_and_operations_changes_from_round_to_round() -> None:
    bench = Bench()
    bench.run(Budget(workers=1, rounds=20))
    rounds = rounds_of(bench)
    assert len({tuple(step.side for step in q.steps[:3]) for q in rounds}) == 6
    firsts = {rounds[index].operation for index in range(0, len(rounds), len(SUITE))}
    assert firsts == {"add", "matmul", "mlp"}


def test_inputs_are_new_in_every_round() -> None:
    bench = Bench()
    bench.run(Budget(workers=1, rounds=20))
    seeds = [q.seed for q in bench.asked(Measure) if isinstance(q, Measure)]
    assert len(set(seeds)) == len(seeds)


def test_the_rounds_are_spread_over_fresh_workers() -> None:
    bench = Bench()
    result = bench.run(Budget(workers=3, rounds=30))
    assert [len(op.rounds) for op in result.operations] == [30, 30, 30]
    shares = [
        sum(isinstance(q, Measure) and len(q.steps) > 1 for q in worker.asked)
        for worker in bench.workers
    ]
    assert shares == [30, 30, 30]
    assert all(worker.killed for worker in bench.workers)


@pytest.mark.parametrize(
    ("time_s", "rounds", "said"), [(20.0, 30, True), (60.0, 30, False), (20.0, 1, False)]
)
def test_where_loading_takes_too_long_for_fresh_workers_that_is_said(
    time_s: float, rounds: int, said: bool
) -> None:
    def fault(question: Question) -> Answer | None:
        if isinstance(question, Load):
            bench.clock.now += 1.5
        return None

    bench = Bench(fault=fault)
    result = bench.run(Budget(workers=3, rounds=rounds, time_s=time_s))
    assert len(bench.workers) == (1 if said else min(3, rounds))
    note = "all rounds in one process, and not in 3, since loading takes 1.5 s"
    assert (note in (result.subject.note or "")) == said


def test_the_other_workers_start_while_the_first_is_calibrated() -> None:
    started: list[int] = []

    def fault(question: Question) -> Answer | None:
        if isinstance(question, Prepare):
            started.append(len(bench.workers))
        return None

    bench = Bench(fault=fault)
    bench.run(Budget(workers=3, rounds=12))
    assert started[0] == 3
    assert len(bench.workers) == 3


def test_spare_workers_are_ended_whatever_happens() -> None:
    def fault(question: Question) -> Answer | None:
        if isinstance(question, Prepare):
            raise KeyboardInterrupt
        return None

    bench = Bench(fault=fault)
    with pytest.raises(KeyboardInterrupt):
        bench.run(Budget(workers=3, rounds=12))
    assert [worker.killed for worker in bench.workers] == [True] * 3


def test_a_spare_worker_that_the_system_refuses_is_asked_for_again() -> None:
    bench = Bench()
    start, asked = bench.suite_runner._supervisor._start_worker, []

    def start_or_refuse() -> Worker:
        asked.append(1)
        if len(asked) == 2:
            raise WorkerCrashed("the measuring process cannot be started: out of processes")
        return start()

    bench.suite_runner._supervisor._start_worker = start_or_refuse
    result = bench.run(Budget(workers=3, rounds=12))
    assert [len(op.rounds) for op in result.operations] == [12, 12, 12]
    assert len(bench.workers) == 3


def test_rounds_go_where_they_tell_most_about_the_composite() -> None:
    costs = {"add": Costs(), "matmul": Costs(4e6, 4e6), "mlp": Costs()}
    result = Bench(costs).run(Budget(workers=1, rounds=90))
    add, matmul, mlp = (len(op.rounds) for op in result.operations)
    assert add == mlp == 90
    assert 30 <= matmul < 60


def test_a_package_that_is_slow_to_import_is_imported_once() -> None:
    def fault(question: Question) -> Answer | None:
        if isinstance(question, Load):
            bench.clock.now += 3.0
        return None

    bench = Bench(fault=fault)
    bench.run(Budget(workers=3, rounds=30, time_s=20.0))
    assert len(bench.workers) == 1


def test_a_slow_operation_gets_fewer_rounds_and_the_run_keeps_its_budget() -> None:
    costs = {"add": Costs(), "matmul": Costs(subject=5e8), "mlp": Costs()}
    bench = Bench(costs)
    result = bench.run(Budget(workers=1, rounds=30, time_s=10.0, usual_s=10.0))
    add, matmul, mlp = (len(op.rounds) for op in result.operations)
    assert add == mlp == 30
    assert 5 <= matmul < 20
    assert bench.clock.now <= 11.0


def test_a_slow_subject_takes_the_usual_time_only() -> None:
    costs = {"add": Costs(), "matmul": Costs(subject=5e8), "mlp": Costs()}
    bench = Bench(costs)
    bench.run(Budget(workers=1, rounds=30, time_s=60.0, usual_s=4.0))
    assert bench.clock.now < 6.0


def test_a_run_goes_on_until_it_is_certain_enough() -> None:
    bench = Bench()
    seen: list[int] = []

    def enough(results: Sequence[OperationResult]) -> bool:
        seen.append(len(results[0].rounds))
        return len(seen) == 2

    result = bench.suite_runner.run(SUITE, Budget(workers=1, rounds=10), enough)
    assert seen == [10, 20]
    assert [len(op.rounds) for op in result.operations] == [20, 20, 20]


def test_a_run_that_is_never_certain_ends_all_the_same() -> None:
    bench = Bench()
    result = bench.suite_runner.run(SUITE, Budget(workers=1, rounds=10), lambda _: False)
    assert [len(op.rounds) for op in result.operations] == [30, 30, 30]


def test_no_time_is_left_for_more_certainty() -> None:
    costs = {"add": Costs(), "matmul": Costs(subject=5e8), "mlp": Costs()}
    bench = Bench(costs)
    bench.suite_runner.run(SUITE, Budget(workers=1, rounds=30, time_s=8.0), lambda _: False)
    assert bench.clock.now < 10.0


def test_an_operation_longer_than_its_share_still_gets_one_round() -> None:
    costs = {"add": Costs(), "matmul": Costs(subject=4e9), "mlp": Costs()}
    result = Bench(costs).run(Budget(workers=1, rounds=30, time_s=5.0))
    add, matmul, mlp = (len(op.rounds) for op in result.operations)
    assert matmul == 1
    assert min(add, mlp) >= 29  # the slow one may come first in the last round


def failing(operation: str, kind: type, outcome: Answer | Exception, after: int = 0) -> Fault:
    seen = 0

    def fault(question: Question) -> Answer | None:
        nonlocal seen
        if isinstance(question, kind) and getattr(question, "operation", None) == operation:
            seen += 1
            if seen > after:
                if isinstance(outcome, Exception):
                    raise outcome
                return outcome
        return None

    return fault


@pytest.mark.parametrize(
    ("kind", "after"), [(Prepare, 0), (Measure, 0), (Measure, 30)], ids=["first", "calibr", "round"]
)
@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        (WorkerCrashed("ended with SIGSEGV"), "crashed"),
        (WorkerTimeout("no answer within 5 s"), "timeout"),
        (Failed("raised", "tensor.py:3: ValueError: no"), "raised"),
        (Failed("incorrect", "off by 1"), "incorrect"),
    ],
)
def test_a_failure_costs_one_operation_and_the_rest_goes_on(
    kind: type, after: int, outcome: Answer | Exception, name: str
) -> None:
    bench = Bench(fault=failing("matmul", kind, outcome, after))
    add, matmul, mlp = bench.run(Budget(workers=1, rounds=30)).operations
    assert matmul.failure is not None
    assert matmul.failure.kind == name
    assert (len(add.rounds), len(mlp.rounds)) == (30, 30)
    assert len(bench.workers) == (2 if isinstance(outcome, Exception) else 1)
    assert all(worker.killed for worker in bench.workers)


@pytest.mark.parametrize("subject", ["auto", "tinytorch"])
def test_an_import_that_ends_the_process_is_an_error(subject: SubjectChoice) -> None:
    bench = Bench(fault=lambda q: failing_load(q), subject=subject)
    with pytest.raises(SubjectError, match="exit code 3"):
        bench.run()
    assert all(worker.killed for worker in bench.workers)


def test_an_import_that_does_not_end_says_what_to_look_for() -> None:
    def hanging_load(question: Question) -> Answer | None:
        if isinstance(question, Load):
            raise WorkerTimeout("no answer within 10 s")
        return None

    bench = Bench(fault=hanging_load, subject="auto")
    with pytest.raises(SubjectError) as caught:
        bench.run()
    assert str(caught.value) == (
        "importing your tinytorch did not end: no answer within 10 s; look for a loop, a wait or "
        "a download that runs while a file is imported"
    )


def failing_load(question: Question) -> Answer | None:
    if isinstance(question, Load):
        raise WorkerCrashed("exit code 3")
    return None


def test_a_subject_that_cannot_be_loaded_is_an_error() -> None:
    bench = Bench(fault=lambda q: Failed("missing", "no Tensor") if isinstance(q, Load) else None)
    with pytest.raises(SubjectError, match="no Tensor"):
        bench.run()


def test_a_broken_numpy_worker_is_not_hidden() -> None:
    bench = Bench(fault=failing_load)
    with pytest.raises(WorkerCrashed):
        bench.run()


def test_interrupting_ends_the_worker() -> None:
    def fault(question: Question) -> Answer | None:
        if isinstance(question, Measure):
            raise KeyboardInterrupt
        return None

    bench = Bench(fault=fault)
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    assert bench.workers[0].killed


def test_an_answer_out_of_turn_fails_the_operation() -> None:
    bench = Bench(fault=failing("add", Prepare, LOADED))
    add, matmul, _ = bench.run().operations
    assert add.failure is not None
    assert add.failure.kind == "crashed"
    assert "out of turn" in add.failure.reason
    assert matmul.failure is None


def test_progress_counts_up_to_its_total() -> None:
    bench = Bench()
    bench.run(Budget(workers=1, rounds=4))
    counted = [p for p in bench.progress if p.total]
    assert [p.done for p in counted] == list(range(1, 13))
    assert {p.total for p in counted} == {12}
