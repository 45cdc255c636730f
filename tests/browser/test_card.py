"""The share card in a real browser: a picture of its size, with all of its text inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from records.made_record import made_capstone, made_record
from report.made_report import report_of
from tito_bench.report.share_card import share_card

Visit = Callable[..., Any]

_OUTSIDE = """
() => [...document.querySelectorAll("text")].filter(text => {
    const box = text.getBBox();
    return box.x < 20 || box.x + box.width > 1180 || box.y < 20 || box.y + box.height > 610;
}).map(text => text.textContent)
"""


@pytest.mark.parametrize(
    ("cohort", "slowdown"),
    [(None, 3000.0), ("W" * 60, 1.0), ("</text><script>alert(1)</script>", 3.0)],
    ids=["none", "wide", "hostile"],
)
def test_all_text_is_within_the_card(
    cohort: str | None, slowdown: float, visit: Visit, tmp_path: Path
) -> None:
    path = tmp_path / "card.svg"
    report = report_of(made_record(slowdown=slowdown, name="tinytorch"))
    path.write_text(share_card(report, cohort), encoding="utf-8")
    page = visit(path, width=1200)
    assert page.evaluate(_OUTSIDE) == []
    assert page.evaluate("() => document.querySelectorAll('script').length") == 0


def test_an_image_shows_it(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "card.svg"
    path.write_text(share_card(report_of(made_capstone()), "Fall 2026"), encoding="utf-8")
    page = visit(path, width=1200)
    assert page.evaluate("() => document.documentElement.viewBox.baseVal.width") == 1200
    picture = tmp_path / "card.png"
    page.screenshot(path=picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
