"""The application: routes, headers, and what becomes of an error."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from types import FrameType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tito_bench_server.errors import StoreUnavailable
from tito_bench_server.live.bus import Bus
from tito_bench_server.live.streams import heartbeat, stream_routes
from tito_bench_server.members.routes import MESSAGES, member_routes
from tito_bench_server.operations import operation_routes
from tito_bench_server.pages.peers import peer_page_routes
from tito_bench_server.pages.routes import page_routes, static_routes
from tito_bench_server.peers.routes import peer_routes
from tito_bench_server.problems import Problem, Refusal, busy, problem_response
from tito_bench_server.releases.routes import release_routes
from tito_bench_server.releases.schedule import daily
from tito_bench_server.services import Services

__all__ = ["build_app"]

_LOG = logging.getLogger(__name__)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    # Not "no-referrer": browsers then send Origin: null with our own forms.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), camera=(), microphone=()"),
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
            b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
)


def build_app(services: Services, *, with_daily_work: bool = False) -> Starlette:
    """Return the ASGI application of one process; it starts and ends the writer."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        services.writer.start()
        loop = asyncio.get_running_loop()
        services.bus.start(loop)
        beats = asyncio.create_task(heartbeat(services.bus))
        undo = _end_streams_on_signals(services.bus, loop)
        work = asyncio.create_task(daily(services)) if with_daily_work else None
        try:
            yield
        finally:
            undo()
            services.bus.close()
            for task in (beats, work):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
            services.writer.close()
            services.database.close()

    course_routes = [
        *member_routes(),
        *stream_routes(),
        *peer_routes(),
        *release_routes(),
        *page_routes(),
        *peer_page_routes(),
    ]
    app = Starlette(
        routes=[
            Mount("/c/{code}", routes=course_routes),
            *operation_routes(),
            *static_routes(),
            *course_routes,
        ],
        middleware=[Middleware(_Headers), Middleware(_MessagesFirst)],
        exception_handlers={
            Refusal: _refused,
            StoreUnavailable: _unavailable,
            HTTPException: _http,
            Exception: _failed,
        },
        lifespan=lifespan,
    )
    app.state.services = services
    return app


def _end_streams_on_signals(bus: Bus, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """End the streams as soon as the process is told to stop: it would wait for them else.

    What handled the signals before handles them afterwards. Returns what undoes it.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(bus.close)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, stop)

    def undo() -> None:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)

    return undo


class _Headers:
    """Adds to every answer what browsers shall keep to."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_headers)


class _MessagesFirst:
    """Takes the four messages past the router: finding their route costs as much as all that is
    done with one before it is written."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = _PLACE.match(scope["path"]) if scope.get("method") == "POST" else None
        endpoint = None if place is None else MESSAGES.get(place["below"])
        if place is None or endpoint is None:
            await self._app(scope, receive, send)
            return
        code = place["code"]
        scope["path_params"] = {} if code is None else {"code": code}
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except Refusal as error:
            response = await _refused(request, error)
        except StoreUnavailable as error:
            response = await _unavailable(request, error)
        await response(scope, receive, send)


_PLACE = re.compile(r"(?:/c/(?P<code>[^/]+))?(?P<below>/.*)", re.DOTALL)


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return problem_response(error.problem, error.headers)


async def _unavailable(_request: Request, error: Exception) -> Response:
    _LOG.warning("%s", error)
    return problem_response(busy("the server cannot store anything at the moment"))


async def _http(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    words = {404: "there is nothing at this address", 405: "this address takes other methods"}
    detail = words.get(error.status_code, error.detail)
    return problem_response(Problem(error.status_code, error.detail, detail), error.headers)


async def _failed(_request: Request, _error: Exception) -> Response:
    return problem_response(
        Problem(
            500, "A mistake of the server", "it was written to the server's log; try again later"
        )
    )
