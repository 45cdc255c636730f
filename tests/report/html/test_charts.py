"""Where things go in the charts: within them, in order, and labels that do not collide."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.made_record import NOW, made_record
from report.made_report import card_of, history_of, report_of
from tito_bench.measure.task_figures import CurvePoint
from tito_bench.report.capstone_view import LearningCurve
from tito_bench.report.html.charts.lines import accuracy_chart, history_chart, loss_chart
from tito_bench.report.html.charts.roofline_chart import roofline_chart
from tito_bench.report.html.charts.round_strips import round_strips
from tito_bench.report.html.charts.scale import Scale, decades
from tito_bench.report.html.charts.score_scale import score_scale
from tito_bench.report.sections.rounds import strips_of


@given(st.floats(-1e9, 1e9), st.floats(0.1, 1e9), st.floats())
def test_a_place_is_never_off_the_chart(low: float, width: float, value: float) -> None:
    if value != value:
        return
    place = Scale(low, low + width).across(value)
    assert 0 <= place <= 100


def test_a_logarithmic_axis_has_equal_decades() -> None:
    scale = Scale(0.01, 100.0, log=True)
    assert [scale.across(value) for value in decades(0.01, 100.0)] == [0, 25, 50, 75, 100]
    assert scale.down(100.0, 200) == 0
    assert scale.down(0.01, 200) == 200


def test_the_score_stands_above_its_groups_where_its_points_are() -> None:
    chart = score_scale(report_of(made_record(slowdown=4.0)))
    assert chart is not None
    assert [row.at for row in chart.rows] == pytest.approx([80.0] * 4)
    assert [row.main for row in chart.rows] == [True, False, False, False]
    assert [tick.label for tick in chart.multiples] == [
        "1024x",
        "256x",
        "64x",
        "16x",
        "4x",
        "native",
    ]


def test_dots_at_one_place_are_stacked_within_their_row() -> None:
    fastest = [2.0] * 26 + [2.01] * 3 + [0.1]
    record = made_record(rounds={"matmul_100": fastest + [3.0] * 90})
    chart = round_strips(strips_of(record.operations))
    assert chart is not None
    drawn = {row.strip.name: row for row in chart.strips}["matmul 100"]
    centre = [dot for dot in drawn.dots if dot.at == 50.0]
    assert len(centre) == 26
    assert len({dot.down for dot in centre}) > 10
    assert all(abs(dot.down - drawn.middle) <= 16 for dot in drawn.dots)
    (wild,) = [dot for dot in drawn.dots if dot.beyond]
    assert wild.at == 0.0
    assert round_strips(()) is None


def test_points_of_the_roofline_lie_under_their_roofs_and_share_labels() -> None:
    record = made_record(slowdown=3.0)
    view = report_of(record, card_of(record)).roofline
    assert view is not None
    chart = roofline_chart(view)
    assert [point.label for point in chart.points][:2] == ["1, 2", ""]
    assert all(0 <= point.at <= 100 for point in chart.points)
    for point in chart.points:
        assert point.native < point.subject, "the faster one is higher up"
    peak, *slopes = chart.roofs
    assert peak.y1 == peak.y2
    assert [roof.letter for roof in slopes] == ["a"]
    assert slopes[0].y1 > slopes[0].y2


def test_kernels_above_one_another_are_numbered() -> None:
    record = made_record(slowdown=9.0)
    view = report_of(record, card_of(record)).roofline
    assert view is not None
    points = {each.point.name: each for each in roofline_chart(view).points}
    # The three additions have one intensity; add_512x512 has a place of its own in height.
    assert points["add 100x100"].native_label == "1, 2"
    assert points["add 512x512"].native_label == "3"
    assert points["matmul 100"].native_label == "", "alone above its dot"


def test_records_of_one_day_are_told_apart_by_their_time() -> None:
    hours = [made_record(now=NOW + timedelta(hours=hours)) for hours in (0, 1)]
    labels = [tick.label for tick in history_chart(history_of(*hours).records).across]
    assert labels == ["2026-11-22 20:30", "2026-11-22 21:30"]
    days = [made_record(), made_record(now=NOW + timedelta(days=1))]
    labels = [tick.label for tick in history_chart(history_of(*days).records).across]
    assert labels == ["2026-11-22", "2026-11-23"]


def test_a_learning_curve_shows_numpy_and_every_epoch() -> None:
    points = tuple(CurvePoint(epoch, 2 / epoch, 1 - 0.5 / epoch) for epoch in range(1, 41))
    curve = LearningCurve("SGD", points, 0.97)
    accuracy, loss = accuracy_chart(curve), loss_chart(curve)
    assert len(accuracy.points) == 40
    assert len(accuracy.segments) == 39
    assert len(accuracy.across) <= 12
    assert accuracy.level is not None
    assert accuracy.level.label == "NumPy 97.0%"
    assert loss.points[0].down == 0


def test_a_single_epoch_without_loss_is_drawn() -> None:
    chart = loss_chart(LearningCurve("SGD", (CurvePoint(1, 0.0, 1.0),), 1.0))
    assert [point.at for point in chart.points] == [0.0]


def test_lines_join_what_can_be_compared() -> None:
    other = made_record(ran_on={"kernels_version": "0"})
    nothing = msgspec.structs.replace(
        made_record(),
        normalized_metrics=msgspec.structs.replace(
            made_record().normalized_metrics, score=None, score_interval=None
        ),
    )
    view = history_of(made_record(slowdown=8.0), other, nothing, made_record())
    chart = history_chart(view.records)
    assert [point.hollow for point in chart.points][1] is True
    assert [point.down is None for point in chart.points] == [False, False, True, False]
    assert len(chart.segments) == 1
