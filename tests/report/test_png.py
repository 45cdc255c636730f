"""A drawing as PNG, by resvg where that is installed."""

from __future__ import annotations

import io
import sys

import pytest

from records.made_record import made_record
from report.made_report import report_of
from tito_bench.report.html.picture import picture_svg
from tito_bench.report.png import MissingResvg, png_of
from tito_bench.report.share_card import share_card

NEEDED = "needs the extra png"
_SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">'
    '<rect width="10" height="10" fill="#0b5c8a"/></svg>'
)


def test_without_resvg_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingResvg, match=r"pip install 'tito-bench\[png\]'"):
        png_of(_SQUARE)


def test_a_pixel_of_the_svg_is_four_of_the_png() -> None:
    pytest.importorskip("resvg_py", reason=NEEDED)
    assert read_png(png_of(_SQUARE)) == ((20, 20), {(0x0B, 0x5C, 0x8A): 400})


@pytest.mark.parametrize("drawing", ["picture", "card"])
def test_text_is_drawn(drawing: str) -> None:
    pytest.importorskip("resvg_py", reason=NEEDED)
    report = report_of(made_record(slowdown=4.0, name="tinytorch"))
    svg = picture_svg(report) if drawing == "picture" else share_card(report, None)
    _, colours = read_png(png_of(svg))
    assert colours[0x20, 0x24, 0x2A] > 2000, "the score itself is in the colour of ink"


def read_png(png: bytes) -> tuple[tuple[int, int], dict[tuple[int, ...], int]]:
    """Return width and height, and how many pixels of each colour."""
    pillow = pytest.importorskip("PIL.Image", reason="needs the extra browser")
    image = pillow.open(io.BytesIO(png)).convert("RGB")
    return image.size, {colour: count for count, colour in image.getcolors(image.width**2)}
