"""A server without limits for the benchmarks: `serve.py URL LARGEST_GROUP` prints its address.

With a largest group of 0, every request writes for itself in a thread.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tito_bench_server.app import build_app
from tito_bench_server.members.decide import Outcome
from tito_bench_server.members.messages import Message
from tito_bench_server.members.routes import Endpoint, in_turn
from tito_bench_server.releases.publish import make_release
from tito_bench_server.services import Services, build_services
from tito_bench_server.store import migrate
from tito_bench_server.store.database import NEW_RELEASE, touched
from tito_bench_server.store.retention import prune
from world import SECRET, WITHOUT_LIMITS, add_course


def _write_in_threads(services: Services) -> None:
    """Have every request write by itself, as web frameworks have it by default."""

    def write(message: Message) -> Outcome:
        with services.database.write() as connection:
            return services.writer.store.apply(connection, [message])[0]

    async def deliver(message: Message) -> Outcome:
        return await run_in_threadpool(write, message)

    services.writer.deliver = deliver  # type: ignore[method-assign]


def _timed(work: Callable[[], dict[str, int]]) -> Endpoint:
    """Have a request do that in a thread; it is answered with what it returns, and its seconds."""

    async def answer(_request: Request) -> Response:
        begun = time.perf_counter()
        done = await run_in_threadpool(work)
        return JSONResponse({"seconds": time.perf_counter() - begun, **done})

    return answer


def main() -> None:
    url, largest_group = sys.argv[1], int(sys.argv[2])
    services = build_services(WITHOUT_LIMITS, SECRET, url)
    if largest_group:
        services.writer.largest_group = largest_group
    else:
        _write_in_threads(services)
    if migrate.schema_state(services.database).revision is None:
        migrate.upgrade(services.database)
        add_course(services.database)
    app = build_app(services)

    def release() -> dict[str, int]:
        """Make a release in this process, as the daily hour does."""
        releases, today = services.settings.releases, services.today()
        report = make_release(services.database, services.turn, releases, today)
        services.published.forget()
        return {"marked": report.marked}

    def forget() -> dict[str, int]:
        """Forget what is too old, as the daily hour does."""
        return vars(prune(services.turn, services.today()))

    async def say(_request: Request) -> Response:
        """Tell every stream of a release, as a commit does."""
        await in_turn(services, lambda connection: touched(connection).update({NEW_RELEASE: 1}))
        return Response(status_code=204)

    app.router.add_route("/say", say, methods=["POST"])
    app.router.add_route("/forget", _timed(forget), methods=["POST"])
    app.router.add_route("/release", _timed(release), methods=["POST"])
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(
        app, log_level="error", access_log=False, proxy_headers=False, server_header=False
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
