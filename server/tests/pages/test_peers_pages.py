"""Peers' pages in a real browser: by keyboard alone, without a script, accessible, narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pages.conftest import Site
from world import CODE

Visit = Callable[..., Any]
_PAGES = ("/roster", "/groups", "/mentors", "/blocks")


def _signed_in(visit: Visit, site: Site, key: str, **more: Any) -> Any:
    answer = site.world.request("POST", "/api/community/links", key=key, base=site.base, body=b"")
    page = visit(answer.json()["url"], **more)
    page.wait_for_url("**/cohort")
    return page


def _type_into(page: Any, label: str, text: str) -> None:
    """Go by the Tab key to the field of this label, and type."""
    _tab_to(page, f"document.activeElement.labels?.[0]?.textContent.includes({label!r})")
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def _press(page: Any, button: str) -> None:
    _tab_to(page, f"document.activeElement.textContent.trim() === {button!r}")
    page.keyboard.press("Enter")


def _tab_to(page: Any, condition: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(condition):
            return
    raise AssertionError(f"no way by keyboard to: {condition}")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_too_wide(visit: Visit, site: Site, dark: bool) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = _signed_in(visit, site, site.key, dark=dark)
    for path in _PAGES:
        page.goto(site.course + path)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        page.set_viewport_size({"width": 1280, "height": 900})


def test_two_find_each_other_by_keyboard_and_one_blocks_the_other(visit: Visit, site: Site) -> None:
    contact = "https://chat.example/keyboard"
    ada = _signed_in(visit, site, site.world.join(cohort=None)[1])
    ben = _signed_in(visit, site, site.world.join(cohort=None)[1])
    _press(ada, "Study groups")
    ada.wait_for_url("**/groups")
    _type_into(ada, "to module", "8")
    _type_into(ada, "Contact", contact)
    ada.keyboard.press("Enter")
    ada.wait_for_url("**/groups/*")
    assert contact in ada.inner_text("main")

    ben.goto(site.course + "/groups")
    _press(ben, "Modules 1–8")
    ben.wait_for_url("**/groups/*")
    assert contact not in ben.content()
    _press(ben, "Ask to join")
    ben.get_by_text("You have asked").wait_for()
    assert contact not in ben.content()

    ada.reload()
    _press(ada, "Let in")
    ada.wait_for_load_state()
    ada.get_by_text("(you)").wait_for()
    ben.reload()
    assert contact in ben.inner_text("main")

    _press(ada, "Block or report")
    _press(ada, "Block: be gone for each other")
    ada.wait_for_url("**/groups")
    answer = ben.reload()
    assert answer.status == 404
    assert contact not in ben.content()

    _press(ada, "Whom you have blocked")
    ada.wait_for_url("**/blocks")
    _press(ada, "Take the block back")
    ada.get_by_text("Nobody.").wait_for()
    assert ben.reload().status == 200
    # What the browser itself says of that answer is no complaint of the page.
    visit.complaints.clear()  # type: ignore[attr-defined]


def test_forms_are_this_sites_own_and_say_what_is_wrong(site: Site) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    evil = form | {"Origin": "https://evil.example"}
    path = f"/do/group-new?x={CODE}"
    assert site.world.request("POST", path, body=b"a=b", headers=evil).status_code == 403
    assert site.world.request("POST", path, body=b"a=b", headers=form).status_code == 401
    once = b"once=1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    wrong = site.world.request("POST", path, body=once, headers=form, key=site.key)
    assert wrong.status_code == 422
    assert "That did not work" in wrong.text
    assert "from_module" in wrong.text
    assert site.world.request("POST", "/do/none", body=once, headers=form).status_code == 404
    for name in _PAGES:
        assert site.world.request("GET", name).status_code == 401
        assert "no-store" in site.world.request("GET", name, key=site.key).headers["cache-control"]


def test_hostile_words_are_text(site: Site) -> None:
    words = "<script>alert(1)</script>"
    body = {"from_module": 1, "to_module": 2, "language": "en", "utc_hours": 0, "places": 3}
    _, key = site.world.join(cohort=None)
    group = site.world.peer(key, "POST", "groups", **body, contact=words, about=words)["id"]
    shown = site.world.request("GET", f"/groups/{group}", key=key)
    assert words not in shown.text
    assert "&lt;script&gt;" in shown.text
