"""The languages of the pages: catalogues, and how numbers, days and countries are written."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from babel import Locale, negotiate_locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

__all__ = ["LANGUAGES", "Language", "language_of", "preferred"]

LANGUAGES = ("en", "de")
"""English stands in the templates themselves; the others are pages/locales/*.po."""


@dataclass(frozen=True)
class Language:
    """One language of the pages."""

    tag: str
    locale: Locale
    translations: NullTranslations

    def at_least(self, count: int) -> str:
        return f"{format_decimal(count, locale=self.locale)}+"

    def day(self, iso: str) -> str:
        return format_date(date.fromisoformat(iso), "long", locale=self.locale)

    def countries(self) -> Mapping[str, str]:
        """Return the names of Unicode CLDR by ISO code."""
        return self.locale.territories


@cache
def language_of(tag: str) -> Language:
    """Return a language of LANGUAGES."""
    locale = Locale.parse(tag)
    if tag == LANGUAGES[0]:
        return Language(tag, locale, NullTranslations())
    source = files("tito_bench_server.pages") / "locales" / f"{tag}.po"
    catalogue = read_po(io.BytesIO(source.read_bytes()), locale=tag)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(tag, locale, Translations(compiled))


def preferred(accepted: str, asked: str | None) -> str:
    """Return the language of an Accept-Language header; `asked` (?lang=) wins."""
    if asked in LANGUAGES:
        return asked
    weighted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:200].split(",")):
        tag, _, weight = part.partition(";q=")
        try:
            weighted.append((-float(weight or 1), place, tag.strip().replace("-", "_")))
        except ValueError:
            continue
    tags = [tag for _, _, tag in sorted(weighted) if tag]
    return negotiate_locale(tags, LANGUAGES) or LANGUAGES[0]
