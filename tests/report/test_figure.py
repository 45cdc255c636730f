"""The picture of a report: drawn by matplotlib where that is installed, refused where not."""

from __future__ import annotations

import struct
import sys
from xml.etree import ElementTree as ET

import pytest

from records.made_record import made_capstone, made_record
from report.made_report import card_of, report_of
from tito_bench.measure.results import Failure
from tito_bench.report.figure import MissingMatplotlib, draw_figure

NEEDED = "matplotlib is the extra plots"


def test_without_matplotlib_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingMatplotlib, match=r"pip install 'tito-bench\[plots\]'"):
        draw_figure(report_of(made_record()), "png")


def test_a_png_has_every_panel() -> None:
    pytest.importorskip("matplotlib", reason=NEEDED)
    record = made_record()
    small = draw_figure(report_of(record), "png")
    large = draw_figure(report_of(record, card_of(record), made_record(slowdown=5.0)), "png")
    assert small.startswith(b"\x89PNG\r\n\x1a\n")
    assert _height(large) > _height(small) + 300, "roofline and history came with it"


def test_an_svg_is_valid_the_same_again_and_reads_no_markup() -> None:
    pytest.importorskip("matplotlib", reason=NEEDED)
    record = made_capstone(name="<b>$\\frac{1}{0}$</b>")
    first = draw_figure(report_of(record, card_of(record)), "svg")
    assert ET.fromstring(first).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own
    assert draw_figure(report_of(record, card_of(record)), "svg") == first


def test_nothing_measured_is_a_picture_as_well() -> None:
    pytest.importorskip("matplotlib", reason=NEEDED)
    gone = Failure("missing", "not yet")
    record = made_record(dict.fromkeys((op.name for op in made_record().operations), gone))
    assert draw_figure(report_of(record), "svg")


def _height(png: bytes) -> int:
    height: int = struct.unpack(">I", png[20:24])[0]
    return height
