"""A record shown whole: the same numbers as in the terminal, and a roofline only of its machine."""

from __future__ import annotations

import msgspec
import pytest

from machine.facts import card
from records.made_record import MACHINE, made_capstone, made_record
from report.made_report import card_of, report_of
from tito_bench.measure.results import Failure
from tito_bench.measure.task_figures import CurvePoint, TrainingFigures
from tito_bench.records.calibration import Calibration


def test_a_baseline_has_a_mark_for_each_group() -> None:
    report = report_of(made_record(slowdown=4.0))
    assert [(mark.title, mark.text) for mark in report.own.marks] == [
        ("Tensor Operations", "4.00x"),
        ("Matrix Multiply", "4.00x"),
        ("Forward Pass", "4.00x"),
    ]
    assert [mark.points for mark in report.own.marks] == pytest.approx([80.0] * 3)
    assert report.own.score == pytest.approx(80.0)
    assert report.own.tables[0].rows[-1][-1] == "not scored"


def test_code_faster_than_the_kernels_is_marked_at_100() -> None:
    report = report_of(made_record(slowdown=0.5))
    assert [mark.points for mark in report.own.marks] == [100.0] * 3
    assert report.own.marks[0].text == "0.500x"


def test_what_was_not_measured_is_in_the_table_with_its_reason() -> None:
    report = report_of(made_record({"matmul_256": Failure("missing", "no matmul")}))
    assert report.own.tables[0].rows[1] == (
        "Matrix Multiply",
        *("", "", ""),
        "not measured (no matmul)",
    )
    assert len(report.own.marks) == 2


def test_every_operation_is_a_point_under_the_roof_of_its_machine() -> None:
    record = made_record(slowdown=3.0)
    report = report_of(record, card_of(record))
    assert report.no_roofline is None
    assert report.roofline is not None
    assert [point.name for point in report.roofline.points] == [
        operation.name.replace("_", " ") for operation in record.operations
    ]
    first = report.roofline.points[0]
    # 10,000 FLOP in 1000 ns natively, three times 1050 ns by the subject
    assert first.native_gflops == pytest.approx(10.0)
    assert first.subject_gflops == pytest.approx(10_000 / 3150, rel=1e-3)
    assert first.roof_gflops == pytest.approx(100 / 12)
    assert "add: one for each element" in report.roofline.formulas
    assert "NumPy" in first.subject_limited


@pytest.mark.parametrize("machine", [None, card()])
def test_without_a_card_of_its_machine_there_is_no_roofline(machine: Calibration | None) -> None:
    report = report_of(made_record(), machine)
    assert report.roofline is None
    assert report.no_roofline is not None
    assert "benchmark calibrate" in report.no_roofline
    if machine is not None:
        assert "cpu model" in report.no_roofline


@pytest.mark.parametrize("change", [{"version": 9}, {"definition": "0" * 12}, {"name": "own"}])
def test_an_operation_that_is_defined_otherwise_has_no_point(change: dict[str, object]) -> None:
    record = made_record()
    changed = msgspec.structs.replace(record.operations[0], **change)
    record = msgspec.structs.replace(record, operations=[changed, *record.operations[1:]])
    report = report_of(record, card_of(record))
    assert report.roofline is not None
    assert report.roofline.left_out == (changed.name.replace("_", " "),)
    assert len(report.roofline.points) == len(record.operations) - 1


def test_a_capstone_has_its_tracks_and_its_learning_curve() -> None:
    record = made_capstone()
    curve = [CurvePoint(1, 2.0, 0.5), CurvePoint(2, 1.0, 0.9)]
    training = TrainingFigures("SGD", 62, 2, 0.9, 0.95, 1e6, 5e5, 2.0, curve)
    report = report_of(msgspec.structs.replace(record, training=training))
    assert [mark.title for mark in report.own.marks][:1] == ["Speed"]
    assert report.own.tables[0].caption.startswith("Speed: 90/100")
    assert report.own.curve is not None
    assert report.own.curve.cells == (("1", "2.000", "50.0%"), ("2", "1.000", "90.0%"))
    assert report.own.curve.title == "62 steps of SGD"
    assert report.own.interval_of == "speed track"
    assert report.origin.cpu.startswith(MACHINE.cpu_model)
