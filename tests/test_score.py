"""The laws of the score (docs/design/score.md)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench import score as scoring
from tito_bench.kinds import KINDS

times = st.floats(min_value=1.0, max_value=1e12)
slowdowns = st.floats(min_value=1e-3, max_value=1e6)


@given(times, times, times, st.integers(0, 10), st.floats(1e-3, 1e3))
def test_a_machine_that_is_faster_in_everything_changes_no_slowdown(
    subject: float, native: float, dispatch: float, calls: int, factor: float
) -> None:
    here = scoring.slowdown(subject, native, dispatch_calls=calls, dispatch_ns=dispatch)
    there = scoring.slowdown(
        subject * factor, native * factor, dispatch_calls=calls, dispatch_ns=dispatch * factor
    )
    assert there == pytest.approx(here, rel=1e-12)


@given(st.lists(st.floats(1.0, 500.0), min_size=1, max_size=8))
def test_twice_the_work_costs_exactly_ten_points(groups: list[float]) -> None:
    composite = scoring.composite_slowdown(groups)
    doubled = scoring.composite_slowdown([2 * group for group in groups])
    assert scoring.score(composite) - scoring.score(doubled) == pytest.approx(10.0, abs=1e-9)


@given(st.lists(slowdowns, min_size=1, max_size=8), st.data())
def test_more_speed_never_lowers_a_score(groups: list[float], data: st.DataObject) -> None:
    faster = [group * data.draw(st.floats(0.1, 1.0)) for group in groups]
    before = scoring.score(scoring.composite_slowdown(groups))
    after = scoring.score(scoring.composite_slowdown(faster))
    assert after >= before - 1e-9


@given(slowdowns)
def test_a_score_lies_between_0_and_100(composite: float) -> None:
    assert 0.0 <= scoring.score(composite) <= 100.0


@pytest.mark.parametrize(
    ("composite", "points"), [(1, 100), (2, 90), (32, 50), (1024, 0), (4096, 0)]
)
def test_ten_points_per_doubling(composite: float, points: float) -> None:
    assert scoring.score(composite) == pytest.approx(points, abs=1e-12)


def test_the_slowdown_counts_the_calls_that_cannot_be_avoided() -> None:
    assert scoring.slowdown(3000, 1000, dispatch_calls=5, dispatch_ns=100) == 2.0


shares = st.floats(0.0, 1.0)


@given(times, times, times, shares, st.floats(1e-3, 1e3))
def test_the_laws_hold_whatever_the_share_of_loops(
    subject: float, native: float, dispatch: float, share: float, factor: float
) -> None:
    work = scoring.Work(share, 2_000_000, 120_000)

    def slowdown(subject: float, native: float, dispatch: float) -> float:
        return scoring.slowdown(subject, native, dispatch_calls=1, dispatch_ns=dispatch, work=work)

    here = slowdown(subject, native, dispatch)
    faster_machine = slowdown(subject * factor, native * factor, dispatch * factor)
    assert faster_machine == pytest.approx(here, rel=1e-9)
    assert slowdown(2 * subject, native, dispatch) == pytest.approx(2 * here, rel=1e-12)


@given(times, times, times, times)
def test_wider_vectors_change_nothing_for_code_that_is_all_loops(
    subject: float, native: float, other_native: float, dispatch: float
) -> None:
    loops = scoring.Work(1.0, 2_000_000, 120_000)
    here, there = (
        scoring.slowdown(subject, ns, dispatch_calls=1, dispatch_ns=dispatch, work=loops)
        for ns in (native, other_native)
    )
    assert here == there


@given(times, times, times)
def test_a_faster_interpreter_changes_little_for_array_code(
    subject: float, native: float, dispatch: float
) -> None:
    arrays = scoring.Work(0.0, 2_000_000, 120_000)
    plain = scoring.slowdown(subject, native, dispatch_calls=1, dispatch_ns=dispatch)
    metered = scoring.slowdown(subject, native, dispatch_calls=1, dispatch_ns=dispatch, work=arrays)
    assert metered == plain


@pytest.mark.parametrize(
    ("flops", "bytes_moved", "calls"),
    [(36_000, 0, 1 + 1), (0, 24_000, 1 + 1), (72_000, 24_000, 1 + 2), (36_000, 96_000, 1 + 4)],
)
def test_on_the_standard_machine_the_slower_of_arithmetic_and_memory_counts(
    flops: int, bytes_moved: int, calls: float
) -> None:
    assert scoring.standard_calls(scoring.Work(0.5, flops, bytes_moved), 1) == calls


def test_on_the_standard_machine_loops_count_as_anything_else() -> None:
    looped = scoring.Work(0.7, 3_600_000, 0)
    native_ns = 100 * 400.0  # its kernel takes as long as 100 smallest array calls
    counted = scoring.slowdown(9e6, native_ns, dispatch_calls=1, dispatch_ns=400.0, work=looped)
    assert counted == pytest.approx(9e6 / (native_ns + 400.0), rel=1e-12)


def test_a_group_faster_than_native_does_not_pay_for_a_slow_one() -> None:
    assert scoring.composite_slowdown([0.25, 4.0]) == pytest.approx(2.0)


def test_a_slowdown_below_one_is_not_clipped() -> None:
    assert scoring.slowdown(50, 100, dispatch_calls=0, dispatch_ns=0) == 0.5


def test_the_geometric_mean_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        scoring.geometric_mean([])


@given(st.lists(slowdowns, min_size=1, max_size=20))
def test_the_geometric_mean_lies_among_its_values(values: list[float]) -> None:
    mean = scoring.geometric_mean(values)
    assert min(values) * (1 - 1e-12) <= mean <= max(values) * (1 + 1e-12)
    assert math.log(mean) == pytest.approx(sum(map(math.log, values)) / len(values), abs=1e-9)


@given(st.lists(st.sampled_from("abcd"), min_size=1))
def test_weights_add_up_to_one_alike_for_each_group(groups: list[str]) -> None:
    weights = scoring.operation_weights(groups)
    assert sum(weights) == pytest.approx(1.0)
    parts = {
        name: sum(w for group, w in zip(groups, weights, strict=True) if group == name)
        for name in groups
    }
    assert list(parts.values()) == pytest.approx([1 / len(parts)] * len(parts))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(1.0, 1e4)), min_size=1))
def test_weighted_logarithms_are_that_of_the_composite(found: list[tuple[str, float]]) -> None:
    weights = scoring.operation_weights([group for group, _ in found])
    logs = (w * math.log(slow) for w, (_, slow) in zip(weights, found, strict=True))
    groups = [
        scoring.geometric_mean(slow for other, slow in found if other == group)
        for group in dict.fromkeys(group for group, _ in found)
    ]
    assert math.exp(math.fsum(logs)) == pytest.approx(scoring.composite_slowdown(groups))


def test_loops_in_a_convolution_are_held_against_what_a_convolution_reaches() -> None:
    product = scoring.Work(1.0, 36_000_000, 1)
    convolution = scoring.Work(1.0, 6_400_000, 1, scoring.CONVOLUTION_FLOPS_PER_CALL)
    assert [scoring.standard_calls(work, 5) for work in (product, convolution)] == [1005, 1005]
    others = {name for name, kind in KINDS.items() if kind.flops_per_call != 36_000}
    assert others == {"cnn"}
