"""Foreign text cannot drive a terminal, and stays readable."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from tito_bench.safe_text import SAFE_LENGTH, plain, safe_json, safe_text

HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
ANY_TEXT = st.text(st.characters(codec=None), max_size=300)


@settings(deadline=None)
@given(ANY_TEXT)
@example("\x1b[2J\x1b]0;title\x07")
@example("a\u202eb\u2066c\u200b")
@example("\x9b31m\x00\x7f")
@example("\ud800 lone")
@example("x" * 199 + "\x1b")
def test_nothing_harmful_is_left(text: str) -> None:
    safe = safe_text(text)
    assert len(safe) <= SAFE_LENGTH
    assert not [c for c in safe if unicodedata.category(c) in HARMFUL and c not in "\u200c\u200d"]
    safe.encode("utf-8")


@settings(deadline=None)
@given(ANY_TEXT, st.integers(5, 300))
def test_twice_is_once(text: str, limit: int) -> None:
    assert safe_text(safe_text(text, limit), limit) == safe_text(text, limit)


@pytest.mark.parametrize(
    "text",
    [
        "Harvard University",
        "Universität Zürich — ETH",
        "東京大学",
        "जामिया विश्वविद्यालय",
        "دانشگاه می‌خواهم",
        "👩‍🎓 🇨🇭 school",
        "a [b]c[/b] :smile: \\n %s",
        "",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a\tb\r\nc  d", "a b c d"),
        ("  a ", "a"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("a\x00b", "a\\x00b"),
        ("\u202eevil", "\\u202eevil"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0041", "\\U000e0041"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_what_is_escaped(text: str, safe: str) -> None:
    assert safe_text(text) == safe


def test_a_megabyte_becomes_a_line():
    assert safe_text("ab" * 500_000) == "ab" * 99 + "a…"
    assert len(safe_text("\x1b" * 1_000_000, limit=50)) == 50


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
@example("[red]x[/red] [link=http://x]y[/link] :bomb: [/]")
def test_rich_prints_it_as_it_is(text: str) -> None:
    out = io.StringIO()
    Console(file=out, width=400, force_terminal=True, color_system=None).print(plain(text))
    assert out.getvalue() == safe_text(text) + "\n"


@settings(deadline=None)
@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
)
@example({"k": "\x7f\x9b\u202e\u2028\ufeff\U000e0041\U0001f600"})
def test_json_stays_exact_and_harmless(document: dict[str, str]) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=2)
    safe = safe_json(text)
    assert json.loads(safe) == document
    assert not [c for c in safe if unicodedata.category(c) == "Cc" and c != "\n"]
    assert not set(safe) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028")
