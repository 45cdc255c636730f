"""From rounds to slowdowns, groups and a score."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rounds import made_operation, made_reading, made_result, made_round

from tito_bench.measure.results import Failure, PairedRound
from tito_bench.measure.summary import (
    OperationSummary,
    SuiteSummary,
    Timing,
    score_interval,
    summarise,
)

ADD = made_operation("add", "tensor_ops")
MATMUL = made_operation("matmul", "matmul")
LARGE = made_operation("matmul_large", "matmul")
MLP = made_operation("mlp", "forward_pass", calls=5)
SHOWN = made_operation("mlp_1", "forward_pass", scored=False)
MISSING = Failure("missing", "module 03 layers: Linear not found")


def one(rounds: list[PairedRound]) -> OperationSummary:
    return summarise([made_result(MATMUL, rounds)]).operations[0]


def timing_of(rounds: list[PairedRound]) -> Timing:
    timing = one(rounds).timing
    assert timing is not None
    return timing


def scored(summary: SuiteSummary) -> float:
    assert summary.score is not None
    return summary.score


def test_times_are_medians_and_the_slowdown_is_the_median_of_the_ratios() -> None:
    pairs = [(2000, 1000), (6000, 2000), (4200, 1050)]
    timing = timing_of([made_round(subject, native) for subject, native in pairs])
    assert (timing.subject_ns, timing.native_ns, timing.dispatch_ns) == (4200, 1050, 50)
    assert timing.reference_ns == 1100
    assert timing.slowdown == pytest.approx(6000 / 2050)  # not 4200 / 1100
    assert timing.kept == (True, True, True)


def test_every_unavoidable_array_call_is_part_of_the_reference() -> None:
    (mlp,) = summarise([made_result(MLP, [made_round(2500.0, 1000.0, 50.0)] * 3)]).operations
    assert mlp.timing is not None
    assert mlp.timing.reference_ns == 1250
    assert mlp.timing.slowdown == pytest.approx(2.0)


@pytest.mark.parametrize("side", ["subject", "native"])
def test_rounds_in_which_another_program_ran_do_not_count(side: str) -> None:
    slow = made_reading(9000.0, wall=1.2)
    disturbed = made_round(slow) if side == "subject" else made_round(2100.0, slow)
    timing = timing_of([made_round(2100.0)] * 3 + [disturbed] * 2)
    assert timing.kept == (True, True, True, False, False)
    assert timing.preempted == (False, False, False, True, True)
    assert timing.slowdown == pytest.approx(2.0)


@pytest.mark.parametrize("quiet", [9, 12, 20, 36])
def test_what_slows_python_more_than_kernels_in_some_rounds_moves_no_score(quiet: int) -> None:
    """Beside the other half of its core, Python slows by a third and a kernel by a tenth."""
    beside = [made_round(2800.0, 1100.0, 60.0)] * (36 - quiet)
    timing = timing_of([made_round(2100.0)] * quiet + beside)
    assert timing.slowdown == pytest.approx(2.0)
    assert timing.kept == (True,) * 9 + (False,) * 27


def test_where_too_few_calm_rounds_are_left_all_count() -> None:
    disturbed = made_round(made_reading(4200.0, wall=1.2))
    timing = timing_of([made_round(2100.0)] * 2 + [disturbed] * 3)
    assert timing.kept == (True,) * 5
    assert timing.slowdown == pytest.approx(4.0)


def test_a_subject_that_waits_pays_by_the_wall_clock() -> None:
    asleep = made_reading(2100.0, wall=3.0, waits=10)
    timing = timing_of([made_round(asleep)] * 5)
    assert timing.waits
    assert timing.subject_ns == 6300
    assert timing.kept == (True,) * 5


def test_a_slow_subject_that_the_system_stops_does_not_wait() -> None:
    """It is stopped in every sample; the kernel beside it is too short for that, others are not."""
    stopped = made_reading(6e7, wall=2.0, waits=60)
    calm = [made_round(stopped, made_reading(5e5, wall=1.2, waits=0))] * 5
    others = [made_round(2100.0, made_reading(1e6, wall=2.0, waits=1))] * 5
    slow, *_ = summarise([made_result(MATMUL, calm), made_result(ADD, others)]).operations
    assert slow.timing is not None
    assert not slow.timing.waits
    assert slow.timing.subject_ns == pytest.approx(6e7)


def test_a_subject_that_uses_several_threads_pays_for_all() -> None:
    assert timing_of([made_round(made_reading(2100.0, process=2.0))] * 5).subject_ns == 4200


def test_groups_are_geometric_means_of_their_scored_operations() -> None:
    results = [
        made_result(MATMUL, [made_round(2100.0)] * 5),
        made_result(LARGE, [made_round(8400.0)] * 5),
        made_result(MLP),
        made_result(SHOWN, [made_round(99_000.0)] * 5),
    ]
    matmul, forward = summarise(results).groups
    assert matmul.slowdown == pytest.approx(4.0)
    assert matmul.subject_ns == pytest.approx(4200)
    assert matmul.subject_ms == pytest.approx(0.0042)
    assert matmul.reference_ns == pytest.approx(1050)
    assert forward.slowdown == pytest.approx(2.0)


def test_the_composite_is_that_of_the_groups_not_of_the_operations() -> None:
    summary = summarise(
        [
            made_result(ADD, [made_round(1050.0)] * 5),
            made_result(MATMUL, [made_round(8400.0)] * 5),
            made_result(LARGE, [made_round(8400.0)] * 5),
        ]
    )
    assert summary.composite == pytest.approx(math.sqrt(8))
    assert summary.score == pytest.approx(85.0)


def test_what_is_still_missing_is_left_out_with_its_reason() -> None:
    summary = summarise([made_result(ADD), made_result(MLP, failure=MISSING)])
    assert summary.score == pytest.approx(90.0)
    forward = summary.groups[1]
    assert forward.reason == MISSING.reason
    assert forward.slowdown is forward.subject_ns is forward.reference_ns is None
    assert forward.subject_ms is None


@pytest.mark.parametrize("kind", ["raised", "incorrect", "tampered", "crashed", "timeout"])
def test_any_other_failure_leaves_no_score_at_all(kind: str) -> None:
    summary = summarise([made_result(ADD), made_result(MLP, failure=Failure(kind, "no"))])  # type: ignore[arg-type]
    assert summary.score is summary.composite is summary.score_interval is None
    assert summary.half_interval is None
    assert summary.groups[0].slowdown == pytest.approx(2.0)  # the rest is still told


def test_work_beside_the_measured_thread_leaves_no_score() -> None:
    rounds = [made_round(2100.0, others=0.5)] * 5
    summary = summarise([made_result(ADD, rounds)])
    assert summary.score is None
    assert summary.operations[0].worked_beside
    assert summary.operations[0].other_threads == pytest.approx(0.5, rel=0.01)
    assert summarise([made_result(ADD)], processes_started=1).score is None


def test_nothing_measured_is_no_score() -> None:
    assert summarise([made_result(MLP, failure=MISSING)]).score is None
    assert summarise([]).score is None


def test_an_operation_without_rounds_has_no_timing() -> None:
    (only,) = summarise([made_result(MLP, failure=Failure("timeout", "late"))]).operations
    assert only.timing is None
    assert only.other_threads == 0.0


def test_the_interval_lies_around_the_score_and_shrinks_with_agreement() -> None:
    def summary(spread: float) -> SuiteSummary:
        times = [2100.0 * (1 + spread * step) for step in (-2, -1, 0, 1, 2, -2, -1, 1, 2, 0)]
        return summarise([made_result(ADD, [made_round(time) for time in times])])

    wide, narrow = summary(0.05), summary(0.01)
    assert wide.score_interval is not None
    low, high = wide.score_interval
    assert low < scored(wide) < high
    assert wide.half_interval == pytest.approx((high - low) / 2)
    assert narrow.half_interval is not None
    assert narrow.half_interval < wide.half_interval / 3


def test_in_the_interval_an_operation_weighs_what_it_weighs_in_the_score() -> None:
    """Two operations share the half of their group, the third has the other to itself."""

    def around(reach: float) -> tuple[float, float]:
        return 3.0 * math.exp(-reach), 3.0 * math.exp(reach)

    found = score_interval(3.0, [("a", around(0.1)), ("a", around(0.2)), ("b", around(0.4))])
    reach = math.hypot(0.25 * 0.1, 0.25 * 0.2, 0.5 * 0.4)
    points = 10 * reach / math.log(2)
    centre = 100 - 10 * math.log2(3.0)
    assert found == pytest.approx((centre - points, centre + points))


@given(
    st.lists(st.tuples(st.floats(900, 9000), st.floats(500, 2000)), min_size=3, max_size=20),
    st.floats(0.5, 50.0),
)
def test_a_machine_of_any_speed_gives_the_same_score(
    pairs: list[tuple[float, float]], factor: float
) -> None:
    def score(speed: float) -> float:
        rounds = [made_round(s * speed, n * speed, 50.0 * speed) for s, n in pairs]
        return scored(summarise([made_result(ADD, rounds)]))

    assert score(1000 * factor) == pytest.approx(score(1000), abs=1e-3)
