"""All that a request may need, made once for a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import sqlalchemy as sa
from starlette.requests import HTTPConnection

from tito_bench_server.courses import CourseDirectory
from tito_bench_server.limits import Limiter, client_address
from tito_bench_server.live.bus import Bus
from tito_bench_server.releases.published import Published
from tito_bench_server.settings import Settings
from tito_bench_server.store.database import Database, open_database
from tito_bench_server.store.group import GroupStore, utc_today
from tito_bench_server.store.writer import Writer

__all__ = ["Services", "build_services", "services_of"]

T = TypeVar("T")


@dataclass
class Services:
    """The parts of one server process."""

    settings: Settings
    secret: bytes
    database: Database
    writer: Writer
    limiter: Limiter
    courses: CourseDirectory
    published: Published
    bus: Bus
    today: Callable[[], date]
    now_s: Callable[[], float]
    started_s: float = field(default_factory=time.monotonic)

    def address_of(self, request: HTTPConnection) -> str:
        return client_address(request, self.settings.server.proxy_hops)

    def turn(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a write transaction, in turn with the messages; waits for it."""
        return self.writer.submit_job(work).result()


def build_services(
    settings: Settings,
    secret: bytes,
    url: str,
    *,
    today: Callable[[], date] = utc_today,
    now_s: Callable[[], float] = time.time,
) -> Services:
    """Put the parts together; nothing is started or opened yet.

    Raises `DatabaseError` for an address that is none.
    """
    database = open_database(url)
    store = GroupStore(secret, today)
    return Services(
        settings=settings,
        secret=secret,
        database=database,
        writer=Writer(database, store, settings.limits.waiting_messages),
        limiter=Limiter(settings.limits, today),
        courses=CourseDirectory(database, secret),
        published=Published(database),
        bus=Bus(database, settings.limits.streams, settings.limits.streams_a_member),
        today=today,
        now_s=now_s,
    )


def services_of(request: HTTPConnection) -> Services:
    """Return the parts of the server that takes this request."""
    found: Services = request.app.state.services
    return found
