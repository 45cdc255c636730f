"""What was reached, and what to do next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from records.made_record import NOW, made_capstone, made_record
from tito_bench.community.progress import Finished
from tito_bench.measure.results import Failure
from tito_bench.measure.verdict import Verdict, reason
from tito_bench.records.benchmark import BenchmarkRecord, OperationRecord
from tito_bench.records.read import Record, header_of
from tito_bench.report.outlook import next_step, outlook
from tito_bench.score import Work
from tito_bench.subjects.source_places import SourcePlace

CELL = SourcePlace("t.py", 3, "for", "modules/01_tensor/tensor.ipynb", 7)
EXPLAIN = "tito-bench benchmark explain"


def mine(*arguments: Any, **how: Any) -> BenchmarkRecord:
    return made_record(*arguments, name="tinytorch", file="t.py", **how)


def in_cell_7(_operation: OperationRecord) -> SourcePlace:
    return CELL


def praise(now: Record, *before: Record, finished: tuple[Finished, ...] = ()) -> tuple[str, ...]:
    entries = [header_of(record, f"{number}.json") for number, record in enumerate(before)]
    return outlook(now, header_of(now, "now.json"), entries, finished, in_cell_7).praise


def test_a_loop_is_named_with_its_points_its_cell_and_how_to_see_more() -> None:
    slow = mine(rounds={"matmul_256": [64.0] * 9}, work=Work(0.9, 36_000 * 20, 1))
    step = next_step(slow, in_cell_7)
    assert step is not None
    assert step.endswith(
        f": a loop at modules/01_tensor/tensor.ipynb, cell 7; {EXPLAIN} matmul_256"
    )
    lost = slow.normalized_metrics.score
    assert lost is not None
    assert next_step(slow) == step.replace(f"a loop at {CELL}", "loops of Python")


def test_the_points_are_those_of_the_score() -> None:
    # One of two operations of one of three parts, eight times slower than native: 30 / 6.
    record = mine(slowdown=1.0, rounds={"matmul_256": [8.0] * 9})
    assert next_step(record, in_cell_7) == f"matmul 256 costs 5 points; {EXPLAIN} matmul_256"
    score = record.normalized_metrics.score
    assert score == pytest.approx(95.0, abs=0.1)


def test_code_that_is_near_native_leads_to_the_capstone() -> None:
    assert next_step(mine(slowdown=1.02)) == (
        "models built of your layers: tito-bench benchmark capstone"
    )


def test_what_is_missing_comes_before_small_change() -> None:
    missing = {"mlp_batch_256": Failure("missing", "module 03 layers: Linear not found")}
    assert next_step(mine(missing, slowdown=1.2)) == "module 03 layers: Linear not found"
    step = next_step(mine(missing, slowdown=64.0))
    assert step is not None
    assert "points" in step


def test_what_is_broken_comes_before_all_else() -> None:
    broken = mine({"add_512x512": Failure("raised", "t.py:3: TypeError: no")}, slowdown=99.0)
    assert next_step(broken, in_cell_7) == f"repair add 512x512 at {CELL}, then run it again"
    assert next_step(broken, lambda _op: None) == "repair add 512x512, then run it again"
    late = mine(
        {"matmul_256": Failure("timeout", "no answer"), "mlp_batch_1": Failure("raised", "x")}
    )
    assert next_step(late) == "repair mlp batch 1, then run it again"


def test_what_takes_too_long_needs_time_and_no_repair() -> None:
    step = next_step(mine({"matmul_256": Failure("timeout", "no answer within 1 s")}))
    assert step == "give matmul 256 more time, which it needs: add --time-budget 120"


def test_work_that_was_not_timed_is_said_by_the_notes() -> None:
    verdict = Verdict("invalid", [reason("other_processes", "the code", "1")])
    assert next_step(replace(mine(), verdict=verdict)) is None


def test_after_numpy_comes_code_of_ones_own() -> None:
    assert next_step(made_record()) == (
        "in the folder of your TinyTorch project: tito-bench benchmark baseline"
    )


def test_where_numpy_stands_in_for_a_package_that_is_begun_its_next_step_is_said() -> None:
    step = "modules/01_tensor is written but not exported: tito module complete 01"
    record = made_record(note=f"measuring numpy: no TinyTorch package yet: {step}")
    assert next_step(record) == f"no TinyTorch package yet: {step}"
    nowhere = made_record(note="measuring numpy: no TinyTorch package: looked for tinytorch/")
    assert next_step(nowhere) == next_step(made_record())


def test_one_point_is_one_point() -> None:
    record = mine(slowdown=1.0, rounds={"matmul_256": [1.6] * 9})
    assert next_step(record) == f"matmul 256 costs 1 point; {EXPLAIN} matmul_256"


def test_a_capstone_leads_to_the_track_that_costs_most() -> None:
    slow = next_step(made_capstone(slowdown=64.0))
    assert slow is not None
    assert EXPLAIN in slow
    near = next_step(made_capstone(slowdown=1.0, tasks=()))
    assert near == "all of it on one page: tito-bench benchmark report --html page.html"


def test_a_first_score_is_said_once() -> None:
    first = mine(slowdown=64.0)
    assert len(praise(first)) == 1
    assert "first score" in praise(first)[0]
    assert praise(mine(now=NOW + timedelta(hours=1), slowdown=64.0), first) == ()
    assert len(praise(first, mine({"matmul_256": Failure("raised", "x")}))) == 1  # had no score


def test_a_first_90_is_said_once_and_not_of_numpy() -> None:
    low, high = mine(slowdown=64.0), mine(slowdown=1.2)
    assert any("first 90" in said for said in praise(high, low))
    assert praise(high, low, high) == ()
    assert not any("first 90" in said for said in praise(made_record(slowdown=1.2)))


def test_modules_and_milestones_are_named() -> None:
    done = (Finished("module", 3), Finished("milestone", 2), Finished("module", 42))
    assert praise(mine(), mine(), finished=done) == (
        "Module 03 layers is finished. Well done!",
        "Milestone 02 XOR is passed. Well done!",
        "Module 42 is finished. Well done!",
    )
