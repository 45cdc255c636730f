"""The page in a real browser: readable at any width, in light and dark, to everybody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Visit = Callable[..., Any]

KINDS = ("baseline", "capstone", "hostile", "empty")
WIDTHS = (390, 1280)
_CLIPPED = """
() => [...document.querySelectorAll("body *")].filter(element => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 0 && style.clipPath === "none" && !element.closest("thead")
        && (box.right > innerWidth + 1 || box.left < -1);
}).map(element => element.tagName + " " + element.textContent.slice(0, 40))
"""
_OVERLAPPING = """
() => {
    const labels = [...document.querySelectorAll("svg text")].filter(label => label.textContent);
    const boxes = labels.map(label => label.getBoundingClientRect());
    const found = [];
    for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
        const across = Math.min(boxes[i].right, boxes[j].right)
            - Math.max(boxes[i].left, boxes[j].left);
        const down = Math.min(boxes[i].bottom, boxes[j].bottom)
            - Math.max(boxes[i].top, boxes[j].top);
        if (across > 2 && down > 4) found.push([labels[i].textContent, labels[j].textContent]);
    }
    return found;
}
"""


@pytest.mark.parametrize(
    ("kind", "width", "dark"),
    [
        *((kind, width, dark) for kind in KINDS[:2] for width in WIDTHS for dark in (False, True)),
        ("hostile", 390, True),
        ("empty", 1280, False),
    ],
)
def test_it_is_accessible_and_a_picture_of_it_is_taken(
    kind: str, width: int, dark: bool, visit: Visit, pages: dict[str, Path], tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(pages[kind], width=width, dark=dark)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    picture = tmp_path / "page.png"
    page.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size > 20_000
    paper = page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    red = int(paper.removeprefix("rgb(").split(",")[0])
    assert (red < 64) is dark


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_sticks_out_at_any_width(kind: str, visit: Visit, pages: dict[str, Path]) -> None:
    page = visit(pages[kind])
    for width in (320, 390, 768, 1280, 2200):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_CLIPPED) == [], width
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("kind", ["baseline", "capstone"])
def test_no_label_of_a_chart_lies_on_another(
    kind: str, visit: Visit, pages: dict[str, Path]
) -> None:
    page = visit(pages[kind])
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_OVERLAPPING) == [], width


def test_no_word_of_the_history_is_broken(visit: Visit, pages: dict[str, Path]) -> None:
    page = visit(pages["baseline"], width=720)
    spilt = page.evaluate(
        "() => [...document.querySelectorAll('td.brief')].map(cell => cell.scrollWidth"
        " > cell.clientWidth + 1 ? cell.textContent : '').filter(Boolean)"
    )
    assert spilt == []
    rules = page.evaluate(
        "() => [...document.querySelectorAll('td.brief')].map("
        "cell => getComputedStyle(cell).overflowWrap)"
    )
    assert set(rules) == {"normal"}


def test_hostile_text_is_text(visit: Visit, pages: dict[str, Path]) -> None:
    page = visit(pages["hostile"])
    assert page.title().startswith("tito-bench baseline")
    assert page.evaluate("() => document.querySelectorAll('script, img, iframe').length") == 0
    text = page.inner_text("body")
    assert "<script>document.title='owned'</script>" in text
    assert "\\u202e\\x1b[31mgnitirw" in text


def test_its_style_is_allowed_and_no_other(visit: Visit, pages: dict[str, Path]) -> None:
    page = visit(pages["baseline"])
    assert page.evaluate("() => document.styleSheets.length") == 1
    family = page.evaluate("() => getComputedStyle(document.querySelector('h1')).fontFamily")
    assert "Palatino" in family


def test_the_order_of_headings_and_names_of_charts_are_heard(
    visit: Visit, pages: dict[str, Path]
) -> None:
    page = visit(pages["capstone"])
    tree = page.locator("body").aria_snapshot()
    for heard in (
        'heading "How close this code runs to what this machine can do" [level=1]',
        'heading "Roofline" [level=2]',
        'img "Roofline of this machine with 11 operations"',
        'img "Accuracy by epoch"',
        'table "Speed:',
        "main:",
    ):
        assert heard in tree, tree[:3000]


def test_it_prints_in_dark_ink_with_its_details(visit: Visit, pages: dict[str, Path]) -> None:
    page = visit(pages["capstone"], dark=True)
    page.emulate_media(media="print", color_scheme="dark")
    ink = page.evaluate("() => getComputedStyle(document.documentElement).color")
    assert ink == "rgb(0, 0, 0)"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_the_keyboard_opens_what_is_folded(visit: Visit, pages: dict[str, Path]) -> None:
    page = visit(pages["capstone"], width=390)
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.querySelector('details').open") is True
