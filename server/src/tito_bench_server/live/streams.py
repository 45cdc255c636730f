"""Server-sent events: numbers that say that there is something to read, and nothing else."""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tito_bench_server.live.bus import Bus, TooManyStreams, event_of
from tito_bench_server.members.routes import count_read, signed_in
from tito_bench_server.peers.inbox import last_of
from tito_bench_server.problems import busy
from tito_bench_server.services import services_of

__all__ = ["heartbeat", "stream_routes"]

_RETRY_MS = 5000
_BEAT_S = 25.0
BEAT = b":\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back
]


def stream_routes() -> list[Route]:
    """Return the route below one course's address."""
    return [Route("/api/community/events", _events, methods=["GET"])]


async def heartbeat(bus: Bus) -> None:
    """Let proxies see that streams are alive, and streams see that their readers are gone."""
    while True:
        await asyncio.sleep(_BEAT_S)
        bus.say_to_all(BEAT)


async def _events(request: Request) -> Response:
    services = services_of(request)
    count_read(request)
    member_id = await signed_in(request)

    def newest() -> int:
        with services.database.read() as connection:
            return last_of(connection, member_id)

    first = await run_in_threadpool(newest)
    stream = _Stream(services.bus, member_id, first)
    try:
        services.bus.add(member_id, stream)
    except TooManyStreams as error:
        problem = busy("as many listen as can be served; ask for the inbox instead", 10)
        raise problem.raised() from error
    return stream


class _Stream(Response):
    """One stream. It waits for its reader to go, and while nothing happens it is no more than
    that: what is heard is sent by a task of its own, the newest only if the reader is slow."""

    def __init__(self, bus: Bus, member_id: int, first: int) -> None:
        self._bus, self._member_id, self._first = bus, member_id, first
        self._send: Send | None = None
        self._waiting: bytes | None = None
        self._ends = False
        self._sending: asyncio.Task[None] | None = None

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            begin = b"retry: %d\n\n" % _RETRY_MS + event_of(self._member_id, self._first)
            await send({"type": "http.response.body", "body": begin, "more_body": True})
            self._send = send
            self._pass_on()  # what came meanwhile
            # Its end, by either side, is told as the reader's going.
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._bus.remove(self._member_id, self)
            if self._sending is not None:
                self._sending.cancel()

    def hear(self, event: bytes) -> None:
        """Send an event, or a beat where nothing else waits."""
        if event != BEAT or self._waiting is None:
            self._waiting = event
        self._pass_on()

    def end(self) -> None:
        """Send what waits, and the end."""
        self._ends = True
        self._pass_on()

    def _pass_on(self) -> None:
        if self._send is not None and self._sending is None:
            self._sending = asyncio.get_running_loop().create_task(self._write(self._send))

    async def _write(self, send: Send) -> None:
        try:
            while self._waiting is not None:
                event, self._waiting = self._waiting, None
                await send({"type": "http.response.body", "body": event, "more_body": True})
            if self._ends:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._sending = None
