"""When a run of the baseline has measured enough."""

from __future__ import annotations

import pytest
from made_rounds import made_operation, made_result, made_round

from tito_bench.measure.results import Failure
from tito_bench.runs.baseline import certain_enough


@pytest.mark.parametrize(("rounds", "enough"), [(1, False), (5, False), (6, True)])
def test_a_score_of_too_few_rounds_is_not_known_well_enough(rounds: int, enough: bool) -> None:
    """A single slow call looks exact, for want of another."""
    slow = made_result(made_operation("slow"), [made_round(2100.0)] * rounds)
    assert certain_enough([made_result(made_operation("quick")), slow]) is enough


def test_without_a_score_more_rounds_are_of_no_use() -> None:
    assert certain_enough([made_result(made_operation("a"), failure=Failure("incorrect", "no"))])
