"""Latencies, and the smaller batch in place of one that takes too long."""

from dataclasses import replace

from tito_bench.capstone.results import Latency, model_figures, with_smaller_batches, without
from tito_bench.measure.messages import Reading
from tito_bench.measure.results import Failure, OperationResult, PairedRound
from tito_bench.measure.summary import summarise
from tito_bench.workloads.capstone import CAPSTONE, model_operation

READING = Reading(1, 1000, 1000, 1000, 0)
ROUND = PairedRound(READING, READING, READING, 3000, 0)
TOO_LONG = Failure("timeout", "no answer within 5 s")


def test_the_95th_percentile_is_that_of_the_nearest_rank() -> None:
    found = Latency.of([float(number) for number in range(100, 0, -1)])
    assert (found.median_ns, found.p95_ns, found.calls) == (50.5, 95.0, 100)
    assert Latency.of([7.0]).p95_ns == 7.0


def results(model: str, failure: Failure | None) -> list[OperationResult]:
    large = OperationResult(model_operation(model, 32, scored=True), (), failure)
    small = OperationResult(model_operation(model, 1), (ROUND,) * 3)
    return [small, large]


def test_a_batch_that_takes_too_long_gives_way_to_single_inputs() -> None:
    small, large = with_smaller_batches(results("cnn", TOO_LONG))
    assert small.operation.scored
    assert not large.operation.scored
    assert large.failure is not None
    assert large.failure.kind == "slow"
    (figures,) = model_figures(summarise([small, large]), {})
    assert figures.scored_batch == 1
    assert figures.slowdown is not None
    assert figures.reason is not None
    assert "batch 32 took too long" in figures.reason


def test_what_is_refused_is_not_run_and_a_single_input_counts() -> None:
    assert without(()) == list(CAPSTONE)
    chosen = {operation.name: operation for operation in without({"cnn_forward_32"})}
    assert "cnn_forward_32" not in chosen
    assert chosen["cnn_forward_1"].scored
    assert not chosen["mlp_forward_1"].scored
    assert chosen.keys() >= {"mlp_forward_32", "tensor_add"}


def test_no_other_failure_gives_way() -> None:
    wrong = results("cnn", Failure("incorrect", "off by 1"))
    assert with_smaller_batches(wrong) == wrong
    both = [replace(result, failure=TOO_LONG) for result in results("cnn", TOO_LONG)]
    assert with_smaller_batches(both) == both
    assert summarise(wrong).score is None


def test_every_model_is_scored_once_and_names_are_unique() -> None:
    assert len({operation.name for operation in CAPSTONE}) == len(CAPSTONE)
    scored = [op.group for op in CAPSTONE if op.scored]
    assert sorted(scored) == ["cnn", "mlp", "mlp_wide", "tensor", "tensor", "tensor", "transformer"]
