"""The view model: the same rows and numbers for every report."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from records.made_record import made_record
from tito_bench.measure.results import Failure
from tito_bench.report.view import baseline_view, reference_text


def test_one_row_a_group_then_what_is_only_shown() -> None:
    view = baseline_view(made_record())
    assert [row.title for row in view.rows] == [
        "Tensor Operations",
        "Matrix Multiply",
        "Forward Pass",
        "mlp batch 1",
    ]
    assert [row.scored for row in view.rows] == [True, True, True, False]
    assert view.score == pytest.approx(90.0)
    assert view.complete
    forward = view.rows[2]
    assert forward.subject_ms == pytest.approx(0.0025)
    assert forward.reference_ms == pytest.approx(0.00125)
    assert forward.slowdown == pytest.approx(2.0)


def test_a_group_with_a_failure_has_its_reasons_and_no_numbers() -> None:
    failures = {
        "add_512x512": Failure("crashed", "SIGSEGV"),
        "mul_100x100": Failure("raised", "ValueError"),
        "mlp_batch_256": Failure("missing", "no Linear"),
    }
    tensor_ops, matmul, forward, _ = baseline_view(made_record(failures)).rows
    assert tensor_ops.reason == "mul_100x100: raised: ValueError; add_512x512: crashed: SIGSEGV"
    assert tensor_ops.subject_ms is tensor_ops.reference_ms is tensor_ops.slowdown is None
    assert forward.reason == "no Linear"
    assert matmul.reason is None


@pytest.mark.parametrize(("kept", "shown"), [(1, None), (5, None), (6, "90.0, to within 0.1")])
def test_of_fewer_than_six_rounds_there_is_no_interval(kept: int, shown: str | None) -> None:
    record = made_record()
    operations = [replace(record.operations[0], rounds_kept=kept), *record.operations[1:]]
    assert baseline_view(replace(record, operations=operations)).interval == shown


def test_groups_that_are_missing_make_it_incomplete() -> None:
    view = baseline_view(made_record({"mlp_batch_256": Failure("missing", "no Linear")}))
    assert (view.groups_scored, view.groups_total, view.complete) == (2, 3, False)


def test_what_the_native_side_was_is_said_in_one_line() -> None:
    record = made_record()
    system, (first, *others) = record.system_info, record.operations
    assert reference_text(system, [first, *others]) is None  # of before there was a choice
    chosen = [replace(first, native_reference="blas", kernel_to_blas=5.0), *others]
    name = first.name.replace("_", " ")
    assert reference_text(system, chosen) == (
        f"Native reference: NumPy's BLAS for {name}; kernels for the rest"
    )
    kernel = [replace(first, kernel_to_blas=0.9), *others]
    assert reference_text(system, kernel) == (
        "Native reference: kernels, faster here than NumPy's BLAS"
    )
    assert reference_text(replace(system, blas_problem="wrong"), [first]) == (
        "Native reference: kernels; NumPy's BLAS gave wrong results"
    )
