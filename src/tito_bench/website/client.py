"""The HTTP client: one request at a time, bounded in time and size, to one host only."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from tito_bench import __version__
from tito_bench.errors import TitoBenchError
from tito_bench.foreign_json import NotJson, decode_foreign_json
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

    from tito_bench.website.network_policy import WebsiteAddress

__all__ = ["Answer", "Client", "Limits", "WebsiteMissing"]

_RETRIED = frozenset({429, 500, 502, 503, 504})
# All that a proxy, a login page or a server that is being moved may say is for later.
_FINAL = frozenset({400, 409, 410, 413, 415, 422})
_SAME_METHOD_REDIRECTS = frozenset({307, 308})
_REDIRECTS = 3
_LONGEST_SILENCE_S = 60.0
_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


class WebsiteMissing(TitoBenchError):
    """httpx is not installed."""


@dataclass(frozen=True)
class Limits:
    """How long and how much. `total_s` bounds one try whatever the server does."""

    timeout_s: float = 10.0
    total_s: float = 30.0
    tries: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 10.0
    answer_bytes: int = 256 * 1024


@dataclass(frozen=True)
class Answer:
    """What became of a request: `accepted`; `refused` (sending it again is of no
    use); `unreachable` (later, perhaps). `reason` is harmless text for people,
    `document` the JSON object that was answered, if it was one."""

    outcome: Literal["accepted", "refused", "unreachable"]
    reason: str
    document: Mapping[str, Any] | None = None
    status: int | None = None


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Client:
    """Talks to the API at `address`."""

    address: WebsiteAddress
    limits: Limits = Limits()
    sleep: Callable[[float], None] = time.sleep

    def post(self, path: str, body: bytes, key: str, member_key: str | None = None) -> Answer:
        """Send a JSON document; `key` makes sending it twice the same as once."""
        return self._request("POST", path, body, {"Idempotency-Key": key}, member_key)

    def create(self, path: str, member_key: str) -> Answer:
        """Ask for something new to be made; nothing but the member key is sent."""
        return self._request("POST", path, None, {}, member_key)

    def change(self, method: str, path: str, body: bytes | None, member_key: str) -> Answer:
        """Change something, once however often it has to be sent."""
        once = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        return self._request(method, path, body, once, member_key)

    def listen(self, path: str, member_key: str) -> Iterator[None]:
        """Yield whenever a stream of events says something; ends when the stream does.

        Its words are not read. The server sends something at least every 25 s.
        """
        httpx = _import_httpx()
        headers = _authorization(member_key) | {"Accept": "text/event-stream"}
        url = self.address.url + path
        with self._session() as session, contextlib.suppress(httpx.HTTPError):
            session.timeout = httpx.Timeout(self.limits.timeout_s, read=_LONGEST_SILENCE_S)
            with session.stream("GET", url, headers=headers) as response:
                if response.status_code != 200:
                    return
                for part in response.iter_raw(1024):
                    if b"data:" in part:
                        yield

    def get(self, path: str, member_key: str | None = None) -> Answer:
        """Fetch a JSON document; `path` may have a query."""
        return self._request("GET", path, None, {}, member_key)

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        member_key: str | None,
    ) -> Answer:
        answer = self._tried(method, path, body, dict(headers) | _authorization(member_key))
        # Some proxies repeat the request in their complaint; that is shown to people.
        hidden = answer.reason.replace(member_key, "(member key)") if member_key else answer.reason
        return replace(answer, reason=hidden)

    def _tried(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        httpx = _import_httpx()
        wait_s = self.limits.first_wait_s
        for left in reversed(range(self.limits.tries)):
            try:
                reply = self._within_time(lambda: self._follow(method, path, body, headers))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                answer = Answer("unreachable", self._network_reason(error))
            except Exception as error:
                # Of the answer, whether it arrived is not known: the next sync sends it with
                # the same key. Odd proxies and certificates raise whatever they like.
                return Answer("unreachable", self._network_reason(error))
            else:
                answer = _judge(reply)
                if reply.status not in _RETRIED:
                    return answer
                wait_s = max(wait_s, _retry_after(reply))
            if left:
                self.sleep(min(wait_s, self.limits.longest_wait_s))
                wait_s *= 2
        return answer

    def _follow(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> _Reply:
        """Make one try, redirects within the same host included."""
        import httpx

        url = httpx.URL(self.address.url + path)
        with self._session() as session:
            for _ in range(_REDIRECTS + 1):
                reply = self._exchange(session, method, url, body, headers)
                if reply.status not in _SAME_METHOD_REDIRECTS:
                    return reply
                url = url.join(reply.headers.get("location", ""))
                if _origin(url) != self.address.origin:
                    raise _BrokenAnswer("it redirects to another host, which is not followed")
        raise _BrokenAnswer("it redirects without end")

    def _session(self) -> httpx.Client:
        import httpx

        return httpx.Client(
            timeout=self.limits.timeout_s,
            follow_redirects=False,
            # Certificates of the network's own are needed wherever TLS is spoken,
            # its proxy to get out, but never to this machine.
            verify=httpx.create_ssl_context() if self._speaks_tls else True,
            trust_env=not self.address.is_loopback,
            headers={
                "User-Agent": f"tito-bench/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",  # a small answer that unpacks to a huge one
            },
        )

    def _exchange(
        self,
        session: httpx.Client,
        method: str,
        url: httpx.URL,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> _Reply:
        sent = dict(headers) | ({} if body is None else {"Content-Type": "application/json"})
        session.cookies.clear()
        with session.stream(method, url, content=body, headers=sent) as response:
            received = bytearray()
            for part in response.iter_raw(16 * 1024):
                received += part
                if len(received) > self.limits.answer_bytes:
                    raise _BrokenAnswer("its answer is too large")
            return _Reply(response.status_code, response.headers, bytes(received))

    @property
    def _speaks_tls(self) -> bool:
        return self.address.origin.startswith("https:")

    def _network_reason(self, error: Exception) -> str:
        """Return what went wrong, and which variables of the environment had a part in it."""
        reason = safe_text(str(error)) or type(error).__name__
        if isinstance(error, _BrokenAnswer):
            return reason
        # An SSLError is an OSError; a certificate that is not trusted comes as a ConnectError.
        certificates = isinstance(error, OSError) or "CERTIFICATE" in reason
        names = _CERTIFICATE_VARIABLES if certificates else _PROXY_VARIABLES
        used = self._speaks_tls and (certificates or not self.address.is_loopback)
        suspects = [name for name in names if used and os.environ.get(name)]
        return f"{reason}; check {' and '.join(suspects)}" if suspects else reason

    def _within_time(self, exchange: Callable[[], _Reply]) -> _Reply:
        """Run it with a bound on the whole: httpx bounds only each single wait, and
        a server that sends a byte now and then would hold us for ever."""
        outcome: queue.SimpleQueue[_Reply | BaseException] = queue.SimpleQueue()

        def run() -> None:
            try:
                outcome.put(exchange())
            except BaseException as error:
                outcome.put(error)

        threading.Thread(target=run, daemon=True).start()
        try:
            result = outcome.get(timeout=self.limits.total_s)
        except queue.Empty:
            raise _BrokenAnswer(f"no answer within {self.limits.total_s:g} s") from None
        if isinstance(result, BaseException):
            raise result
        return result


def _authorization(member_key: str | None) -> dict[str, str]:
    return {} if member_key is None else {"Authorization": f"Bearer {member_key}"}


class _BrokenAnswer(Exception):
    """The server does not behave; the text says how."""


def _import_httpx() -> Any:
    try:
        import httpx
    except ImportError as error:
        raise WebsiteMissing(
            "sending needs httpx: pip install 'tito-bench[website]'; until then all stays queued"
        ) from error
    return httpx


def _judge(reply: _Reply) -> Answer:
    if 200 <= reply.status < 300:
        document = _document(reply)
        if document is None and reply.status != 204:
            return Answer("unreachable", "the answer is not JSON; is this the right address?")
        return Answer("accepted", "accepted", document, reply.status)
    said = _said(reply)
    reason = f"status {reply.status}" + (f": {said}" if said else "")
    document = _document(reply)
    final = reply.status in _FINAL and document is not None
    return Answer("refused" if final else "unreachable", reason, document, reply.status)


def _document(reply: _Reply) -> Mapping[str, Any] | None:
    try:
        found = decode_foreign_json(reply.body, unique_keys=False)
    except NotJson:
        return None
    return found if isinstance(found, dict) else None


def _said(reply: _Reply) -> str:
    """Return the server's own words, made harmless."""
    document = _document(reply)
    if document is not None:
        detail = document.get("detail", document.get("title"))
        return safe_text(detail) if isinstance(detail, str) else ""
    return safe_text(reply.body[:2000].decode("utf-8", "replace"))


def _retry_after(reply: _Reply) -> float:
    value = reply.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0.0


def _origin(url: httpx.URL) -> str:
    port = url.port or (443 if url.scheme == "https" else 80)
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}:{port}"
