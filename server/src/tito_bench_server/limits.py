"""How often one sender may write or read.

Counted in the memory of one process and forgotten with it. Senders are known by
a keyed digest whose key is drawn anew each day: no address is stored anywhere.
"""

from __future__ import annotations

import hashlib
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from starlette.requests import HTTPConnection

from tito_bench_server.problems import RETRY_S, Problem
from tito_bench_server.settings import LimitSettings

__all__ = ["Limiter", "client_address"]

_V6_PREFIX = 8  # bytes: what one household or campus network gets
_MOST_COUNTED = 1_000_000  # senders in one window; more would be an attack on the memory


def client_address(request: HTTPConnection, proxy_hops: int) -> str:
    """Return the address of the sender.

    Behind `proxy_hops` proxies it is the entry that the outermost of them wrote:
    counted from the right, for what stands further left is anybody's invention.
    """
    peer = request.client.host if request.client is not None else "unknown"
    if proxy_hops == 0:
        return peer
    chain = [
        part.strip()
        for line in request.headers.getlist("x-forwarded-for")
        for part in line.split(",")
        if part.strip()
    ]
    return chain[-proxy_hops] if len(chain) >= proxy_hops else peer


@dataclass
class _Window:
    """Counts of the present minute, hour or day; those of the one before are dropped whole.

    The well-known libraries look through all their counters again and again, which
    with a class of a few thousand took more time than the messages themselves.
    """

    length_s: float
    _number: int = 0
    _counts: dict[bytes, int] = field(default_factory=dict)

    def hit(self, who: bytes, most: int, now_s: float) -> bool:
        """Count one; False if it is one too many."""
        number = int(now_s // self.length_s)
        if number != self._number or len(self._counts) > _MOST_COUNTED:
            self._number = number
            self._counts.clear()
        count = self._counts.get(who, 0) + 1
        self._counts[who] = count
        return count <= most


@dataclass
class Limiter:
    """Counts senders in fixed windows."""

    settings: LimitSettings
    today: Callable[[], date]
    clock: Callable[[], float] = time.monotonic
    _salt: bytes = b""
    _salt_day: date | None = None
    _minute: _Window = field(default_factory=lambda: _Window(60))
    _day: _Window = field(default_factory=lambda: _Window(86_400))
    _place_minute: _Window = field(default_factory=lambda: _Window(60))
    _join_hour: _Window = field(default_factory=lambda: _Window(3600))
    _bare_join_hour: _Window = field(default_factory=lambda: _Window(3600))
    _read_minute: _Window = field(default_factory=lambda: _Window(60))

    def message(
        self, sender: bytes, address: str, *, joins: bool, with_code: bool
    ) -> Problem | None:
        """Count one message of a sender; the problem if it is one too many."""
        self._renew_salt()
        limits, now_s = self.settings, self.clock()
        who, place = self._digest(sender), self._place(address)
        within = (
            self._minute.hit(who, limits.writes_per_minute, now_s)
            and self._day.hit(who, limits.writes_per_day, now_s)
            and self._place_minute.hit(place, limits.writes_per_minute_and_address, now_s)
        )
        if not within:
            return _too_many("messages")
        if not joins:
            return None
        most = limits.joins_per_hour_with_code if with_code else limits.joins_per_hour_without_code
        window = self._join_hour if with_code else self._bare_join_hour
        if window.hit(place, most, now_s):
            return None
        return _too_many("new members from this network")

    def read(self, address: str) -> Problem | None:
        """Count one request for a page or a document."""
        self._renew_salt()
        place = self._place(address)
        if self._read_minute.hit(place, self.settings.reads_per_minute, self.clock()):
            return None
        return _too_many("requests")

    def _place(self, address: str) -> bytes:
        return self._digest(_network(address))

    def _digest(self, sender: bytes) -> bytes:
        return hashlib.blake2b(sender, digest_size=16, key=self._salt).digest()

    def _renew_salt(self) -> None:
        if self._salt_day != self.today():
            self._salt_day = self.today()
            self._salt = secrets.token_bytes(32)


def _network(address: str) -> bytes:
    """Return the bytes of an IPv4 address, of IPv6 the network; of another text its own."""
    try:
        if ":" in address:
            return socket.inet_pton(socket.AF_INET6, address.partition("%")[0])[:_V6_PREFIX]
        return socket.inet_pton(socket.AF_INET, address)
    except (OSError, ValueError):
        return address.encode()


def _too_many(what: str) -> Problem:
    return Problem(429, "Too many", f"too many {what}; the rest can come later", RETRY_S)
