"""TLS, proxies and certificates, with real sockets on loopback."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest
import trustme
from pytest_httpserver import HTTPServer

from tito_bench.website.client import Client, Limits
from tito_bench.website.network_policy import parse_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH = "/api/community/join"
HOST = "community.example"
QUICK = Limits(timeout_s=2.0, total_s=5.0, tries=1)
VARIABLES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    """A file with the authority's certificate, for SSL_CERT_FILE."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[HTTPServer]:
    """A website that speaks TLS, by the names of this machine and HOST."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", HOST).configure_cert(context)
    with HTTPServer(host="127.0.0.1", port=0, ssl_context=context) as server:
        server.expect_request(PATH).respond_with_json({"ok": True})
        yield server


def _post(url: str) -> tuple[str, str]:
    answer = Client(parse_address(url), QUICK).post(PATH, b"{}", "k")
    return answer.outcome, answer.reason


def test_a_certificate_that_is_trusted(secure, trusted, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    assert _post(f"https://127.0.0.1:{secure.port}") == ("accepted", "accepted")


def test_nothing_is_told_to_a_certificate_that_is_not(secure):
    outcome, reason = _post(f"https://127.0.0.1:{secure.port}")
    assert outcome == "unreachable"
    assert "certificate" in reason.lower()
    assert secure.log == []


def test_nothing_is_told_to_a_certificate_of_another_name(authority, trusted, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    with HTTPServer(host="127.0.0.1", port=0, ssl_context=context) as server:
        outcome, reason = _post(f"https://127.0.0.1:{server.port}")
        assert outcome == "unreachable"
        assert "SSL_CERT_FILE" in reason
        assert server.log == []


def _relay(one: socket.socket, other: socket.socket, over: threading.Event) -> None:
    """Carry bytes both ways until a side hangs up."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            over.wait(0)  # a side hung up, as it may
        finally:
            for end in (source, target):
                end.close()

    back = threading.Thread(target=carry, args=(other, one))
    back.start()
    carry(one, other)
    back.join()


def test_a_proxy_is_used(secure, trusted, scripted, monkeypatch):
    asked: list[bytes] = []

    def tunnel(connection, over):
        asked.append(connection.recv(65536).split(b"\r\n")[0])
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        _relay(connection, socket.create_connection(("127.0.0.1", secure.port)), over)

    proxy = scripted(tunnel)
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    monkeypatch.setenv("HTTPS_PROXY", proxy.address.url)
    assert _post(f"https://{HOST}") == ("accepted", "accepted")
    assert asked == [f"CONNECT {HOST}:443 HTTP/1.1".encode()]


def test_a_socks_proxy_is_used(secure, trusted, scripted, monkeypatch):
    asked: list[bytes] = []

    def tunnel(connection, over):
        connection.recv(3)
        connection.sendall(b"\x05\x00")
        asked.append(connection.recv(65536))
        connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
        _relay(connection, socket.create_connection(("127.0.0.1", secure.port)), over)

    proxy = scripted(tunnel)
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    monkeypatch.setenv("ALL_PROXY", proxy.address.url.replace("http", "socks5"))
    assert _post(f"https://{HOST}") == ("accepted", "accepted")
    assert HOST.encode() in asked[0]


def test_a_proxy_that_wants_a_password_is_for_later(scripted, monkeypatch):
    def refuse(connection, _over):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

    monkeypatch.setenv("HTTPS_PROXY", scripted(refuse).address.url)
    outcome, reason = _post(f"https://{HOST}")
    assert outcome == "unreachable"
    assert "407" in reason
    assert "HTTPS_PROXY" in reason


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "socks4://127.0.0.1:1"),
        ("ALL_PROXY", "gopher://127.0.0.1:1"),
        ("https_proxy", "::::"),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ("ALL_PROXY", "socks5://127.0.0.1:1"),
        ("SSL_CERT_FILE", "/there/is/none"),
        ("SSL_CERT_FILE", __file__),
    ],
)
def test_an_odd_way_out_is_unreachable_and_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    outcome, reason = _post(f"https://{HOST}")
    assert outcome == "unreachable"
    assert name in reason


def test_socks_without_its_package_is_unreachable_and_named(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    outcome, reason = _post(f"https://{HOST}")
    assert outcome == "unreachable"
    assert "ALL_PROXY" in reason


def test_a_password_of_a_proxy_is_not_shown(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "gopher://anna:hunter2@127.0.0.1:1")
    assert "hunter2" not in _post(f"https://{HOST}")[1]
