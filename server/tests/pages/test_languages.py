"""Every text of the pages stands in every catalogue, with the same figures in it."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from tito_bench_server.pages.languages import LANGUAGES, language_of, preferred

_PAGES = Path(str(files("tito_bench_server.pages")))
_FIGURE = re.compile(r"%\(\w+\)s")


def _texts() -> set[str]:
    found: set[str] = set()
    for method_map in ([("**.html", "jinja2")], [("**.py", "python")]):
        for _file, _line, text, _comments, _context in extract_from_dir(str(_PAGES), method_map):
            assert isinstance(text, str)
            found.add(text)
    return found


@pytest.mark.parametrize("tag", LANGUAGES[1:])
def test_catalogues_are_complete(tag: str) -> None:
    translations = language_of(tag).translations
    texts = _texts()
    assert len(texts) > 50
    for text in texts:
        found = translations.gettext(text)
        assert found != text or text == "bootcamp", f"not translated: {text}"
        assert sorted(_FIGURE.findall(found)) == sorted(_FIGURE.findall(text))


@pytest.mark.parametrize(
    ("accepted", "asked", "expected"),
    [
        ("", None, "en"),
        ("de-CH,de;q=0.9,en;q=0.8", None, "de"),
        ("fr,de;q=0.5,en;q=0.7", None, "en"),
        ("de", "en", "en"),
        ("en", "de", "de"),
        ("en", "../../etc/passwd", "en"),
        (";q=x,,,;q=", None, "en"),
    ],
)
def test_which_language(accepted: str, asked: str | None, expected: str) -> None:
    assert preferred(accepted, asked) == expected


def test_numbers_and_days_are_written_as_people_do() -> None:
    assert language_of("en").at_least(12_340) == "12,340+"
    assert language_of("de").at_least(12_340) == "12.340+"
    assert language_of("de").day("2026-11-26") == "26. November 2026"
