"""The one place where text from people, files and servers is made harmless.

Used on the way in (before text is stored) and on the way out (before it is
shown), so that neither an old file nor a server can drive the terminal.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["SAFE_LENGTH", "plain", "safe_json", "safe_text"]

SAFE_LENGTH = 200
"""Characters kept of one piece of foreign text."""

_PLAIN_ASCII = re.compile(r"[ -~]*")
# Cc control, Cf format (bidi, zero width, tags), Cs surrogates, Co private,
# Cn unassigned, Zl and Zp line and paragraph separators.
_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Joiners make emoji and several scripts; alone they cannot hide or reorder text.
_JOINERS = frozenset("\u200c\u200d")
_JSON_UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u061c\ufeff\U000e0000-\U000e007f]"
)
_WHITESPACE = re.compile(r"[ \t\r\n]+")


def safe_text(text: str, limit: int = SAFE_LENGTH) -> str:
    """Return one line without anything that a terminal or a reader's eye would obey.

    White space becomes one blank; control bytes (C0, C1, so also ANSI
    escapes), bidi and other invisible format characters, line separators,
    lone surrogates and unassigned code points become visible escapes such as
    `\\x1b`. At most `limit` characters are kept, the last being `…` where
    something was cut. Applying it twice changes nothing.

    rich markup is not touched, for `[b]` is a harmless text: hand the result
    to `plain`, or to a console made with `markup=False`.
    """
    kept = text[: limit * 4]  # a megabyte is not looked at to show 200 characters
    cut = len(kept) < len(text)
    kept = _WHITESPACE.sub(" ", kept).strip(" ")
    if not _PLAIN_ASCII.fullmatch(kept):
        kept = "".join(map(_shown, kept))
    if cut or len(kept) > limit:
        kept = kept[: limit - 1].rstrip(" ") + "…"
    return kept


def plain(text: str, style: str = "", limit: int = SAFE_LENGTH) -> Text:
    """Return `safe_text` as a rich Text, in which neither markup nor emoji codes are read."""
    from rich.text import Text

    return Text(safe_text(text, limit), style=style)


def safe_json(text: str) -> str:
    """Return JSON text that is the same document but drives no terminal.

    Encoders leave DEL, C1 and invisible characters as they are; here they
    become `\\uXXXX`. Between tokens there may be blanks and line feeds only, so
    all others are within strings and the document is equal. Text that is no
    JSON becomes as harmless.
    """
    return _JSON_UNSAFE.sub(_json_escape, text)


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _ESCAPED_CATEGORIES:
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
