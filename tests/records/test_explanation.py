"""Times and evidence put together: the split, the points, the order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from fake_worker import LOADED
from hypothesis import given
from hypothesis import strategies as st
from made_rounds import made_operation, made_result, made_round

from tito_bench.machine.environment import Machine
from tito_bench.measure.evidence import Evidence, Growth, Lines, Times
from tito_bench.measure.results import Failure, OperationResult
from tito_bench.measure.summary import SuiteSummary, summarise
from tito_bench.records.explanation import Explanation, build_explanation
from tito_bench.score import Work
from tito_bench.workloads.operation import Operation

MACHINE = Machine("CPU", "x86_64", 1, 2, 8, "Linux 6")
NOTHING = Evidence(Lines(3, False, (), 0, ()), None, (), None)


def taking(name: str, group: str, slowdown: float, *, scored: bool = True) -> OperationResult:
    """An operation with a least of 1050 ns that takes `slowdown` times as long."""
    operation = made_operation(name, group, scored=scored)
    return made_result(operation, [made_round(slowdown * 1050.0)] * 9)


def explained(
    summary: SuiteSummary,
    seen: dict[str, Evidence | Failure],
    *,
    suite: Sequence[Operation] | None = None,
) -> Explanation:
    measured = [op.operation for op in summary.operations]
    return build_explanation(
        summary, seen, {}, LOADED, MACHINE, suite=measured if suite is None else suite
    )


def lost_by(summary: SuiteSummary) -> dict[str, float]:
    return {op.name: op.points_lost or 0.0 for op in explained(summary, {}).operations}


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.floats(1, 500)), min_size=1, max_size=8)
)
def test_the_points_lost_are_what_the_score_lacks(drawn: list[tuple[str, float]]) -> None:
    summary = summarise(
        [taking(f"op{number}", group, slow) for number, (group, slow) in enumerate(drawn)]
    )
    assert summary.score is not None
    assert sum(lost_by(summary).values()) == pytest.approx(100 - summary.score, abs=0.2)


def test_what_failed_and_what_is_not_scored_has_no_points() -> None:
    broken = made_result(made_operation("broken"), failure=Failure("raised", "no"))
    shown = taking("shown", "matmul", 8.0, scored=False)
    lost = lost_by(summarise([broken, shown, taking("fine", "matmul", 4.0)]))
    assert lost == {"broken": 0, "shown": 0, "fine": pytest.approx(20.0)}


def test_the_parts_are_the_whole() -> None:
    (operation,) = explained(summarise([taking("op", "g", 4.0)]), {"op": NOTHING}).operations
    split = operation.split
    assert split is not None
    assert (split.native_ns, split.dispatch_ns) == (1000.0, 50.0)
    assert split.subject_ns == pytest.approx(4200.0)
    assert split.remaining_ns == pytest.approx(3150.0)
    assert (operation.near_native, operation.unexplained_share) == (False, 1.0)


def test_numpy_alone_is_scaled_to_the_rounds() -> None:
    times = Times(2100.0, None, 1050.0, None, None, None, 1.0, 4)
    seen = Evidence(Lines(3, False, (), 0, ()), None, (), times)
    (operation,) = explained(summarise([taking("op", "g", 4.0)]), {"op": seen}).operations
    assert operation.split is not None
    assert operation.split.plain_ns == pytest.approx(2100.0)


def test_the_time_metered_in_loops_is_that_of_the_loop_that_was_seen() -> None:
    times = Times(4200.0, None, None, None, None, None, 1.0, 4)
    lines = Lines(90, False, (Growth("row", 2.0),), 0, ())
    result = replace(taking("op", "g", 4.0), work=Work(0.5, 1, 1))
    summary = summarise([result])
    (operation,) = explained(summary, {"op": Evidence(lines, None, (), times)}).operations
    assert [(cause.code, cause.cost_ns) for cause in operation.causes] == [
        ("python_loop", pytest.approx(2100.0))
    ]
    assert operation.unexplained_share == pytest.approx(1 - 2100 / 3150)


def test_the_worst_comes_first_after_what_could_not_be_measured() -> None:
    broken = made_result(made_operation("broken"), failure=Failure("timeout", "no answer"))
    results = [
        taking("shown", "a", 99.0, scored=False),
        taking("near", "a", 1.0),
        taking("slow", "b", 9.0),
        broken,
    ]
    found = explained(summarise(results), {"slow": Failure("crashed", "died")})
    assert [op.name for op in found.operations] == ["broken", "slow", "near", "shown"]
    by_name = {op.name: op for op in found.operations}
    assert by_name["near"].near_native
    assert by_name["slow"].unseen is not None
    assert by_name["slow"].unseen.reason == "died"
    assert by_name["slow"].points_lost == pytest.approx(10 * math.log2(9) / 2)


def test_one_operation_alone_has_its_share_of_the_score() -> None:
    names = {"op": "g", "its sister": "g", "another": "h"}
    suite = [made_operation(name, group) for name, group in names.items()]
    alone = summarise([taking("op", "g", 4.0)])
    (operation,) = explained(alone, {}, suite=suite).operations
    assert operation.points_lost == pytest.approx(20 / 4)


def test_an_operation_of_another_suite_has_no_points() -> None:
    alone = summarise([taking("op", "g", 4.0)])
    (operation,) = explained(alone, {}, suite=[made_operation("other", "g")]).operations
    assert operation.points_lost is None
