"""Documents into HTML: Jinja2 with autoescape, one stylesheet, one small script."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from tito_bench_server.pages.bubbles import World, place_bubbles, place_labels
from tito_bench_server.pages.languages import LANGUAGES, Language, language_of

__all__ = ["STATIC", "Asset", "PageBytes", "load_world", "map_view", "packed", "render"]

_LABEL_SIZE = 22.0


@dataclass(frozen=True)
class PageBytes:
    """A page as it is sent, plain and packed."""

    plain: bytes
    packed: bytes
    etag: str


@dataclass(frozen=True)
class Asset:
    """A file that browsers may keep for ever: its name changes with its content."""

    name: str
    media_type: str
    body: bytes


def packed(text: str) -> PageBytes:
    """Return the bytes of a page; the packed ones are the same for the same text."""
    plain = text.encode()
    return PageBytes(
        plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:32]
    )


@cache
def load_world() -> World:
    """Return the map that tools/make_world.mjs made."""
    folder = files("tito_bench_server.pages") / "static"
    found = msgspec.json.decode((folder / "places.json").read_bytes())
    return World(
        width=found["width"],
        height=found["height"],
        land=(folder / "world.path").read_text(encoding="ascii").strip(),
        places={code: (x, y) for code, (x, y) in found["places"].items()},
    )


def _asset(file: str, media_type: str) -> Asset:
    body = (files("tito_bench_server.pages") / "static" / file).read_bytes()
    stem, _, ending = file.partition(".")
    return Asset(f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{ending}", media_type, body)


STATIC: Mapping[str, Asset] = {
    "style": _asset("style.css", "text/css"),
    "icon": _asset("icon.svg", "image/svg+xml"),
    "open": _asset("open.js", "text/javascript"),
}


@cache
def _environment(tag: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("tito_bench_server.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    translations = language_of(tag).translations
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        translations, newstyle=True
    )
    return environment


def render(template: str, language: Language, **values: Any) -> str:
    """Return a page's HTML."""
    found = _environment(language.tag).get_template(template)
    return found.render(language=language, languages=LANGUAGES, static=STATIC, **values)


def map_view(document: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return what the template of the map needs: bubbles, labels, rows of the table."""
    world = load_world()
    names = language.countries()
    counts = {one["code"]: one["at_least"] for one in document["countries"]}
    called = {one["code"]: names.get(one["code"], one["country"]) for one in document["countries"]}
    bubbles = place_bubbles(counts, world)
    return {
        "world": world,
        "bubbles": [
            (bubble, f"{called[bubble.code]}: {language.at_least(bubble.at_least)}")
            for bubble in bubbles
        ],
        "labels": place_labels(bubbles, called, world, _LABEL_SIZE),
        "rows": [
            (called[one["code"]], language.at_least(one["at_least"]))
            for one in document["countries"]
        ],
    }
