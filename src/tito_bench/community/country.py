"""Countries by any of their names, kept by the ISO 3166 English one.

Nothing is detected: only what a student writes is looked at.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tito_bench.errors import UsageError
from tito_bench.safe_text import safe_text

__all__ = ["UnknownCountry", "flag_of", "key_of", "resolve_country"]

_LONGEST = 200

# Names in use that ISO 3166 does not list.
_SPOKEN = {
    "usa": "US", "america": "US", "usofa": "US", "states": "US", "unitedstatesamerica": "US",
    "britain": "GB", "greatbritain": "GB", "uk": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "northernireland": "GB", "holland": "NL", "czechrepublic": "CZ",
    "ivorycoast": "CI", "burma": "MM", "swaziland": "SZ", "macedonia": "MK", "capeverde": "CV",
    "turkey": "TR", "turkiye": "TR", "russia": "RU", "korea": "KR", "vatican": "VA",
    "vaticancity": "VA", "easttimor": "TL", "uae": "AE", "emirates": "AE", "palestine": "PS",
    "macau": "MO", "brunei": "BN", "micronesia": "FM", "drc": "CD", "drcongo": "CD",
    "democraticrepublicofcongo": "CD", "democraticrepubliccongo": "CD", "congobrazzaville": "CG",
    "congokinshasa": "CD", "prc": "CN", "mainlandchina": "CN", "roc": "TW", "ksa": "SA",
    "rok": "KR", "dprk": "KP", "eire": "IE", "persia": "IR", "ceylon": "LK", "bosnia": "BA",
}  # fmt: skip


@dataclass(frozen=True)
class _Country:
    """A line of data/countries.tsv."""

    alpha_2: str
    alpha_3: str
    names: tuple[str, ...]  # English: the ISO short name, and the common and official ones if any
    keys: tuple[str, ...]  # of names in other languages


class UnknownCountry(UsageError):
    """No country has this name; the message offers the nearest ones."""

    def __init__(self, text: str, nearest: tuple[str, ...]) -> None:
        offer = f"did you mean {' or '.join(nearest)}?" if nearest else "use its ISO code, as in CH"
        super().__init__(f"no country is called '{safe_text(text, 60)}': {offer}")
        self.nearest = nearest


def resolve_country(text: str) -> str:
    """Return the ISO 3166 English short name of the country that `text` names.

    Two- and three-letter codes, ISO, common, official and spoken names in
    any case, with or without accents and articles, names in German, Spanish,
    French, Portuguese, Russian, Arabic and Chinese, and what the country calls
    itself. Raises `UnknownCountry`.
    """
    key = key_of(text[:_LONGEST])
    # A code first: `AND` is Andorra and `ST` São Tomé, not words to leave out.
    code = _codes().get(text.strip().upper()) or _english().get(key)
    if code is None:
        if not key or len(text) > _LONGEST:
            raise UnknownCountry(text, ())
        codes = _translated().get(key, frozenset())
        if len(codes) != 1:
            raise UnknownCountry(text, _nearest(key, codes))
        (code,) = codes
    return _name(code)


def flag_of(name: str) -> str:
    """Return the flag emoji of a country by its ISO name, or an empty text."""
    code = next((one.alpha_2 for one in _countries() if one.names[0] == name), "")
    return "".join(chr(0x1F1A5 + ord(c)) for c in code)


def key_of(text: str) -> str:
    """Keep letters only, lower case, no accents; leave articles, `and` and the like out."""
    plain = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("ı", "i")
    words = re.findall(r"[^\W\d_]+", re.sub(r"['’.`]", "", plain))
    words = ["saint" if word == "st" else word for word in words]
    kept = [word for word in words if word not in {"the", "and", "of"}]
    return "".join(kept)


@cache
def _countries() -> tuple[_Country, ...]:
    """Return all countries, from the table that tools/country_table.py makes."""
    text = files("tito_bench").joinpath("data", "countries.tsv").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        _Country(alpha_2, alpha_3, tuple(filter(None, names)), tuple(keys.split()))
        for alpha_2, alpha_3, *names, keys in lines
    )


def _name(code: str) -> str:
    return next(one.names[0] for one in _countries() if one.alpha_2 == code)


@cache
def _codes() -> dict[str, str]:
    return {code: one.alpha_2 for one in _countries() for code in (one.alpha_2, one.alpha_3)}


@cache
def _english() -> dict[str, str]:
    """Return every English key of every country; ISO names win over spoken ones."""
    keys: dict[str, str] = dict(_SPOKEN)
    inverted: list[tuple[str, str]] = []
    for country in _countries():
        for name in country.names:
            keys[key_of(name)] = country.alpha_2
            if "," in name:  # `Korea, Republic of` is also `Republic of Korea`
                head, _, tail = name.partition(",")
                inverted.append((key_of(f"{tail} {head}"), country.alpha_2))
    for key, code in inverted:
        keys.setdefault(key, code)
    return keys


@cache
def _translated() -> dict[str, frozenset[str]]:
    """Return the keys in other languages; some name more than one country."""
    found: dict[str, set[str]] = {}
    for country in _countries():
        for key in country.keys:
            found.setdefault(key, set()).add(country.alpha_2)
    return {key: frozenset(codes) for key, codes in found.items()}


def _nearest(key: str, codes: frozenset[str]) -> tuple[str, ...]:
    if codes:
        return tuple(sorted(map(_name, codes)))[:3]
    english = _english()
    long_keys = [name for name in english if len(name) > 3]
    close = difflib.get_close_matches(key, long_keys, n=6, cutoff=0.6)
    close += [name for name in long_keys if len(key) > 3 and key in name][:3]
    return tuple(dict.fromkeys(_name(english[name]) for name in close))[:3]
