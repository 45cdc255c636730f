"""The picture of a report: the drawings of the page, alone in one SVG that any viewer draws."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import msgspec
import pytest

from records.made_record import made_capstone, made_record
from report.made_report import card_of, report_of
from tito_bench.measure.results import Failure
from tito_bench.measure.task_figures import CurvePoint, TrainingFigures
from tito_bench.report.html.page import render_page
from tito_bench.report.html.picture import picture_svg
from tito_bench.report.sections.record_report import RecordReport

_SVG = "{http://www.w3.org/2000/svg}"


def whole() -> RecordReport:
    """A report with every panel but the learning curve."""
    record = made_record()
    return report_of(record, card_of(record), made_record(slowdown=5.0))


def titles(svg: str) -> list[str]:
    """The titles of the panels."""
    return re.findall(r'style="font-size: 16px">([^<]*)<', svg)


def test_every_panel_of_the_page_is_on_it() -> None:
    assert titles(picture_svg(whole())) == [
        "The score",
        "Roofline of this machine",
        "Every round",
        "Your way so far",
    ]
    curve = [CurvePoint(1, 2.0, 0.5), CurvePoint(2, 1.0, 0.75)]
    training = TrainingFigures("SGD", 62, 2, 0.75, 0.955, 1e6, 5e5, 2.0, curve)
    capstone = msgspec.structs.replace(made_capstone(), training=training)
    assert titles(picture_svg(report_of(capstone))) == [
        "The score",
        "Every round",
        "Learning curve",
    ]


def test_the_drawings_are_those_of_the_page() -> None:
    report = whole()
    svg, page = picture_svg(report), render_page(report)
    for shape in ("line", "circle", "rect", "path"):
        drawn = set(re.findall(rf"<{shape} [^>]*class=[^>]*/>", svg))
        assert drawn, shape
        assert drawn <= set(re.findall(rf"<{shape} [^>]*/>", page)), shape


def test_it_is_well_formed_the_same_again_and_names_no_variable_of_a_browser() -> None:
    report = whole()
    svg = picture_svg(report)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    assert root.tag == f"{_SVG}svg"
    assert picture_svg(report) == svg
    assert "var(" not in svg
    assert not re.search(r"url\(|@import|@media|href|(?<!xmlns=\")https?://", svg)


@pytest.mark.parametrize(
    "name", ["</text></svg><script>alert(1)</script>", "\x1b[31m\u202egnitirw", "x" * 5000]
)
def test_nothing_that_a_record_says_is_obeyed(name: str) -> None:
    record = made_capstone(name=name)
    root = ET.fromstring(picture_svg(report_of(record, card_of(record))))  # noqa: S314 - our own
    tags = {element.tag.removeprefix(_SVG) for element in root.iter()}
    shapes = {"svg", "g", "title", "desc", "style", "rect", "text", "tspan", "line", "circle"}
    assert tags <= {*shapes, "path"}
    texts = [text for element in root.iter(f"{_SVG}text") for text in element.itertext()]
    assert max(map(len, texts)) <= 400
    assert not any("\u202e" in text or "\x1b" in text for text in texts)


def test_nothing_measured_is_a_picture_as_well() -> None:
    gone = Failure("missing", "not yet")
    record = made_record(dict.fromkeys((op.name for op in made_record().operations), gone))
    svg = picture_svg(report_of(record))
    assert titles(svg) == []
    assert ">no score<" in svg
