"""For those who watch the server: is it alive, can it work, what does it do."""

from __future__ import annotations

import hmac
import ipaddress
import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tito_bench_server.errors import ServerError
from tito_bench_server.problems import Problem, busy, problem_response
from tito_bench_server.services import services_of
from tito_bench_server.settings import keyed_digest
from tito_bench_server.store.migrate import schema_state

__all__ = ["metrics_token", "operation_routes"]


def operation_routes() -> list[Route]:
    """Return the routes at the root, whatever courses there are."""
    return [
        Route("/healthz", _healthz, methods=["GET"]),
        Route("/readyz", _readyz, methods=["GET"]),
        Route("/metrics", _metrics, methods=["GET"]),
    ]


def metrics_token(secret: bytes) -> str:
    """Return the token that lets another machine read the metrics."""
    return keyed_digest(secret, "metrics token", b"").hex()[:32]


async def _healthz(_request: Request) -> Response:
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def _readyz(request: Request) -> Response:
    services = services_of(request)
    try:
        state = await run_in_threadpool(schema_state, services.database)
    except ServerError:
        return problem_response(busy("the database does not answer"))
    if not state.is_current:
        return problem_response(busy("the database waits for a migration"))
    return PlainTextResponse("ready\n", headers={"Cache-Control": "no-store"})


async def _metrics(request: Request) -> Response:
    services = services_of(request)
    if not _is_here(services.address_of(request)):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        expected = metrics_token(services.secret)
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), expected.encode()):
            return problem_response(
                Problem(401, "Not for everybody", "metrics need the token that 'doctor' prints"),
                {"WWW-Authenticate": "Bearer"},
            )
    writer = services.writer
    figures = {
        "tito_messages_total": ("counter", writer.written),
        "tito_groups_total": ("counter", writer.groups),
        "tito_messages_waiting": ("gauge", writer.waiting),
        "tito_streams": ("gauge", services.bus.count),
        "tito_uptime_seconds": ("gauge", round(time.monotonic() - services.started_s)),
    }
    lines = [
        line
        for name, (kind, value) in figures.items()
        for line in (f"# TYPE {name} {kind}", f"{name} {value}")
    ]
    return PlainTextResponse("\n".join(lines) + "\n", headers={"Cache-Control": "no-store"})


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
