"""A whole report as one SVG: the drawings of the page, one below the other, under the score."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tito_bench.report.html.charts.lines import MOST_RECORDS, accuracy_chart, history_chart
from tito_bench.report.html.charts.roofline_chart import roofline_chart
from tito_bench.report.html.charts.round_strips import round_strips
from tito_bench.report.html.charts.scale import edge
from tito_bench.report.html.charts.score_scale import score_scale
from tito_bench.report.sections.record_report import RecordReport, day_text
from tito_bench.report.sections.roofline_section import RooflineView
from tito_bench.report.templating import template, template_text
from tito_bench.safe_text import safe_text

__all__ = ["FONTS", "picture_svg"]

FONTS = (
    *("Inter", "Segoe UI", "Roboto", "Helvetica Neue", "Helvetica", "Arial"),
    *("Liberation Sans", "Noto Sans", "DejaVu Sans", "Nimbus Sans", "FreeSans", "Cantarell"),
    "sans-serif",
)
"""By name, the usual ones of Windows, macOS and Linux: outside of browsers a generic family may be
bound to a font that this machine does not have, and then nothing is drawn."""

_WIDTH_PX, _MARGIN_PX = 1000, 40
_TOP_PX = 176
_TITLE_PX = 56  # from the top of a panel to its drawing
_LABELS_PX = 46  # left of a drawing, for the labels of its vertical axis
_UNDER_PX = 34  # below such a drawing, for those of the horizontal one
_LINE_PX = 18
_GAP_PX = 34
_LINE_CHARACTERS = 130
_TEXT_CHARACTERS = 120
_NO_BREAK, _WIDE = "\xa0", "\u2003"


@dataclass(frozen=True)
class Panel:
    """One drawing of the page under its title. Sizes and places in pixels."""

    title: str
    about: str
    drawing: Markup
    height: int
    axes: tuple[str, str] | None = None
    """What the vertical and the horizontal axis show; None where no labels stand outside."""
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlacedPanel:
    """A panel and where it goes: its top, and its drawing's left edge and width."""

    panel: Panel
    top: int
    left: int
    width: int
    drawing_top: int
    below_top: int


def picture_svg(report: RecordReport) -> str:
    """Return the picture as SVG, in the light colours of the page.

    It stands alone: it loads nothing, and its text is in the fonts of whoever shows it.
    """
    placed, height = _placed(list(_panels(report)))
    colours = _colours()
    own, day = report.own, day_text(report.measured_at)
    return template("picture.svg.jinja").render(
        report=report,
        title=f"tito-bench {report.kind}, {day}",
        day=day,
        fonts=", ".join(FONTS),
        paper=colours["paper"],
        style=Markup(_style(colours)),  # noqa: S704 - files of this package
        outcome=safe_text(own.outcome.text, _TEXT_CHARACTERS),
        interval=f"95% interval of the {own.interval_of}: {own.interval}" if own.interval else "",
        doubt="" if report.stable or not own.outcome.good else "measured on a restless machine",
        origin=safe_text(f"{report.origin.subject} on {report.origin.cpu}", _TEXT_CHARACTERS),
        panels=placed,
        width=_WIDTH_PX,
        height=height,
        left=_MARGIN_PX,
        right=_WIDTH_PX - _MARGIN_PX,
        line=_LINE_PX,
    )


def _colours() -> dict[str, str]:
    """Return the light colours of the page by name; they are the first that its style names."""
    light = template_text("style.css").split("}")[0]
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", light))


def _style(colours: dict[str, str]) -> str:
    """Return the style of charts with the colours put in: few but browsers know variables."""
    return re.sub(r"var\(--([a-z]+)\)", lambda used: colours[used[1]], template_text("charts.css"))


def _panels(report: RecordReport) -> Iterator[Panel]:
    draw: Any = template("charts.jinja", edge=edge).module
    if (scale := score_scale(report)) is not None:
        about = "100 is native speed on this machine; every doubling of speed is worth 10 points."
        if report.kind != "baseline":
            about = "The overall is the mean of the tracks that were measured."
        yield Panel("The score", about, draw.scale_drawing(scale), scale.height)
    if (view := report.roofline) is not None:
        whose = "your code" if report.who == "yours" else report.who
        roof = roofline_chart(view)
        yield Panel(
            "Roofline of this machine",
            f"Dots: {whose}. Diamonds: native kernels. Lines: measured roofs.",
            draw.roofline_drawing(roof, view, report.who),
            roof.height,
            ("GFLOP/s", "FLOP per byte"),
            _names(view, [(one.letter, one.name) for one in roof.roofs if one.letter]),
        )
    if (rounds := round_strips(report.strips)) is not None:
        yield Panel(
            "Every round",
            "Slowdown of each about the median; the band is the 95% interval of the median.",
            draw.rounds_drawing(rounds),
            rounds.height,
        )
    if (curve := report.own.curve) is not None:
        chart = accuracy_chart(curve)
        yield Panel(
            "Learning curve",
            f"Accuracy on the test images: {curve.title}. Dashed: NumPy.",
            draw.line_drawing(chart, "curve", "Accuracy by epoch", curve.title),
            chart.height,
            ("accuracy", "epoch"),
        )
    drawn = report.history.records[-MOST_RECORDS:]
    if len(drawn) > 1:
        chart = history_chart(drawn)
        yield Panel(
            "Your way so far",
            "Records in the order of time; hollow: not comparable with the newest.",
            draw.line_drawing(chart, "history", "Score over time", f"{len(drawn)} records"),
            chart.height,
            ("score", ""),
        )


def _names(view: RooflineView, roofs: list[tuple[str, str]]) -> tuple[str, ...]:
    """Return what the letters and numbers in a roofline stand for."""
    numbers = [(str(point.number), point.name) for point in view.points]
    return (*_lines(roofs), *_lines(numbers))


def _lines(named: list[tuple[str, str]]) -> list[str]:
    """Return lines of several items each, none of which is broken."""
    items = (f"{sign} {name}".replace(" ", _NO_BREAK) for sign, name in named)
    return textwrap.wrap(f"{_WIDE} ".join(items), _LINE_CHARACTERS, break_on_hyphens=False)


def _placed(panels: list[Panel]) -> tuple[list[PlacedPanel], int]:
    """Return the panels from top to bottom, and the height of them all in pixels."""
    placed = []
    top = _TOP_PX
    for panel in panels:
        labels, under = (_LABELS_PX, _UNDER_PX) if panel.axes else (0, 0)
        left = _MARGIN_PX + labels
        drawing_top = top + _TITLE_PX + (_LINE_PX if panel.axes else 0)
        below_top = drawing_top + panel.height + under
        width = _WIDTH_PX - _MARGIN_PX - left
        placed.append(PlacedPanel(panel, top, left, width, drawing_top, below_top))
        top = below_top + _LINE_PX * len(panel.below) + _GAP_PX
    return placed, top
