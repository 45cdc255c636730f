"""When nothing may be sent, whatever else was agreed to."""

from __future__ import annotations

import os

import pytest

from tito_bench.errors import UsageError
from tito_bench.records.project_config import Config, WebsiteSettings
from tito_bench.website.network_policy import parse_address, permission

ON = Config(website=WebsiteSettings(enabled=True, api_url="https://api.example.org/v1/"))


def test_off_by_default():
    found = permission(Config(), {})
    assert not found.allowed
    assert found.reason == "off: website.enabled is false in .tinytorch/config.json"
    assert not permission(Config(website=WebsiteSettings(enabled=True)), {}).allowed
    assert not permission(Config(website=WebsiteSettings(enabled=True, api_url="")), {}).allowed
    assert not permission(Config(website=WebsiteSettings(api_url="https://a.org")), {}).allowed


def test_on():
    found = permission(ON, {"PATH": "/bin", "CI": "false", "DO_NOT_TRACK": "0"})
    assert found.allowed
    assert found.address.url == "https://api.example.org/v1"
    assert found.address.origin == "https://api.example.org:443"


@pytest.mark.parametrize("value", ["1", "true", "yes", "on", "TRUE", "anything"])
@pytest.mark.parametrize(
    "name", ["DO_NOT_TRACK", "TITO_NO_SYNC", "CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL"]
)
def test_the_environment_says_no(name: str, value: str) -> None:
    found = permission(ON, {name: value})
    assert not found.allowed
    assert name in found.reason
    assert found.address is None


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "ftp://localhost",
        "file:///etc/passwd",
        "https://",
        "https://user@example.org",
        "https://user:word@example.org",
        "https://example.org/?q=1",
        "https://example.org/#x",
        "https://example.org:port",
        "https://[bad",
        "api.example.org",
        "",
        "https://example.org/\x1b[2J",
        "https://example.org/ x\n",
        "http://10.0.0.1",
        "http://0.0.0.0",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(url)
    assert "\x1b" not in str(caught.value)
    assert not permission(Config(website=WebsiteSettings(enabled=True, api_url=url)), {}).allowed


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.5/x", "http://127.0.0.5:80"),
        ("http://[::1]:5", "http://[::1]:5"),
    ],
)
def test_http_to_this_machine_only(url: str, origin: str) -> None:
    address = parse_address(url)
    assert (address.is_loopback, address.origin) == (True, origin)


def test_https_elsewhere():
    assert parse_address("https://Example.org:8443/a").origin == "https://example.org:8443"
    assert not parse_address("https://example.org").is_loopback


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        (b'{"auto_sync": false}', False),
        (b'{"auto_sync": true}', True),
        (b"{}", True),
        (b"[]", True),
        (b"{", False),
        (b"\xff\xfe", False),
        (None, True),
    ],
)
@pytest.mark.parametrize("home", ["HOME", "USERPROFILE"])
def test_the_no_that_tinytorch_was_given_is_a_no(
    tmp_path, home: str, content: bytes | None, allowed: bool
) -> None:
    if content is not None:
        (tmp_path / ".tinytorch").mkdir()
        (tmp_path / ".tinytorch" / "sync.json").write_bytes(content)
    found = permission(ON, {home: str(tmp_path)})
    assert found.allowed == allowed
    assert ("~/.tinytorch/sync.json" in found.reason) != allowed


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_in_the_place_of_that_no_is_not_waited_for(tmp_path):
    (tmp_path / ".tinytorch").mkdir()
    os.mkfifo(tmp_path / ".tinytorch" / "sync.json")
    found = permission(ON, {"HOME": str(tmp_path)})
    assert not found.allowed
    assert "not a regular file" in found.reason
