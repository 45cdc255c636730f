"""The client against a real server: polite, slow, broken, lying, redirecting, huge."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import pytest
from werkzeug import Request, Response

from tito_bench import __version__
from tito_bench.website.client import Client, Limits, WebsiteMissing
from tito_bench.website.network_policy import parse_address

BODY = b'{\n  "a": "\xc3\xa4"\n}\n'
PATH = "/api/community/join"
QUICK = Limits(timeout_s=0.4, total_s=1.5)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(httpserver, waits) -> Client:
    return Client(parse_address(httpserver.url_for("/v1")), QUICK, waits.append)


def _answers(httpserver, *responses: Response, path: str = "/v1" + PATH) -> list[Request]:
    """Give these answers one after the other, the last one again and again."""
    seen: list[Request] = []
    rest = itertools.chain(responses, itertools.repeat(responses[-1]))

    def handle(request: Request) -> Response:
        request.get_data()
        seen.append(request)
        return next(rest)

    httpserver.expect_request(path).respond_with_handler(handle)
    return seen


def _json(status: int = 200, text: str = '{"ok": true}', **headers: str) -> Response:
    return Response(text, status, headers=headers, content_type="application/json")


def test_what_is_sent(httpserver, client):
    seen = _answers(httpserver, _json(201))
    answer = client.post(PATH, BODY, "key-1")
    assert (answer.outcome, answer.document) == ("accepted", {"ok": True})
    (request,) = seen
    assert request.method == "POST"
    assert request.get_data() == BODY
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers.pop("host").startswith(("localhost:", "127.0.0.1:"))
    headers.pop("connection")
    assert headers == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-length": str(len(BODY)),
        "content-type": "application/json",
        "idempotency-key": "key-1",
        "user-agent": f"tito-bench/{__version__}",
    }


def test_get_sends_no_body(httpserver, client):
    seen = _answers(httpserver, _json(), path="/v1/api/community/stats")
    assert client.get("/api/community/stats").document == {"ok": True}
    assert (seen[0].method, seen[0].get_data()) == ("GET", b"")


def test_no_content_is_an_answer(httpserver, client):
    _answers(httpserver, Response(status=204))
    assert client.post(PATH, BODY, "k").outcome == "accepted"


@pytest.mark.parametrize("text", ["<html>log in to the network</html>", "", "[1]", "[" * 9999])
def test_a_success_that_is_no_json_object_is_none(httpserver, client, text):
    _answers(httpserver, Response(text, 200))
    answer = client.post(PATH, BODY, "k")
    assert answer.outcome == "unreachable"
    assert "not JSON" in answer.reason


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_busy_servers_are_asked_again(httpserver, client, waits, status):
    seen = _answers(httpserver, Response(status=status), Response(status=status), _json())
    assert client.post(PATH, BODY, "k").outcome == "accepted"
    assert [request.headers["Idempotency-Key"] for request in seen] == ["k"] * 3
    assert waits == [0.5, 1.0]


def test_but_not_for_ever(httpserver, client, waits):
    seen = _answers(httpserver, Response(status=503))
    answer = client.post(PATH, BODY, "k")
    assert (answer.outcome, answer.reason) == ("unreachable", "status 503")
    assert len(seen) == 4
    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("header", "wait"),
    [("3", 3.0), ("9999", 10.0), ("99999999", 0.5), ("-1", 0.5), ("soon", 0.5), ("²", 0.5)],
)
def test_retry_after_is_heard_within_reason(httpserver, client, waits, header, wait):
    headers = {"Retry-After": header.encode().decode("latin-1")}
    _answers(httpserver, Response(status=429, headers=headers), _json())
    assert client.post(PATH, BODY, "k").outcome == "accepted"
    assert waits == [wait]


@pytest.mark.parametrize("status", [400, 409, 410, 413, 415, 422])
def test_a_refusal_is_final(httpserver, client, waits, status):
    seen = _answers(httpserver, _json(status, '{"detail": "unknown \\u001b[31mid\\u202e"}'))
    answer = client.post(PATH, BODY, "k")
    assert answer.outcome == "refused"
    assert answer.reason == f"status {status}: unknown \\x1b[31mid\\u202e"
    assert (len(seen), waits) == (1, [])


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 406, 407, 411, 418, 431, 451])
def test_what_may_pass_is_for_later(httpserver, client, status):
    """A login page, a proxy, a server that is being moved: none of them has the say."""
    _answers(httpserver, _json(status, '{"detail": "not here"}'))
    answer = client.post(PATH, BODY, "k")
    assert (answer.outcome, answer.reason) == ("unreachable", f"status {status}: not here")


@pytest.mark.parametrize("status", [400, 409, 410, 413, 415, 422])
@pytest.mark.parametrize("text", ["<html>blocked by your school</html>", "", "[1]", '"no"'])
def test_a_refusal_without_a_document_is_for_later(httpserver, client, status, text):
    _answers(httpserver, Response(text, status))
    assert client.post(PATH, BODY, "k").outcome == "unreachable"


@pytest.mark.parametrize("status", [408, 425])
def test_a_timing_matter_is_not(httpserver, client, status):
    _answers(httpserver, Response(status=status))
    assert client.post(PATH, BODY, "k").outcome == "unreachable"


def test_a_reason_in_plain_text(httpserver, client):
    _answers(httpserver, Response(b"no \x9b\xff[b]way[/b]\n" + b"x" * 5000, 400))
    reason = client.post(PATH, BODY, "k").reason
    assert reason.startswith("status 400: no ")
    assert "[b]way[/b] xxx" in reason
    assert len(reason) < 250
    assert not [c for c in reason if ord(c) < 32 or 127 <= ord(c) < 160]


def test_nobody_listens(scripted, waits):
    server = scripted(lambda _connection, _over: None)
    server.close()
    answer = Client(server.address, QUICK, waits.append).post(PATH, BODY, "k")
    assert answer.outcome == "unreachable"
    assert len(waits) == 3


def test_a_server_that_never_answers(scripted, waits):
    server = scripted(lambda _connection, over: over.wait(5))
    answer = Client(server.address, QUICK, waits.append).post(PATH, BODY, "k")
    assert (answer.outcome, answer.reason) == ("unreachable", "timed out")
    assert (server.connections, waits) == (1, []), "it may have arrived: not sent again now"


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_a_server_that_dribbles(scripted, waits, start):
    def dribble(connection, over):
        connection.recv(65536)
        connection.sendall(start)
        for byte in itertools.cycle(b"H"):
            connection.sendall(bytes([byte]))
            if over.wait(0.05):
                return

    server = scripted(dribble)
    limits = Limits(timeout_s=0.4, total_s=0.6)
    answer = Client(server.address, limits, waits.append).post(PATH, BODY, "k")
    assert answer.outcome == "unreachable"
    assert answer.reason == "no answer within 0.6 s"


def _flood(connection, over):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not over.is_set():
        connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def _flood_of_headers(connection, over):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.is_set():
        connection.sendall(b"X-More: " + b"x" * 8000 + b"\r\n")


def _say(data: bytes) -> Any:
    def script(connection, _over):
        connection.recv(65536)
        connection.sendall(data)

    return script


_PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\0"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (_say(_PACKED), "JSON"),
        (_flood, "too large"),
        (_flood_of_headers, ""),
        (_say(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}"), ""),
        (_say(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"), ""),
        (_say(b"\x00\x01\x02\x1b[2J\r\n\r\n"), ""),
        (_say(b"HTTP/1.1 999999 \x1b[31m\r\n\r\n"), ""),
        (_say(b""), ""),
        (_say(b"SSH-2.0-OpenSSH_9.6\r\n"), ""),
        (_say(b"HTTP/1.1 307 x\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n"), ""),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_kept_for_later(scripted, waits, script, reason):
    server = scripted(script)
    answer = Client(server.address, QUICK, waits.append).post(PATH, BODY, "k")
    assert answer.outcome == "unreachable"
    assert reason in answer.reason
    assert answer.reason
    assert "\x1b" not in answer.reason
    assert waits == []


def test_redirects_within_the_host(httpserver, client):
    _answers(httpserver, Response(status=307, headers={"Location": "/v2/here"}))
    seen = _answers(httpserver, _json(), path="/v2/here")
    assert client.post(PATH, BODY, "k").outcome == "accepted"
    assert (seen[0].method, seen[0].get_data()) == ("POST", BODY)
    assert seen[0].headers["Idempotency-Key"] == "k"


def test_no_redirect_to_another_host(httpserver, client, scripted):
    other = scripted(_say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    for target in (other.address.url, "https://example.org/", "//example.org/x", "ftp://x/"):
        httpserver.clear()
        _answers(httpserver, Response(status=308, headers={"Location": target}))
        answer = client.post(PATH, BODY, "k")
        assert answer.outcome == "unreachable"
        assert "another host" in answer.reason
    assert other.connections == 0


def test_no_redirect_without_end(httpserver, client):
    seen = _answers(httpserver, Response(status=307, headers={"Location": "/v1" + PATH}))
    assert "without end" in client.post(PATH, BODY, "k").reason
    assert len(seen) == 4


def test_other_redirects_are_not_followed(httpserver, client):
    _answers(httpserver, Response(status=302, headers={"Location": "/v2/here"}))
    seen = _answers(httpserver, _json(), path="/v2/here")
    assert client.post(PATH, BODY, "k").outcome == "unreachable"
    assert seen == []


def test_cookies_are_not_kept(httpserver, client):
    first = Response(status=503, headers={"Set-Cookie": "track=1"})
    seen = _answers(httpserver, first, _json())
    assert client.post(PATH, BODY, "k").outcome == "accepted"
    assert "Cookie" not in seen[1].headers


def test_cookies_are_not_kept_over_a_redirect(httpserver, client):
    headers = {"Location": "/v2/here", "Set-Cookie": "track=1; Path=/"}
    _answers(httpserver, Response(status=307, headers=headers))
    seen = _answers(httpserver, _json(), path="/v2/here")
    assert client.post(PATH, BODY, "k").outcome == "accepted"
    assert "Cookie" not in seen[0].headers


def test_no_proxy_stands_before_this_machine(httpserver, client, scripted, monkeypatch):
    proxy = scripted(lambda _connection, _over: None)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.address.url)
    _answers(httpserver, _json())
    assert client.post(PATH, BODY, "k").outcome == "accepted"
    assert proxy.connections == 0


def test_without_httpx_it_says_what_to_install(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(WebsiteMissing, match=r"pip install 'tito-bench\[website\]'.*stays queued"):
        client.post(PATH, BODY, "k")


def test_an_interrupt_is_not_swallowed(httpserver, waits):
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    _answers(httpserver, Response(status=503))
    client = Client(parse_address(httpserver.url_for("/v1")), QUICK, interrupted)
    with pytest.raises(KeyboardInterrupt):
        client.post(PATH, BODY, "k")
