"""Whether anything could leave this machine, and what was agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from tito_bench.community.consent import CONSENT, given_here, is_granted
from tito_bench.community.place import Place
from tito_bench.errors import StoreError
from tito_bench.records.project_config import CONFIG, Config
from tito_bench.records.project_layout import Layout
from tito_bench.records.schema import DocumentKind, Unreadable, decode
from tito_bench.records.store import read_bytes
from tito_bench.website.network_policy import permission

__all__ = ["SharingFacts", "describe_sharing"]

S = TypeVar("S", bound=msgspec.Struct)


class SharingFacts(msgspec.Struct, frozen=True):
    """The website in one sentence, and whether each kind of data may go there."""

    website: str
    profile: bool
    benchmarks: bool


def describe_sharing(layout: Layout, environ: Mapping[str, str]) -> SharingFacts:
    """Read settings and consent; a file that cannot be read is a no."""
    try:
        config = _read(CONFIG, layout.config) or Config()
        consent = given_here(_read(CONSENT, layout.consent), Place(layout.root, environ))
    except (StoreError, Unreadable):
        return SharingFacts("off: its settings or the consent cannot be read", False, False)
    allowed = permission(config, environ)
    if not allowed.allowed:
        return SharingFacts(allowed.reason, False, False)
    url = config.website.api_url or ""
    return SharingFacts(
        allowed.reason, is_granted(consent, "profile", url), is_granted(consent, "benchmarks", url)
    )


def _read(kind: DocumentKind[S], path: Path) -> S | None:
    """Return the value of a file as it is on disk; unlike `Documents.load`, move nothing aside."""
    data = read_bytes(path)
    return None if data is None else decode(kind, data, path.name).value
