"""How often one sender may write or read.

Counted in the memory of one process and forgotten with it. Senders are known by
a keyed digest whose key is drawn anew each day: no address is stored anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from limits import RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.requests import HTTPConnection

from tito_bench_server.problems import RETRY_S, Problem
from tito_bench_server.settings import LimitSettings

__all__ = ["Limiter", "client_address"]

_V6_PREFIX = 64  # what one household or campus network gets


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
class Limiter:
    """Counts senders in fixed windows."""

    settings: LimitSettings
    today: Callable[[], date]
    _limiter: FixedWindowRateLimiter = field(
        default_factory=lambda: FixedWindowRateLimiter(MemoryStorage())
    )
    _salt: bytes = b""
    _salt_day: date | None = None

    async def write(self, sender: bytes, address: str) -> Problem | None:
        """Count one message of a sender; the problem if it is one too many."""
        limits = self.settings
        checks = (
            (RateLimitItemPerMinute(limits.writes_per_minute), self._digest(sender)),
            (RateLimitItemPerDay(limits.writes_per_day), self._digest(sender)),
            (RateLimitItemPerMinute(limits.writes_per_minute_and_address), self._place(address)),
        )
        for item, who in checks:
            if not await self._limiter.hit(item, "write", who):
                return _too_many("messages")
        return None

    async def join(self, address: str, *, with_code: bool) -> Problem | None:
        """Count one join from an address."""
        limits = self.settings
        most = limits.joins_per_hour_with_code if with_code else limits.joins_per_hour_without_code
        place = self._place(address)
        if await self._limiter.hit(RateLimitItemPerHour(most), "join", str(with_code), place):
            return None
        return _too_many("new members from this network")

    async def read(self, address: str) -> Problem | None:
        """Count one request for a page or a document."""
        item = RateLimitItemPerMinute(self.settings.reads_per_minute)
        if await self._limiter.hit(item, "read", self._place(address)):
            return None
        return _too_many("requests")

    def _place(self, address: str) -> str:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return self._digest(address.encode())
        if found.version == 6:
            network = ipaddress.ip_network((found, _V6_PREFIX), strict=False)
            return self._digest(network.network_address.packed)
        return self._digest(found.packed)

    def _digest(self, sender: bytes) -> str:
        if self._salt_day != self.today():
            self._salt_day = self.today()
            self._salt = secrets.token_bytes(32)
        return hmac.new(self._salt, sender, hashlib.sha256).hexdigest()[:32]


def _too_many(what: str) -> Problem:
    return Problem(429, "Too many", f"too many {what}; the rest can come later", RETRY_S)
