"""The arithmetic of a run."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.measure.messages import Side
from tito_bench.measure.sampling import Sample
from tito_bench.measure.schedule import Budget, Schedule, is_due, schedules_for, share_time
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.operation import Operation

SIDES: tuple[Side, ...] = ("subject", "native", "dispatch")
CALLS_NS = (2e3, 1e6, 3e6, 5e9)


def schedule(round_s: float, weight: float = 1.0) -> Schedule:
    add = Operation("add", "tensor_ops", "add", ((1,), (1,)), 1)
    return Schedule(add, weight, round_s=round_s)


@given(st.integers(1, 60), st.data())
def test_an_operation_is_due_exactly_as_often_as_wanted(rounds: int, data: st.DataObject) -> None:
    wanted = data.draw(st.integers(1, rounds))
    due = [number for number in range(rounds) if is_due(wanted, number, rounds)]
    assert len(due) == wanted
    assert due[-1] == rounds - 1
    gaps = [after - before for before, after in pairwise(due)]
    assert not gaps or max(gaps) - min(gaps) <= 1


@given(st.lists(st.floats(1e-4, 3.0), min_size=1, max_size=10), st.floats(0.5, 60.0))
def test_shared_time_is_kept_but_for_one_round_each(costs: list[float], left_s: float) -> None:
    schedules = [schedule(cost) for cost in costs]
    share_time(schedules, 30, left_s)
    assert all(1 <= p.rounds_wanted <= 30 for p in schedules)
    forced = sum(p.round_s for p in schedules if p.rounds_wanted == 1)
    assert sum(p.rounds_wanted * p.round_s for p in schedules) <= left_s + forced + 1e-9


@given(
    st.lists(st.tuples(st.floats(1e-3, 0.1), st.floats(0.05, 0.5)), min_size=2, max_size=8),
    st.integers(30, 200),
)
def test_rounds_are_as_weight_over_the_root_of_cost(
    drawn: list[tuple[float, float]], rounds: int
) -> None:
    schedules = [schedule(cost, weight) for cost, weight in drawn]
    share_time(schedules, rounds, 1e6)
    worth = [p.weight / p.round_s**0.5 for p in schedules]
    assert max(p.rounds_wanted for p in schedules) == rounds
    for one, deserved in zip(schedules, worth, strict=True):
        assert one.rounds_wanted == max(30, round(rounds * deserved / max(worth)))


def test_weights_are_those_of_the_composite() -> None:
    schedules = schedules_for(BASELINE)
    weights = {p.operation.name: p.weight for p in schedules}
    assert weights["mlp_batch_1"] == 0.0
    assert weights["mlp_batch_256"] == pytest.approx(1 / 3)
    assert weights["matmul_100"] == weights["matmul_256"] == pytest.approx(1 / 6)
    assert weights["add_512x512"] == pytest.approx(1 / 9)
    assert sum(weights.values()) == pytest.approx(1.0)


def test_what_the_cheap_leave_goes_to_the_dear() -> None:
    schedules = [schedule(0.001), schedule(1.0)]
    share_time(schedules, 30, 10.0)
    assert [p.rounds_wanted for p in schedules] == [30, 9]


def test_a_round_costs_its_samples_and_their_warm_ups() -> None:
    warmed = schedule(0.0)
    warmed.set_sample("subject", Sample(loops=10, warmup=4, call_ns=1e6))
    warmed.set_sample("native", Sample(loops=20, warmup=2, call_ns=5e5))
    assert warmed.round_s == pytest.approx(0.014 + 0.011)


def test_beside_a_slow_call_all_samples_are_as_long_as_it() -> None:
    budget = Budget(sample_ns=1_000_000)
    beside = {call_ns: [budget.target_ns(side, call_ns) for side in SIDES] for call_ns in CALLS_NS}
    usual = [1_000_000, 1_000_000, 250_000]
    assert beside == {
        2e3: usual,
        1e6: usual,
        3e6: [3_000_000] * 3,
        5e9: [5_000_000] * 3,
    }
