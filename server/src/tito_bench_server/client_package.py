"""All that is used of the students' package, in one place.

The arrow points this way only: nothing in `tito_bench` imports the server
(its command line finds it by name and hands the words over).
"""

from __future__ import annotations

from functools import lru_cache

from tito_bench.cli.exits import Exit
from tito_bench.cli.signals import ended_by_signals
from tito_bench.cli.streams import Streams
from tito_bench.community.cohort import named_cohort
from tito_bench.community.country import UnknownCountry, flag_of, key_of, resolve_country
from tito_bench.community.profile import COURSE_TYPES, EXPERIENCE_LEVELS
from tito_bench.errors import StoreError, TitoBenchError, UsageError
from tito_bench.safe_text import safe_text

__all__ = [
    "COURSE_TYPES",
    "EXPERIENCE_LEVELS",
    "Exit",
    "StoreError",
    "Streams",
    "TitoBenchError",
    "UsageError",
    "country_code",
    "country_name",
    "ended_by_signals",
    "key_of",
    "named_cohort",
    "safe_text",
]

_FLAG_OFFSET = 0x1F1A5  # from a letter to its regional indicator


@lru_cache(maxsize=4096)
def country_code(text: str) -> str | None:
    """Return the ISO 3166 alpha-2 code of the country that `text` names, or None."""
    try:
        flag = flag_of(resolve_country(text))
    except UnknownCountry:
        return None
    return "".join(chr(ord(letter) - _FLAG_OFFSET) for letter in flag)


@lru_cache(maxsize=512)
def country_name(code: str) -> str:
    """Return the ISO 3166 English short name for an alpha-2 code.

    Raises `UnknownCountry`.
    """
    return resolve_country(code)
