"""A website that misbehaves in every way that is known: real sockets, a process of its own."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import signal
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import trustme

from records.made_record import made_record, save_record
from robustness.commands import Outcome, Sandbox, fault, quick_client

__all__ = ["BEHAVIOURS", "HEALTHY", "Effect", "Server", "try_servers"]

HEALTHY = "healthy"
_HELD_S = 4.0
"""For how long a silent server is silent: longer than `quick_client` waits."""
_GOOD = b'{"status": "accepted"}'
_PROBLEM = b'{"type": "about:blank", "title": "No", "detail": "not like this"}'


@dataclass(frozen=True)
class Effect:
    """What the website was told, once for each key."""

    path: str
    key: str
    body: str


@dataclass(frozen=True)
class Behaviour:
    """How a request is answered.

    `answer` speaks on the open connection. `takes` says that the request has had its effect
    before the answer goes wrong. `tls` is the certificate shown, None for plain text.
    """

    answer: Callable[[socket.socket], object]
    takes: bool = False
    tls: str | None = None


def _reply(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close"]
    if length != -1:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _says(*parts: bytes, pause_s: float = 0.0) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_s)

    return answer


def _json(status: str, body: bytes, *headers: str) -> Callable[[socket.socket], None]:
    return _says(_reply(status, body, "Content-Type: application/json", *headers))


def _for_ever(first: bytes, more: bytes, pause_s: float) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        until = time.monotonic() + _HELD_S
        while time.monotonic() < until:
            connection.sendall(more)
            time.sleep(pause_s)

    return answer


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


_CHUNKED = "Transfer-Encoding: chunked"
_STATUSES = (
    "400 Bad Request", "401 Unauthorized", "402 Payment Required", "403 Forbidden", "404 Not Found",
    "405 Method Not Allowed", "406 Not Acceptable", "407 Proxy Authentication Required",
    "408 Request Timeout", "409 Conflict", "410 Gone", "411 Length Required",
    "412 Precondition Failed", "413 Content Too Large", "414 URI Too Long",
    "415 Unsupported Media Type", "418 I'm a teapot", "421 Misdirected Request",
    "422 Unprocessable Content", "425 Too Early", "426 Upgrade Required", "428 Required",
    "429 Too Many Requests", "431 Fields Too Large", "451 Unavailable", "499 Closed", "500 Error",
    "501 Not Implemented", "502 Bad Gateway", "503 Unavailable", "504 Timeout",
    "511 Login Required",
    "599 Odd", "300 Choices", "304 Not Modified", "999 Nobody Knows",
)  # fmt: skip

BEHAVIOURS: Mapping[str, Behaviour] = {
    HEALTHY: Behaviour(_json("202 Accepted", _GOOD), takes=True),
    **{f"{status[:3]} with a problem": Behaviour(_json(status, _PROBLEM)) for status in _STATUSES},
    **{
        f"{status[:3]} with a page": Behaviour(
            _says(_reply(status, b"<html>\x1b[2J no</html>", "Content-Type: text/html"))
        )
        for status in _STATUSES
    },
    "503 with a Retry-After of a year": Behaviour(
        _json("503 Unavailable", _PROBLEM, "Retry-After: 31536000")
    ),
    "503 with a Retry-After that is none": Behaviour(
        _json("503 Unavailable", _PROBLEM, "Retry-After: -\xb2")
    ),
    "204": Behaviour(_says(_reply("204 No Content")), takes=True),
    "a login page as success": Behaviour(_says(_reply("200 OK", b"<html>Log in</html>"))),
    "JSON as text": Behaviour(_says(_reply("200 OK", _GOOD, "Content-Type: text/plain")), True),
    "no Content-Type": Behaviour(_says(_reply("200 OK", _GOOD)), takes=True),
    "an empty success": Behaviour(_says(_reply("200 OK")), takes=True),
    "an array as success": Behaviour(_json("200 OK", b"[]"), takes=True),
    "half a document": Behaviour(_json("200 OK", b'{"status": "acc'), takes=True),
    "no UTF-8": Behaviour(_json("200 OK", b'{"status": "\xff"}'), takes=True),
    "100,000 brackets": Behaviour(_json("200 OK", b"[" * 100_000), takes=True),
    "NaN": Behaviour(_json("200 OK", b"NaN"), takes=True),
    "escapes in the reason": Behaviour(
        _json("422 No", b'{"detail": "\\u001b[2J\\u202e\\n\\nroot# "}')
    ),
    "a reason of 100 kB": Behaviour(_json("422 No", b'{"detail": "' + b"x" * 100_000 + b'"}')),
    "a reason that is none": Behaviour(_json("422 No", b'{"detail": {"a": []}, "title": 7}')),
    "10 MB": Behaviour(_json("200 OK", b'{"x": "' + b"x" * 10_000_000 + b'"}'), takes=True),
    "an endless answer": Behaviour(
        _for_ever(
            _reply("200 OK", b"{", _CHUNKED, length=-1), b"4000\r\n" + b" " * 16384 + b"\r\n", 0
        ),
        takes=True,
    ),
    "a byte now and then": Behaviour(_for_ever(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.2), True),
    "headers without end": Behaviour(_for_ever(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 100, 0)),
    "a header of 1 MB": Behaviour(
        _says(_reply("200 OK", _GOOD, "X-A: " + "x" * 1_000_000)), takes=True
    ),
    "packed, although nobody asked": Behaviour(
        _json("200 OK", gzip.compress(_GOOD), "Content-Encoding: gzip"), takes=True
    ),
    "a bomb": Behaviour(
        _json("200 OK", gzip.compress(b" " * 50_000_000), "Content-Encoding: gzip"), takes=True
    ),
    "an encoding that is none": Behaviour(
        _json("200 OK", _GOOD, "Content-Encoding: x-nothing"), takes=True
    ),
    "100 and then the answer": Behaviour(
        _says(b"HTTP/1.1 100 Continue\r\n\r\n", _reply("200 OK", _GOOD)), takes=True
    ),
    "102, 103 and then the answer": Behaviour(
        _says(b"HTTP/1.1 102 X\r\n\r\nHTTP/1.1 103 Y\r\n\r\n", _reply("200 OK", _GOOD)), takes=True
    ),
    "100 and nothing": Behaviour(_says(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "101": Behaviour(_says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")),
    "another host": Behaviour(_says(_reply("307 X", b"", "Location: https://evil.example/"))),
    "another port": Behaviour(_says(_reply("308 X", b"", "Location: http://127.0.0.1:1/"))),
    "plain text elsewhere": Behaviour(_says(_reply("307 X", b"", "Location: file:///etc/passwd"))),
    "a circle": Behaviour(_says(_reply("307 X", b"", "Location: /api/community/join"))),
    "a redirect to nowhere": Behaviour(_says(_reply("307 X"))),
    "a redirect that is no address": Behaviour(_says(_reply("307 X", b"", "Location: http://[::"))),
    "302 to a login": Behaviour(_says(_reply("302 Found", b"", "Location: /login"))),
    "301": Behaviour(_says(_reply("301 Moved", b"", "Location: /elsewhere"))),
    "303": Behaviour(_says(_reply("303 See Other", b"", "Location: /elsewhere"))),
    "closed at once": Behaviour(lambda connection: connection.close()),
    "closed after it had its effect": Behaviour(lambda connection: connection.close(), takes=True),
    "reset": Behaviour(_reset),
    "reset after it had its effect": Behaviour(_reset, takes=True),
    "half a status line": Behaviour(_says(b"HTTP/1."), takes=True),
    "half the headers": Behaviour(_says(b"HTTP/1.1 200 OK\r\nContent-"), takes=True),
    "shorter than it said": Behaviour(_says(_reply("200 OK", _GOOD, length=900)), takes=True),
    "longer than it said": Behaviour(
        _says(_reply("200 OK", _GOOD + b"rest", length=len(_GOOD))), True
    ),
    "two lengths": Behaviour(_says(_reply("200 OK", _GOOD, "Content-Length: 3")), takes=True),
    "a length below zero": Behaviour(_says(_reply("200 OK", _GOOD, length=-7)), takes=True),
    "a length without end": Behaviour(_says(_reply("200 OK", _GOOD, length=10**30)), takes=True),
    "chunks that are none": Behaviour(
        _says(_reply("200 OK", b"zz\r\n{}", _CHUNKED, length=-1)), True
    ),
    "no HTTP at all": Behaviour(_says(b"220 mail.example ESMTP\r\n")),
    "HTTP/0.9": Behaviour(_says(_GOOD)),
    "HTTP/2": Behaviour(_says(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(50))),
    "random bytes": Behaviour(lambda connection: connection.sendall(random.randbytes(5000))),
    "zeros": Behaviour(_says(bytes(100_000))),
    "silence": Behaviour(lambda _: time.sleep(_HELD_S)),
    "silence after it had its effect": Behaviour(lambda _: time.sleep(_HELD_S), takes=True),
    "silence after the headers": Behaviour(
        _for_ever(_reply("200 OK", b"", length=20), b"", _HELD_S), takes=True
    ),
    "a slow answer": Behaviour(
        _says(*(bytes([byte]) for byte in _reply("200 OK", _GOOD)), pause_s=0.005), takes=True
    ),
    "a stack of cookies": Behaviour(
        _json("200 OK", _GOOD, *(f"Set-Cookie: a{n}=b; Path=/" for n in range(200))), takes=True
    ),
    "a certificate of nobody known": Behaviour(_json("200 OK", _GOOD), takes=True, tls="unknown"),
    "a certificate of another name": Behaviour(_json("200 OK", _GOOD), takes=True, tls="other"),
    "a certificate that has expired": Behaviour(_json("200 OK", _GOOD), takes=True, tls="expired"),
    "plain text where TLS was wanted": Behaviour(_json("200 OK", _GOOD), takes=True, tls="plain"),
    "closed in the middle of TLS": Behaviour(_json("200 OK", _GOOD), takes=True, tls="closed"),
    "TLS without an answer": Behaviour(lambda connection: connection.close(), tls="good"),
}

_FORGOTTEN = frozenset({"404 with a problem", "410 with a problem"})
"""The website's own word for an id that it does not know: there is nothing left to tell it."""


class Server:
    """A website in a process of its own, so that whoever forks has no threads.

    What it was told stands in a file, one line for each request that had its effect; how it
    behaves is the content of another file.
    """

    def __init__(self, folder: Path, *, tls: bool = False) -> None:
        folder.mkdir(parents=True)
        self._told, self._behaviour = folder / "told", folder / "behaviour"
        self._told.touch()
        self.authority = folder / "authority.pem"
        self.behave(HEALTHY)
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        contexts = _contexts(self.authority) if tls else {}
        owner = os.getpid()
        self._process = os.fork()
        if self._process == 0:
            try:
                self._serve(listener, contexts, owner)
            finally:
                os._exit(1)
        listener.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)

    def behave(self, name: str) -> None:
        """Answer every request from now on as BEHAVIOURS[name] does."""
        new = self._behaviour.with_suffix(".new")
        new.write_text(name)
        new.replace(self._behaviour)

    @property
    def effects(self) -> list[Effect]:
        """What it was told, in order, a repetition with the same key left out."""
        found: dict[str, Effect] = {}
        for line in self._told.read_text().splitlines():
            effect = Effect(**json.loads(line))
            found.setdefault(effect.key, effect)
        return list(found.values())

    def _serve(
        self, listener: socket.socket, contexts: Mapping[str, ssl.SSLContext], owner: int
    ) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        listener.settimeout(1.0)
        while os.getppid() == owner:  # it ends with whoever started it
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            if os.fork() == 0:  # a slow answer keeps nobody else waiting
                try:
                    connection.settimeout(10)
                    self._answer(connection, contexts)
                finally:
                    os._exit(0)
            connection.close()

    def _answer(self, connection: socket.socket, contexts: Mapping[str, ssl.SSLContext]) -> None:
        behaviour = BEHAVIOURS[self._behaviour.read_text()]
        if contexts and behaviour.tls == "closed":
            connection.recv(100)
            return
        if contexts and behaviour.tls != "plain":
            wanted = behaviour.tls or "good"
            connection = contexts[wanted].wrap_socket(connection, server_side=True)
        method, path, headers, body = _request(connection)
        if behaviour.takes and method == "POST":
            told = {"path": path, "key": headers.get("idempotency-key", ""), "body": body.decode()}
            with self._told.open("a") as file:
                file.write(json.dumps(told) + "\n")
        behaviour.answer(connection)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _request(connection: socket.socket) -> tuple[str, str, dict[str, str], bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)
    }
    while len(body) < int(headers.get("content-length", "0")):
        body += _more(connection)
    method, path, _ = first.split(" ")
    return method, path, headers, body


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("it hung up")
    return data


def _contexts(authority_file: Path) -> dict[str, ssl.SSLContext]:
    from datetime import UTC, datetime, timedelta

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(authority_file))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    made = {
        "good": authority.issue_cert("127.0.0.1"),
        "other": authority.issue_cert("other.example"),
        "expired": authority.issue_cert("127.0.0.1", not_before=yesterday, not_after=yesterday),
        "unknown": trustme.CA().issue_cert("127.0.0.1"),
    }
    contexts = {}
    for name, certificate in made.items():
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(contexts[name])
    return contexts


def try_servers(part: str, root: Path, count: int, rng: random.Random) -> Outcome:
    """Sync with `count` of the behaviours, then with a website that is well: once in effect."""
    outcome = Outcome()
    names = sorted(set(BEHAVIOURS) - {HEALTHY})[int(part) :: 2]
    for number, name in enumerate(rng.sample(names, min(count, len(names)))):
        _try(name, root / str(number), outcome)
    return outcome


def _try(name: str, root: Path, outcome: Outcome) -> None:
    tls = BEHAVIOURS[name].tls is not None
    with Server(root / "server", tls=tls) as server:
        box = Sandbox(root, {"SSL_CERT_FILE": str(server.authority)} if tls else {})
        box.make()
        save_record(box.project / ".tito" / "benchmarks", made_record())
        box.connect(server.url)
        box.do("community", "join", "--country", "ke", "--share")
        box.do("community", "submit", "latest", "--share")
        for words, leaves in ((("sync",), False), (("stats", "--website", "--json"), False),
                              (("leave", "--force"), True)):  # fmt: skip
            server.behave(name)
            words = ("community", *words)
            ran = box.run(*words, before=quick_client)
            outcome.tried += 1
            right = frozenset({0} if leaves else {0, 1})
            wrong = fault(ran, words, right)
            server.behave(HEALTHY)
            if not wrong and words[1] != "stats":
                again = box.run("community", "sync", "--retry", before=quick_client)
                told = leaves and name not in _FORGOTTEN
                wrong = fault(again, ("sync",), frozenset({0})) or _effects(server, left=told)
            if wrong:
                outcome.failed.append(f"{' '.join(words)}, {name}: {wrong}\n{ran.said[-2000:]}")
                return


def _effects(server: Server, *, left: bool) -> str | None:
    """Say what the website knows, where that is not each thing once and in order."""
    told = [effect.path for effect in server.effects]
    wanted = ["/api/community/join", "/api/benchmarks/submit"]
    wanted += ["/api/community/leave"] if left else []
    return None if told == wanted else f"the website was told {told}"
