"""The pages in a real browser: accessible, narrow and wide, light and dark, without a script."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from pages.conftest import Site

Visit = Callable[..., Any]
_PUBLIC = ("/", "/map", "/map?cohort=Fall+2026", "/privacy", "/map?lang=de", "/privacy?lang=de")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", _PUBLIC)
def test_axe_finds_nothing(visit: Visit, path: str, dark: bool) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(path, dark=dark)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("path", _PUBLIC)
def test_nothing_is_wider_than_the_screen(visit: Visit, path: str, width: int) -> None:
    page = visit(path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["/", "/map", "/privacy"])
def test_pages_are_the_same_without_a_script(visit: Visit, path: str) -> None:
    assert visit(path, script=False).inner_text("main") == visit(path).inner_text("main")


def test_the_map_has_a_bubble_a_country_and_the_table_beside_it(visit: Visit) -> None:
    page = visit("/map")
    bubbles = page.locator("circle").count()
    rows = page.locator("tbody tr").count()
    # One member alone in Kenya takes the smallest country into the others with them.
    assert bubbles == 49
    assert rows == bubbles + 1, "one more for the others"
    assert page.locator("svg.map text").count() == 5
    box = page.locator("svg.map").bounding_box()
    for text in page.locator("svg.map text").all():
        place = text.bounding_box()
        assert box["x"] <= place["x"] + 1
        assert place["x"] + place["width"] <= box["x"] + box["width"] + 1


def test_by_keyboard_alone(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Map"
    page.keyboard.press("Enter")
    page.wait_for_url("**/map")
    page.locator(".scroll").focus()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


def test_dark_and_light_differ(visit: Visit) -> None:
    colours = {
        visit("/map", dark=dark).evaluate("getComputedStyle(document.body).backgroundColor")
        for dark in (False, True)
    }
    assert len(colours) == 2


def test_a_link_opens_the_cohort_once(visit: Visit, site: Site) -> None:
    from axe_playwright_python.sync_playwright import Axe

    link = site.link()
    page = visit(link)
    page.wait_for_url("**/cohort")
    assert "How far we are" in page.inner_text("h1")
    assert page.locator("table.bars").count() >= 3
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.click("button")
    page.wait_for_url(site.course + "/")
    assert page.context.cookies() == []
    assert site.world.request("GET", "/cohort").status_code == 401


def test_a_used_link_says_so(chromium: Any, site: Site) -> None:
    link = site.link()
    for wanted in ("How far we are", "This link was used before"):
        context = chromium.new_context(locale="en-GB")
        page = context.new_page()
        page.goto(link)
        page.get_by_text(wanted).wait_for()
        assert "#" not in page.url, "the token stays in nobody's history"
        context.close()


@pytest.mark.parametrize("path", ["/", "/map", "/privacy", "/open", "/cohort"])
def test_pages_are_small_and_keep_to_themselves(site: Site, path: str) -> None:
    answer = site.world.request("GET", path, key=site.key, headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert len(gzip.compress(answer.content)) <= 15 * 1024
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "set-cookie" not in answer.headers
    assert b"style=" not in answer.content
    again = site.world.request(
        "GET", path, key=site.key, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


def test_a_page_that_is_not_there_or_not_for_everybody(site: Site) -> None:
    assert site.world.request("GET", "/", code="NONE-NONE").status_code == 404
    closed = site.world.request("GET", "/cohort")
    assert closed.status_code == 401
    assert "tito-bench community open" in closed.text


def test_hostile_names_are_text(site: Site) -> None:
    for path in ("/map?cohort=<script>x</script>", "/map?lang=<script>"):
        answer = site.world.request("GET", path)
        assert "<script>" not in answer.text
    escaped = site.world.request("GET", "/", code='"><script>x</script>')
    assert "<script>x" not in escaped.text


def test_another_site_cannot_open_or_end_a_session(site: Site) -> None:
    for path in ("/session", "/session/end"):
        answer = site.world.request(
            "POST", path, body=b'{"token": "x"}', headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403
