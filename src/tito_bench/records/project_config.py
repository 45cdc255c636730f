"""`.tinytorch/config.json`: the settings of a project.

What a file leaves out has its default, block by block: a `website` block with
one entry keeps all the other defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tito_bench.records.schema import DocumentKind

if TYPE_CHECKING:
    from pathlib import Path

    from tito_bench.records.documents import Documents

__all__ = ["CONFIG", "Config", "LocalSettings", "WebsiteSettings", "load_config"]


class WebsiteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The website; off, and without an address, until someone says otherwise."""

    base_url: str = "https://tinytorch.ai"
    community_map_url: str = "https://tinytorch.ai/community"
    api_url: str | None = None
    enabled: bool = False


class LocalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept on this machine; `auto_sync` sends at once what may be sent."""

    enabled: bool = True
    auto_sync: bool = False


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """All settings."""

    website: WebsiteSettings = WebsiteSettings()
    local: LocalSettings = LocalSettings()


def _from_unversioned(found: dict[str, Any]) -> dict[str, Any]:
    """Migrate files by hand and from before schemas: an empty block means its defaults."""
    return {name: item for name, item in found.items() if item is not None}


CONFIG = DocumentKind("configuration", Config, 1, {0: _from_unversioned})


def load_config(documents: Documents, path: Path) -> Config:
    """Return the settings; all defaults where there is no file."""
    document = documents.load(CONFIG, path)
    return document.value if document else Config()
