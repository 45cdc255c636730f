"""Writes src/tito_bench/data/countries.tsv: the countries by the names that students give them.

Run: python tools/country_table.py    (needs pycountry and babel, which tito-bench does not)

A country a line: its ISO 3166 codes, its English names (short, common, official) and the keys of
its other names, as `tito_bench.community.country` looks them up: lower case, no accents, no
spaces. They are its names in languages spoken in many countries, and in its own languages. (In 22
languages instead of 8 the table is 16 kB larger in a wheel.)
Names in other languages are those of Unicode CLDR, whose licence is in LICENSE-Unicode.
"""

from __future__ import annotations

from pathlib import Path

import pycountry
from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from tito_bench.community.country import key_of

TARGET = Path(__file__).parents[1] / "src" / "tito_bench" / "data" / "countries.tsv"

# All countries are known by their names in these; others are known in their own languages too.
LANGUAGES = ("ar", "de", "en", "es", "fr", "pt", "ru", "zh")
NOTICE = "# Names from Unicode CLDR: Copyright 2004-2025 Unicode, Inc.; see LICENSE-Unicode"


def names_of(code: str) -> set[str]:
    """Return the names of a country in LANGUAGES and in the languages that are official there."""
    official = get_official_languages(code, regional=True, de_facto=True)
    names = set()
    for language in (*LANGUAGES, *official):
        try:
            names.add(Locale.parse(language).territories.get(code, ""))
        except UnknownLocaleError:  # CLDR knows that it is spoken, and no word of it
            continue
    return names


def rows() -> list[str]:
    """Return the lines of the table, in the order of the two-letter codes."""
    lines = []
    for country in sorted(pycountry.countries, key=lambda one: one.alpha_2):
        english = [getattr(country, f"{kind}name", "") for kind in ("", "common_", "official_")]
        keys = {key_of(name) for name in names_of(country.alpha_2)}
        keys -= {key_of(name) for name in english} | {""}
        fields = country.alpha_2, country.alpha_3, *english, " ".join(sorted(keys))
        lines.append("\t".join(fields))
    return lines


def main() -> None:
    text = "\n".join((NOTICE, *rows(), ""))
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    print(f"{TARGET.name}: {len(text.encode())} B")


if __name__ == "__main__":
    main()
