"""Whether anything may be sent at all, and why not."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from tito_bench.errors import UsageError
from tito_bench.foreign_json import NotJson, decode_foreign_json, read_file
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tito_bench.records.project_config import Config, WebsiteSettings

__all__ = [
    "NetworkPolicy",
    "WebsiteAddress",
    "ci_variable",
    "page_address",
    "parse_address",
    "permission",
]

_COURSE_SYNC = ".tinytorch/sync.json"
"""Below the home folder: what TinyTorch's own `community sync --disable-auto` writes."""
_MOST_BYTES = 2**20
_OPT_OUT = ("DO_NOT_TRACK", "TITO_NO_SYNC")
_CI = (
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "BUILDKITE",
    "BUILD_NUMBER",
    "CIRCLECI",
    "TRAVIS",
    "APPVEYOR",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "BITBUCKET_BUILD_NUMBER",
    "CODEBUILD_BUILD_ID",
    "DRONE",
)
_OFF = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True)
class WebsiteAddress:
    """Where the API is. `origin` is scheme, host and port; `is_loopback` this machine."""

    url: str
    origin: str
    host: str
    is_loopback: bool


@dataclass(frozen=True)
class NetworkPolicy:
    """Whether the website may be contacted; `reason` says it in one sentence."""

    allowed: bool
    reason: str
    address: WebsiteAddress | None = None


def permission(config: Config, environ: Mapping[str, str]) -> NetworkPolicy:
    """Return the effective state, from the settings and the environment.

    Consent is a second question, asked for each kind of data. A set
    DO_NOT_TRACK or TITO_NO_SYNC wins over everything, and so does the no that TinyTorch
    was given; CI never sends.
    """
    for name in _OPT_OUT:
        if _is_set(environ, name):
            return NetworkPolicy(False, f"off: {name} is set")
    refused = _course_refusal(environ)
    if refused is not None:
        return NetworkPolicy(False, f"off: {refused}")
    machine = ci_variable(environ)
    if machine is not None:
        return NetworkPolicy(False, f"off: this is a CI machine ({machine} is set)")
    if not config.website.enabled:
        return NetworkPolicy(False, "off: website.enabled is false in .tinytorch/config.json")
    if not config.website.api_url:
        return NetworkPolicy(False, "off: website.api_url is not set in .tinytorch/config.json")
    try:
        address = parse_address(config.website.api_url)
    except UsageError as error:
        return NetworkPolicy(False, f"off: {error}")
    return NetworkPolicy(True, f"on: {address.url}, only what you agree to", address)


def _course_refusal(environ: Mapping[str, str]) -> str | None:
    """Say that TinyTorch's own sync was refused, or that it cannot be read whether it was."""
    home = environ.get("HOME") or environ.get("USERPROFILE")
    try:
        data = read_file(Path(home) / _COURSE_SYNC, _MOST_BYTES) if home else None
        found = None if data is None else decode_foreign_json(data)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"~/{_COURSE_SYNC} cannot be read: {error.strerror}"
    except NotJson as error:
        return f"~/{_COURSE_SYNC} cannot be read: {error}"
    if isinstance(found, dict) and found.get("auto_sync") is False:
        return f"auto_sync is false in ~/{_COURSE_SYNC} (tito community sync --enable-auto)"
    return None


def ci_variable(environ: Mapping[str, str]) -> str | None:
    """Return the variable that says that this is a CI machine, or None."""
    return next((name for name in _CI if _is_set(environ, name)), None)


def parse_address(api_url: str, named: str = "website.api_url ") -> WebsiteAddress:
    """Parse the API's address: https, or http to this machine; nothing but host, port and path.

    `named` says in messages whose address it is. Raises `UsageError` for any other.
    """
    shown = named + safe_text(api_url, 100)
    try:
        bare = "" if "://" in api_url else urlsplit(f"//{api_url}").hostname
        parts = urlsplit(api_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError(f"{shown} is not an address") from None
    if bare:
        start = "http://" if _is_loopback(bare) else "https://"
        raise UsageError(f"{shown} must start with {start}, as {start}{safe_text(api_url, 100)}")
    if shown != named + api_url or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise UsageError(f"{shown} must be scheme, host and path only")
    loopback = _is_loopback(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise UsageError(f"{shown} must start with https://")
    port = port or (443 if parts.scheme == "https" else 80)
    shown_host = f"[{host}]" if ":" in host else host
    return WebsiteAddress(
        api_url.rstrip("/"), f"{parts.scheme}://{shown_host}:{port}", host, loopback
    )


def page_address(website: WebsiteSettings) -> str:
    """Return the address of the page of the map; below `base_url` where it is only a path.

    Raises `UsageError` for what is no page on the web.
    """
    url = urljoin(f"{website.base_url.rstrip('/')}/", website.community_map_url)
    return parse_address(url, named="website.community_map_url ").url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").strip().lower() not in _OFF
