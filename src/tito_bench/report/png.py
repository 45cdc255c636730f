"""A drawing as PNG: the project's own SVG, drawn by resvg (the extra `png`)."""

from __future__ import annotations

from tito_bench.errors import TitoBenchError
from tito_bench.report.html.picture import FONTS

__all__ = ["MissingFont", "MissingResvg", "png_of"]

_DOTS_PER_PIXEL = 2  # as screens have them by now
_FAMILIES = ", ".join(FONTS)
_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">'
    f'<text x="2" y="16" font-size="16" font-family="{_FAMILIES}">{{}}</text></svg>'
)


class MissingResvg(TitoBenchError):
    """resvg is not installed."""


class MissingFont(TitoBenchError):
    """This machine has no font to draw text with."""


def png_of(svg: str) -> bytes:
    """Return the picture as the bytes of a PNG file, twice as large as the SVG says.

    `svg` is one of this package's own: of a foreign one resvg would draw whatever files it names.
    Text is drawn in the first font of `FONTS` that this machine has.

    Raises
    ------
    MissingResvg
        The extra is not installed.
    MissingFont
        None of the fonts is there: resvg would leave all text out without a word.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise MissingResvg(
            "a PNG needs resvg; run: pip install 'tito-bench[png]' (an SVG needs nothing: --svg)"
        ) from error
    if svg_to_bytes(svg_string=_PROBE.format("x")) == svg_to_bytes(svg_string=_PROBE.format("")):
        raise MissingFont(
            "a PNG needs a font to draw text with, and none was found; install one such as DejaVu"
            " Sans (Debian: apt install fonts-dejavu-core), or write an SVG: --svg"
        )
    drawn: bytes = svg_to_bytes(svg_string=svg, zoom=_DOTS_PER_PIXEL)
    return drawn
