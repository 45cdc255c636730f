"""The four messages of a student, and what a member may ask for."""

from __future__ import annotations

import asyncio
import re
import secrets
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tito_bench_server.contract.requests import MalformedBody, SessionBody, decode_body
from tito_bench_server.courses import code_digest
from tito_bench_server.errors import StoreUnavailable
from tito_bench_server.members import account
from tito_bench_server.members.decide import Outcome
from tito_bench_server.members.messages import Action, read_message
from tito_bench_server.problems import REFUSALS, Problem, Refusal, problem_response
from tito_bench_server.services import Services, services_of

__all__ = [
    "MESSAGES",
    "SESSION_COOKIE",
    "Endpoint",
    "base_address",
    "base_path",
    "count_read",
    "idempotency_key",
    "idempotency_key_of",
    "in_turn",
    "member_routes",
    "read_body",
    "read_form",
    "same_origin",
    "sender_of",
    "signed_in",
    "signed_in_or_none",
    "site_path",
]

SESSION_COOKIE = "__Host-tito-session"
PLAIN_SESSION_COOKIE = "tito-session"
"""On plain http, which is this machine only: browsers take no __Host- cookie there."""

_LARGEST = {Action.SUBMIT: 256 * 1024}
_LARGEST_BODY = 64 * 1024
_LARGEST_FORM = 16 * 1024
_BODY_WAIT_S = 20.0
_KEY = re.compile(r"tbk_[A-Za-z0-9_-]{43}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_STORED = msgspec.json.encode({"status": "stored"})
_STORED_BEFORE = msgspec.json.encode({"status": "stored before"})
_LINK_S = 600
_SESSION_S = 12 * 3600
_PRIVATE = {"Cache-Control": "no-store"}

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]
T = TypeVar("T")


def member_routes() -> list[Route]:
    """Return the routes below one course's address."""
    return [
        *(Route(path, endpoint, methods=["POST"]) for path, endpoint in MESSAGES.items()),
        Route("/api/community/me", _me, methods=["GET"]),
        Route("/api/community/links", _new_link, methods=["POST"]),
        Route("/session", _new_session, methods=["POST"]),
        Route("/session/end", _end_session, methods=["POST"]),
    ]


def _taking(action: Action) -> Endpoint:
    async def take(request: Request) -> Response:
        services = services_of(request)
        key = idempotency_key(request)
        body = await read_body(request, _LARGEST.get(action, _LARGEST_BODY))
        member_key = _member_key(request)
        code = request.path_params.get("code")
        try:
            message = read_message(
                action,
                key,
                body,
                None if member_key is None else account.key_digest(member_key),
                None if code is None else code_digest(services.secret, code),
            )
        except MalformedBody as error:
            raise Refusal(Problem(422, "Not understood", str(error))) from error
        address = services.address_of(request)
        # Without key and id, all that is known of a sender is the network.
        sender = message.key_digest or message.anonymous_id or address.encode()
        too_many = services.limiter.message(
            sender, address, joins=action is Action.JOIN, with_code=code is not None
        )
        if too_many is not None:
            raise too_many.raised()
        return _ANSWERS[await services.writer.deliver(message)]

    return take


MESSAGES: Mapping[str, Endpoint] = {
    "/api/community/profile": _taking(Action.PROFILE),
    "/api/benchmarks/submit": _taking(Action.SUBMIT),
    "/api/community/join": _taking(Action.JOIN),
    "/api/community/leave": _taking(Action.LEAVE),
}
"""The four messages by their path below a course's address."""

_ANSWERS = {
    Outcome.STORED: Response(_STORED, 202, _PRIVATE, "application/json"),
    Outcome.STORED_BEFORE: Response(_STORED_BEFORE, 202, _PRIVATE, "application/json"),
} | {outcome: problem_response(problem) for outcome, problem in REFUSALS.items()}


async def _me(request: Request) -> Response:
    services = services_of(request)
    count_read(request)
    member_id = await signed_in(request)
    found = await run_in_threadpool(account.export, services.database, member_id)
    if found is None:
        raise _unknown_key().raised()
    return Response(msgspec.json.encode(found), 200, _PRIVATE, "application/json")


async def _new_link(request: Request) -> Response:
    """A link that opens the pages as this member; its token never reaches a server log,
    for the fragment of an address is not sent."""
    services = services_of(request)
    count_read(request)
    member_id = await signed_in(request, cookies=False)
    address = services.address_of(request)
    too_many = services.limiter.message(
        member_id.to_bytes(8, "big"), address, joins=False, with_code=False
    )
    if too_many is not None:
        raise too_many.raised()
    token = secrets.token_urlsafe(32)
    until_s = int(services.now_s()) + _LINK_S
    await in_turn(services, lambda c: account.keep_link(c, token, member_id, until_s))
    url = f"{base_address(request)}/open#{token}"
    body = msgspec.json.encode({"url": url, "expires_s": _LINK_S})
    return Response(body, 201, _PRIVATE, "application/json")


async def _new_session(request: Request) -> Response:
    """Trade the token of a link, once, for a session."""
    services = services_of(request)
    count_read(request)
    same_origin(request)
    body = await read_body(request, 4096)
    try:
        token = decode_body(body, SessionBody).token
    except MalformedBody as error:
        raise Refusal(Problem(422, "Not understood", str(error))) from error
    session = secrets.token_urlsafe(32)
    now_s = int(services.now_s())
    opened = await in_turn(
        services,
        lambda c: account.open_session(c, token, session, now_s, now_s + _SESSION_S),
    )
    if not opened:
        raise Problem(
            410, "Used or too old", "open the pages anew: this link works once, for 10 minutes"
        ).raised()
    response = Response(status_code=204, headers=_PRIVATE)
    secure = _is_https(request)
    response.set_cookie(
        SESSION_COOKIE if secure else PLAIN_SESSION_COOKIE,
        session,
        max_age=_SESSION_S,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return response


async def _end_session(request: Request) -> Response:
    services = services_of(request)
    same_origin(request)
    token = _session_token(request)
    if token is not None:
        await in_turn(services, lambda c: account.end_session(c, token))
    response = Response(status_code=303, headers=_PRIVATE | {"Location": f"{base_path(request)}/"})
    for name in (SESSION_COOKIE, PLAIN_SESSION_COOKIE):
        response.delete_cookie(name, path="/", secure=name == SESSION_COOKIE, httponly=True)
    return response


def count_read(request: Request) -> None:
    """Count a request that reads; raises `Refusal` with 429 for one too many."""
    services = services_of(request)
    too_many = services.limiter.read(services.address_of(request))
    if too_many is not None:
        raise too_many.raised()


async def signed_in(request: Request, *, cookies: bool = True) -> int:
    """Return the number of the member who asks.

    Raises `Refusal` with 401 where nobody is known by this key or session.
    """
    found = await signed_in_or_none(request, cookies=cookies)
    if found is None:
        raise Refusal(_unknown_key(), {"WWW-Authenticate": "Bearer"})
    return found


async def sender_of(request: Request, *, cookies: bool = True) -> int | bytes:
    """Return the digest of the member key, or the number of the member whose session it is.

    Whose key it is, if anybody's, is found where the rest is read: see `caller_of`. Raises
    `Refusal` with 401 where there is neither key nor session.
    """
    key = _member_key(request)
    return await signed_in(request, cookies=cookies) if key is None else account.key_digest(key)


async def signed_in_or_none(request: Request, *, cookies: bool = True) -> int | None:
    """Return the number of the member who asks, or None for anybody else."""
    services = services_of(request)
    key = _member_key(request)
    if key is not None:
        digest = account.key_digest(key)
        return await run_in_threadpool(account.member_by_key, services.database, digest)
    token = _session_token(request) if cookies else None
    if token is None:
        return None
    now_s = int(services.now_s())
    return await run_in_threadpool(account.member_by_session, services.database, token, now_s)


def site_path(request: Request) -> str:
    """Return the path below which the server is seen from outside, without a slash at its end.

    A proxy that serves it below a path takes that path away.
    """
    return urlsplit(services_of(request).settings.server.public_url).path.rstrip("/")


def base_path(request: Request) -> str:
    """Return the path of the course's address, without a slash at its end."""
    return site_path(request) + _course_part(request)


def base_address(request: Request) -> str:
    """Return the course's address as students use it."""
    public = services_of(request).settings.server.public_url.rstrip("/")
    return (public or f"{request.url.scheme}://{request.url.netloc}") + _course_part(request)


def _course_part(request: Request) -> str:
    code = request.path_params.get("code")
    return "" if code is None else f"/c/{quote(code, safe='')}"


def _unknown_key() -> Problem:
    return Problem(401, "Not known", "this needs the member key of someone who has joined")


def idempotency_key(request: Request) -> uuid.UUID:
    """Return what makes sending it twice the same as once; raises `Refusal` with 422."""
    return idempotency_key_of(_header(request, b"idempotency-key"))


def idempotency_key_of(text: str) -> uuid.UUID:
    """Return the key that this text is; raises `Refusal` with 422 for another."""
    if _UUID.fullmatch(text) is None:
        raise Problem(422, "No key", "the header Idempotency-Key must hold a UUID").raised()
    return uuid.UUID(text)


def _member_key(request: Request) -> str | None:
    """Return the member key, or None where no Bearer is given.

    Raises `Refusal` for a Bearer of another shape: taking it for none would
    leave the profile without its lock.
    """
    scheme, _, rest = _header(request, b"authorization").partition(" ")
    if scheme.lower() != "bearer":
        return None
    key = rest.strip()
    if _KEY.fullmatch(key) is None:
        raise Problem(422, "Not a member key", "a member key is tbk_ and 43 letters").raised()
    return key


def _session_token(request: Request) -> str | None:
    name = SESSION_COOKIE if _is_https(request) else PLAIN_SESSION_COOKIE
    return request.cookies.get(name)


def _is_https(request: Request) -> bool:
    public = services_of(request).settings.server.public_url
    return public.startswith("https://") or request.url.scheme == "https"


def same_origin(request: Request) -> None:
    """Refuse what another site has a browser send (SameSite alone trusts the browser's age)."""
    origin = request.headers.get("origin")
    public = services_of(request).settings.server.public_url.rstrip("/")
    mine = {f"{request.url.scheme}://{request.url.netloc}"}
    if public:
        mine.add("/".join(public.split("/")[:3]))
    if origin is not None and origin not in mine:
        raise Problem(403, "Another site", "sessions are opened by this site's own pages").raised()


async def read_body(request: Request, most: int) -> bytes:
    """Return the body, read in bounded time and size."""
    if (
        _content_type(request) != "application/json"
        or _header(request, b"content-encoding", "identity") != "identity"
    ):
        raise Problem(415, "Not JSON", "send application/json, not compressed").raised()
    return await _received(request, most)


async def read_form(request: Request) -> str:
    """Return what a form of these pages sent, not parsed yet."""
    if _content_type(request) != "application/x-www-form-urlencoded":
        raise Problem(415, "Not a form", "this address takes forms of these pages").raised()
    try:
        return (await _received(request, _LARGEST_FORM)).decode()
    except UnicodeDecodeError as error:
        raise Problem(422, "Not understood", "the form is not UTF-8").raised() from error


def _header(request: Request, name: bytes, otherwise: str = "") -> str:
    """Return a header, the first of several; `Headers` takes as long as decoding the body."""
    for found, value in request.scope["headers"]:
        if found == name:
            text: str = value.decode("latin-1")
            return text
    return otherwise


def _content_type(request: Request) -> str:
    return _header(request, b"content-type").partition(";")[0].strip().lower()


async def _received(request: Request, most: int) -> bytes:
    received = bytearray()
    try:
        async with asyncio.timeout(_BODY_WAIT_S):
            more = True
            while more:
                part = await request.receive()
                if part["type"] == "http.disconnect":
                    raise ClientDisconnect
                received += part.get("body", b"")
                more = part.get("more_body", False)
                if len(received) > most:
                    raise Problem(413, "Too large", f"a body may have {most} bytes").raised()
    except TimeoutError as error:
        raise Refusal(Problem(408, "Too slow", "the body took too long; send it again")) from error
    return bytes(received)


async def in_turn(services: Services, work: Callable[[Any], T]) -> T:
    """Run `work` in a write transaction, in turn with the messages.

    Raises `StoreUnavailable` where too many wait.
    """
    if services.writer.waiting >= services.writer.most_waiting:
        raise StoreUnavailable("too many wait; this has to come again")
    return await asyncio.wrap_future(services.writer.submit_job(work))
