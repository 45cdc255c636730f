"""A whole report as one picture, drawn with matplotlib (the extra `plots`).

Panels and figures are those of the page; only the drawing is matplotlib's.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, Literal

from tito_bench.errors import TitoBenchError
from tito_bench.report.html.charts.roofline import roofline_chart
from tito_bench.report.sections.roofline import RooflineView, size_text
from tito_bench.report.sections.rounds import widest_deviation
from tito_bench.report.sections.whole import WholeReport, day_text
from tito_bench.report.view import short
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MissingMatplotlib", "draw_figure"]

_MINE, _NATIVE, _FAINT = "#0b5c8a", "#8a4b08", "#5b6068"
_STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "axes.edgecolor": _FAINT,
    "font.size": 9,
    "svg.hashsalt": "tito-bench",
    "text.parse_math": False,
}
_WIDTH_IN, _PANEL_IN = 8.0, 2.2
_DPI = 150
_LINE, _NO_BREAK = 90, "\xa0"

Panel = tuple[float, Callable[["Axes"], None]]
"""How many times the usual height, and what draws it."""


class MissingMatplotlib(TitoBenchError):
    """matplotlib is not installed."""


def draw_figure(report: WholeReport, form: Literal["png", "svg"]) -> bytes:
    """The picture as the bytes of a file. Raises `MissingMatplotlib`."""
    try:
        from matplotlib import style
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingMatplotlib(
            "pictures need matplotlib; run: pip install 'tito-bench[plots]'"
            " (a page needs nothing more: --html FILE)"
        ) from error
    panels = _panels(report)
    out = io.BytesIO()
    with style.context(["default", _STYLE]):  # whatever a matplotlibrc says
        height = _PANEL_IN * sum(share for share, _ in panels) + 0.8
        figure = Figure(figsize=(_WIDTH_IN, height), layout="constrained")
        figure.suptitle(_title(report), x=0.02, ha="left", fontsize="x-large")
        axes = figure.subplots(
            len(panels), squeeze=False, height_ratios=[share for share, _ in panels]
        )
        for axis, (_, draw) in zip(axes[:, 0], panels, strict=True):
            draw(axis)
        # No date of drawing: the same record gives the same file.
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(out, format=form, dpi=_DPI, metadata=metadata)
    return out.getvalue()


def _title(report: WholeReport) -> str:
    score = "no score" if report.own.score is None else report.own.score_text
    return f"tito-bench {report.kind}: {score}, {day_text(report.measured_at)}"


def _panels(report: WholeReport) -> list[Panel]:
    panels: list[Panel] = []
    if report.own.marks:
        panels.append((0.9, lambda axis: _draw_scores(axis, report)))
    if report.strips:
        share = max(0.8, 0.18 * len(report.strips))
        panels.append((share, lambda axis: _draw_rounds(axis, report)))
    if (roofline := report.roofline) is not None:
        panels.append((2.0, lambda axis: _draw_roofline(axis, roofline, report.who)))
    if report.own.curve is not None:
        panels.append((1.0, lambda axis: _draw_curve(axis, report)))
    if len(report.history.records) > 1:
        panels.append((1.0, lambda axis: _draw_history(axis, report)))
    return panels or [(0.5, lambda axis: _draw_nothing(axis, report))]


def _draw_nothing(axis: Axes, report: WholeReport) -> None:
    axis.set_axis_off()
    axis.text(0, 0.5, safe_text(report.own.outcome.text))


def _draw_scores(axis: Axes, report: WholeReport) -> None:
    marks = report.own.marks[::-1]
    axis.barh([mark.title for mark in marks], [mark.points for mark in marks], 0.5, color=_MINE)
    for place, mark in enumerate(marks):
        axis.text(101, place, mark.text, va="center", color=_FAINT)
    axis.set_xlim(0, 108)
    axis.set_title(
        "Score: 100 is native speed, a doubling of speed is 10 points"
        if report.kind == "baseline"
        else "Overall: the mean of these tracks"
    )


def _draw_rounds(axis: Axes, report: WholeReport) -> None:
    strips = report.strips[::-1]
    half = widest_deviation(strips)
    for place, strip in enumerate(strips):
        shown = [min(half, max(-half, each)) for each in strip.deviations]
        axis.plot(shown, [place] * len(shown), ".", color=_MINE, alpha=0.4, markersize=5)
        axis.plot(strip.interval, [place - 0.28] * 2, color="black", linewidth=2)
    names = [f"{safe_text(strip.name, 40)}  {strip.slowdown_text}" for strip in strips]
    axis.set_yticks(range(len(strips)), names)
    axis.axvline(0, color=_FAINT, linewidth=0.8)
    axis.set_xlabel("% from the median")
    axis.set_title("Slowdown of every round; the line is the 95% interval of the median")


def _draw_roofline(axis: Axes, view: RooflineView, who: str) -> None:
    peak = view.roofline.peak_gflops
    highest = max(100.0, *(2 * point.intensity for point in view.points))
    roofs = []
    for letter, level in zip(ascii_lowercase, view.roofline.levels, strict=False):
        ridge = peak / level.gb_s
        axis.plot([0.02, ridge, highest], [0.02 * level.gb_s, peak, peak], color="black", lw=0.8)
        axis.annotate(letter, (ridge, peak), (-2, 4), textcoords="offset points", fontsize=8)
        roofs.append(f"{letter} {short(level.gb_s)} GB/s to {size_text(level.up_to_kib)}")
    at = [point.intensity for point in view.points]
    axis.plot(at, [p.native_gflops for p in view.points], "D", mfc="none", color=_NATIVE)
    axis.plot(at, [p.subject_gflops for p in view.points], "o", color=_MINE)
    axis.set_xscale("log")
    axis.set_yscale("log")
    for ticks in (axis.xaxis, axis.yaxis):
        ticks.set_major_formatter("{x:g}")  # not in powers of ten
    for drawn in roofline_chart(view).points:
        if drawn.label:
            place = (drawn.point.intensity, drawn.point.subject_gflops)
            axis.annotate(drawn.label, place, (6, -3), textcoords="offset points", fontsize=7)
        if drawn.native_label:
            place = (drawn.point.intensity, drawn.point.native_gflops)
            aside = (-6, -3) if drawn.native_left else (6, -3)
            axis.annotate(
                drawn.native_label,
                place,
                aside,
                textcoords="offset points",
                fontsize=7,
                color=_NATIVE,
                ha="right" if drawn.native_left else "left",
            )
    names = [f"{point.number} {safe_text(point.name, 40)}" for point in view.points]
    axis.set_xlabel("\n".join(("FLOP per byte", *_filled(roofs), *_filled(names))))
    axis.set_ylabel("GFLOP/s")
    whose = "your code" if who == "yours" else who
    axis.set_title(f"Roofline of this machine: {whose} (dots) and kernels (diamonds)", pad=16)


def _filled(items: list[str]) -> list[str]:
    """Lines of several items each, none of which is broken."""
    lines = textwrap.wrap(
        "   ".join(item.replace(" ", _NO_BREAK) for item in items), _LINE, break_on_hyphens=False
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _draw_curve(axis: Axes, report: WholeReport) -> None:
    curve = report.own.curve
    if curve is None:
        return
    epochs = [point.epoch for point in curve.points]
    axis.plot(epochs, [100 * point.accuracy for point in curve.points], "o-", color=_MINE)
    axis.axhline(100 * curve.expected, color=_NATIVE, linestyle="--")
    axis.set_xlabel("epoch")
    axis.set_ylabel("accuracy, %")
    axis.set_title(f"Learning curve: {safe_text(curve.title)}; dashed: the NumPy twin")


def _draw_history(axis: Axes, report: WholeReport) -> None:
    rows = list(enumerate(report.history.records))
    for comparable in (True, False):
        chosen = [
            (at, row.score)
            for at, row in rows
            if row.score is not None and row.comparable is comparable
        ]
        line = "o-" if comparable else "o"
        face = _MINE if comparable else "none"
        axis.plot(
            [at for at, _ in chosen], [score for _, score in chosen], line, color=_MINE, mfc=face
        )
    axis.set_ylim(0, 104)
    axis.set_xticks([])
    axis.set_title("Score over time; hollow: not comparable with the newest")
