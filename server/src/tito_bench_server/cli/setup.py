"""`init` and `run`: from nothing to a course that students can join."""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from tito_bench_server.cli.context import (
    DATA_VARIABLE,
    Context,
    Subparsers,
    add_data_option,
    command_line,
    folder_of,
    open_context,
    server_lock,
)
from tito_bench_server.cli.courses import (
    CourseChoices,
    add_course,
    add_course_options,
    address_of,
    base_url,
)
from tito_bench_server.client_package import Exit, Streams, UsageError, safe_text
from tito_bench_server.errors import DatabaseError, SettingsError
from tito_bench_server.settings import Folder, ServerSettings, Settings, read_settings
from tito_bench_server.store import tables
from tito_bench_server.store.database import Database, has_moved
from tito_bench_server.store.migrate import schema_state, upgrade

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["add_parsers", "worker_app"]

_GRACE_S = 5
_KEEP_ALIVE_S = 15
_OVERRIDES_VARIABLE = "TITO_BENCH_SERVER_OVERRIDES"


def add_parsers(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    init = subparsers.add_parser(
        "init",
        help="Make the data folder with one course.",
        description="Make the data folder: database, secret, settings, and one course.",
    )
    add_data_option(init)
    init.add_argument("--name", default="TinyTorch", help="name of the course (default: TinyTorch)")
    init.add_argument("--slug", default="course", help="its short name (default: course)")
    add_course_options(init)
    init.set_defaults(run=_init)
    run = subparsers.add_parser(
        "run",
        help="Serve, until stopped.",
        description="Serve the courses of the data folder. Options win over server.toml.",
    )
    add_data_option(run)
    run.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    run.add_argument(
        "--port", type=int, help="port to listen on (default: 8400); 0 takes a free one"
    )
    run.add_argument("--public-url", metavar="URL", help="address that students use")
    run.add_argument(
        "--proxy",
        type=int,
        metavar="N",
        help="so many proxies stand before it, which take https and write X-Forwarded-For",
    )
    run.add_argument("--cert", metavar="FILE", help="certificate, to take https without a proxy")
    run.add_argument("--key", metavar="FILE", help="private key of the certificate")
    run.add_argument(
        "--workers", type=int, metavar="N", help="processes; more than 1 with PostgreSQL"
    )
    run.add_argument(
        "--no-migrate", action="store_true", help="stop at an older schema, do not upgrade it"
    )
    run.set_defaults(run=_run)


def _init(options: argparse.Namespace, streams: Streams) -> int:
    folder = folder_of(options, streams)
    folder.create()
    with open_context(options, streams, must_be_current=False) as context:
        upgrade(context.database)
        if context.database.is_sqlite:
            context.folder.database_file.chmod(0o600)
        add_course(
            context,
            CourseChoices(
                name=options.name,
                slug=options.slug,
                school=options.school,
                anybody=options.anybody,
                members_only_map=options.members_only_map,
                joins_per_day=options.joins_per_day,
            ),
        )
    shown = safe_text(str(folder.path))
    streams.people.write(
        f"Made {shown}: community.db, secret.key, invites.json, server.toml.\n"
        "Write who is responsible into server.toml, [operator]; students are shown it.\n"
        f"Start it with: {command_line(options, 'run')}\n"
    )
    return Exit.OK


def _run(options: argparse.Namespace, streams: Streams) -> int:
    folder = folder_of(options, streams)
    overrides = _overrides(options)
    settings = _overridden(read_settings(folder), overrides)
    _check_reach(settings.server)
    with server_lock(folder):
        with open_context(options, streams, must_be_current=False) as context:
            _check_place(context.database)
            _bring_up_to_date(context, options, streams)
            listener = _listen(settings.server)
            _greet(context, settings, listener, options, streams)
        with listener:
            _serve(folder, settings, overrides, listener)
    return Exit.OK


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    named = {
        "host": options.host,
        "port": options.port,
        "public_url": options.public_url,
        "proxy_hops": options.proxy,
        "certificate": options.cert,
        "certificate_key": options.key,
        "workers": options.workers,
    }
    return {name: value for name, value in named.items() if value is not None}


def _overridden(settings: Settings, overrides: dict[str, Any]) -> Settings:
    found = msgspec.to_builtins(settings.server) | overrides
    try:
        server = msgspec.convert(found, ServerSettings)
    except msgspec.ValidationError as error:
        raise UsageError(safe_text(str(error))) from error
    if server.workers > 1 and not settings.database.url:
        raise UsageError("--workers: more than one needs PostgreSQL; set database.url")
    return msgspec.structs.replace(settings, server=server)


def _check_reach(server: ServerSettings) -> None:
    """Refuse to take member keys from the network in clear."""
    if bool(server.certificate) != bool(server.certificate_key):
        raise UsageError("--cert and --key: give both or none")
    if server.public_url and not server.public_url.startswith(("https://", "http://")):
        raise UsageError("--public-url: an address such as https://community.example")
    if server.certificate or server.proxy_hops:
        return
    try:
        here = ipaddress.ip_address(server.host).is_loopback
    except ValueError:
        here = server.host == "localhost"
    if not here:
        raise UsageError(
            f"--host {safe_text(server.host, 60)}: others could read along; put a proxy with https "
            "before it and say --proxy 1, or give --cert and --key"
        )


def _check_place(database: Database) -> None:
    if not database.is_sqlite:
        return
    with database.read() as connection:
        if has_moved(connection):
            raise DatabaseError(
                "the database was copied to another: set database.url in server.toml to that, or "
                "say 'copy --cancel' to go on without the copy"
            )


def _bring_up_to_date(context: Context, options: argparse.Namespace, streams: Streams) -> None:
    state = schema_state(context.database)
    if state.is_current:
        return
    if options.no_migrate:
        raise DatabaseError(
            "the database has an older schema; run 'migrate', or without --no-migrate"
        )
    if state.revision is not None:
        from tito_bench_server.store.copies import backup

        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        file = context.folder.path / f"before-{state.head}-{stamp}.backup"
        backup(context.database, file)
        streams.people.write(f"Kept the database as it was in {safe_text(file.name)}.\n")
    upgrade(context.database)


def _listen(server: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        return socket.create_server((server.host, server.port), family=family, backlog=512)
    except OSError as error:
        where = f"{safe_text(server.host, 60)}:{server.port}"
        raise SettingsError(
            f"cannot listen on {where}: {error.strerror or error}; choose another --port"
        ) from error


def _greet(
    context: Context,
    settings: Settings,
    listener: socket.socket,
    options: argparse.Namespace,
    streams: Streams,
) -> None:
    server = settings.server
    port = listener.getsockname()[1]
    scheme = "https" if server.certificate else "http"
    host = f"[{server.host}]" if ":" in server.host else server.host
    base = base_url(server, port)
    invites = context.folder.invites()
    with context.database.read() as connection:
        courses = connection.execute(
            sa.select(
                tables.course.c.slug, tables.course.c.name, tables.course.c.code_digest
            ).order_by(tables.course.c.id)
        ).all()
    out = streams.people
    out.write(f"Listening on {scheme}://{host}:{port}; Ctrl-C stops it.\n")
    if server.host in {"0.0.0.0", "::"} and not server.public_url:  # noqa: S104
        out.write(
            "Set server.public_url in server.toml to the address that students use: those below "
            "work on this machine only.\n"
        )
    for slug, name, digest in courses:
        if digest is not None and slug not in invites:
            anew = command_line(options, f"course rotate {slug}")
            out.write(f"\n{name}: the code is unknown; make a new one with: {anew}\n")
            continue
        address = address_of(base, invites.get(slug))
        out.write(
            f"\n{name}: {address}\nA student needs:\n"
            "    pip install 'tito-bench[website]'\n"
            f"    tito-bench community connect {address}\n"
            "    tito-bench community join --share\n"
        )
    out.flush()


def _serve(
    folder: Folder, settings: Settings, overrides: dict[str, Any], listener: socket.socket
) -> None:
    import uvicorn

    server = settings.server
    arguments: dict[str, Any] = {
        "log_level": "warning",
        "access_log": False,  # it would hold addresses
        "proxy_headers": False,  # read by hops, see limits.client_address
        "server_header": False,
        "lifespan": "on",
        "timeout_graceful_shutdown": _GRACE_S,
        "timeout_keep_alive": _KEEP_ALIVE_S,
        "ssl_certfile": server.certificate or None,
        "ssl_keyfile": server.certificate_key or None,
    }
    try:
        if server.workers == 1:
            app = _application(folder, settings)
            uvicorn.Server(uvicorn.Config(app, **arguments)).run(sockets=[listener])
            return
        os.environ[DATA_VARIABLE] = str(folder.path)
        os.environ[_OVERRIDES_VARIABLE] = msgspec.json.encode(overrides).decode()
        from uvicorn.supervisors import Multiprocess

        config = uvicorn.Config(
            "tito_bench_server.cli.setup:worker_app",
            factory=True,
            workers=server.workers,
            **arguments,
        )
        Multiprocess(config, sockets=[listener]).run()
    except FileNotFoundError as error:
        raise SettingsError(f"certificate: {error.filename or error} is not there") from error


def worker_app() -> Starlette:
    """Return the application of one of several worker processes."""
    folder = Folder(Path(os.environ[DATA_VARIABLE]))
    overrides = msgspec.json.decode(os.environ.get(_OVERRIDES_VARIABLE, "{}"))
    return _application(folder, _overridden(read_settings(folder), overrides))


def _application(folder: Folder, settings: Settings) -> Starlette:
    from tito_bench_server.app import build_app
    from tito_bench_server.services import build_services

    services = build_services(settings, folder.secret(), folder.database_url(settings))
    return build_app(services, with_daily_work=True)
