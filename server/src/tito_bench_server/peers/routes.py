"""What members may ask of each other, below one course's address.

Every write is one entry of a table: its body and the function that does it, in one
transaction. A POST is in effect once, as messages are: the word by which a new thing
is known is made of its Idempotency-Key, so that a repeated request has the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tito_bench_server.client_package import safe_text
from tito_bench_server.contract.peers import (
    AnswerAskBody,
    AnswerMatchBody,
    AskBody,
    CardBody,
    EmptyBody,
    GroupBody,
    ObjectBody,
    OfferBody,
    ReportBody,
    RequestBody,
    WishBody,
)
from tito_bench_server.contract.requests import MalformedBody, decode_body
from tito_bench_server.members.decide import Outcome
from tito_bench_server.members.messages import digest_of
from tito_bench_server.members.routes import (
    Endpoint,
    count_read,
    idempotency_key,
    in_turn,
    read_body,
    sender_of,
)
from tito_bench_server.peers import groups, inbox, mentors, moderation, roster
from tito_bench_server.peers.caller import Caller, caller_of, id_of, not_there
from tito_bench_server.peers.rules import GROUP_DAYS
from tito_bench_server.problems import REFUSALS, Problem, Refusal
from tito_bench_server.services import Services, services_of
from tito_bench_server.settings import keyed_digest
from tito_bench_server.store import tables
from tito_bench_server.store.bulk import bulk_for

__all__ = ["ACTIONS", "Action", "peer_routes", "perform", "read_as"]

_LARGEST_BODY = 16 * 1024
_PRIVATE = {"Cache-Control": "no-store"}
_API = "/api/community"


@dataclass(frozen=True)
class Action:
    """A write: where, of what body, by which function.

    `act` is given connection, caller and body, and where there is one the id in the
    path, or the new one where `makes_id`.
    """

    method: str
    path: str
    body: type[Any] | None
    act: Callable[..., None]
    makes_id: bool = False

    @property
    def takes_id(self) -> bool:
        return self.makes_id or "{id}" in self.path


ACTIONS = {
    "card": Action("PUT", "/roster", CardBody, roster.keep),
    "card-away": Action("DELETE", "/roster", None, roster.remove),
    "group-new": Action("POST", "/groups", GroupBody, groups.open_group, makes_id=True),
    "group-ask": Action("POST", "/groups/{id}/ask", AskBody, groups.ask),
    "group-answer": Action("POST", "/groups/{id}/answer", AnswerAskBody, groups.answer),
    "group-leave": Action("POST", "/groups/{id}/leave", EmptyBody, groups.leave),
    "group-close": Action("POST", "/groups/{id}/close", EmptyBody, groups.close),
    "offer": Action("PUT", "/mentor", OfferBody, mentors.offer),
    "offer-back": Action("DELETE", "/mentor", None, mentors.take_offer_back),
    "request": Action("POST", "/mentor/requests", RequestBody, mentors.request_mentor),
    "request-back": Action("DELETE", "/mentor/requests", None, mentors.take_request_back),
    "match-answer": Action("POST", "/matches/{id}/answer", AnswerMatchBody, mentors.answer),
    "block": Action("POST", "/blocks", ObjectBody, moderation.block),
    "unblock": Action("DELETE", "/blocks/{id}", None, moderation.unblock),
    "report": Action("POST", "/reports", ReportBody, moderation.report),
}
"""Every write, by the word that the pages' forms use."""


def peer_routes() -> list[Route]:
    """Return the routes below one course's address."""
    reads: list[tuple[str, Endpoint]] = [
        ("/roster", _reading(lambda c, caller, _request: roster.view(c, caller))),
        ("/ladder", _reading(lambda c, caller, _request: roster.ladder(c, caller))),
        ("/groups", _reading(lambda c, caller, r: groups.find(c, caller, wish_of(r)))),
        ("/groups/{id}", _group),
        ("/matches", _reading(lambda c, caller, _request: mentors.view(c, caller))),
        ("/blocks", _reading(lambda c, caller, _request: moderation.blocked(c, caller))),
        ("/inbox", _inbox),
    ]
    return [
        *(Route(_API + path, endpoint, methods=["GET"]) for path, endpoint in reads),
        *(Route(_API + one.path, _acting(one), methods=[one.method]) for one in ACTIONS.values()),
    ]


def _acting(action: Action) -> Endpoint:
    async def take(request: Request) -> Response:
        key = idempotency_key(request).bytes if action.method == "POST" else None
        raw = b"" if action.body is None else await read_body(request, _LARGEST_BODY)
        sender = await sender_of(request, cookies=False)
        target = request.path_params.get("id")
        name, was_new = await perform(request, action, sender, raw, key, target)
        found = {"status": "stored" if was_new else "stored before"}
        if name is not None:
            found["id"] = name
        return Response(msgspec.json.encode(found), 200, _PRIVATE, "application/json")

    return take


async def perform(
    request: Request,
    action: Action,
    sender: int | bytes,
    raw: bytes,
    key: bytes | None,
    target: str | None,
) -> tuple[str | None, bool]:
    """Do one write of a member; return the id it is about, and False where it was done before.

    `sender` is as `sender_of` returns it. Raises `Refusal`.
    """
    services = services_of(request)
    if target is not None:
        _check_id(target)
    body = None if action.body is None else decoded(raw, action.body)
    too_many = services.limiter.message(
        sender if isinstance(sender, bytes) else sender.to_bytes(8, "big"),
        services.address_of(request),
        joins=False,
        with_code=False,
    )
    if too_many is not None:
        raise too_many.raised()
    today = tables.day_of(services.today())

    def work(connection: sa.Connection) -> tuple[str | None, bool]:
        caller = caller_of(connection, sender, today)
        meant = target
        if action.makes_id and key is not None:
            meant = _name_of(services.secret, caller.id, key)
        name = meant if action.takes_id else None
        if key is not None:
            said = f"{caller.id} {action.path} {meant} ".encode() + raw
            if _was_done(connection, key, digest_of(said), today):
                return name, False
        about = [] if action.body in {None, EmptyBody} else [body]
        action.act(connection, caller, *about, *([meant] if action.takes_id else []))
        return name, True

    return await in_turn(services, work)


def _check_id(text: str) -> None:
    """Refuse what PostgreSQL cannot even be asked for: its texts hold no NUL."""
    if "\0" in text:
        not_there()


def decoded(raw: bytes, kind: type[Any]) -> Any:
    """Return a body; raises `Refusal` with 422 for one that is not understood."""
    try:
        return decode_body(raw, kind)
    except MalformedBody as error:
        raise Refusal(Problem(422, "Not understood", str(error))) from error


def _name_of(secret: bytes, member_id: int, key: bytes) -> str:
    digest = keyed_digest(secret, "new thing", member_id.to_bytes(8, "big") + key)
    return id_of(digest)


def _was_done(connection: sa.Connection, key: bytes, digest: bytes, today: int) -> bool:
    """Remember a POST by its key; raises `Refusal` where the key was another's."""
    bulk, message = bulk_for(connection), tables.message
    if bulk.insert_new(message, ("key", "digest", "day"), [(key, digest, today)], ("key",)):
        return False
    ((before,),) = bulk.select(message, ("digest",), "key", [key])
    if before != digest:
        raise REFUSALS[Outcome.KEY_REUSED].raised()
    return True


def wish_of(request: Request) -> WishBody:
    """Return what kind of group the query asks for; raises `Refusal` with 422."""
    names = {"from_module", "to_module", "language", "utc_hours"}
    asked = {name: text for name, text in request.query_params.items() if name in names and text}
    try:
        return msgspec.convert(asked, WishBody, strict=False)
    except msgspec.ValidationError as error:
        raise Problem(422, "Not understood", safe_text(str(error))).raised() from error


async def read_as(
    services: Services, sender: int | bytes, work: Callable[[sa.Connection, Caller], Any]
) -> Any:
    """Run `work` for a member in one consistent view of the database."""
    today = tables.day_of(services.today())

    def read() -> Any:
        with services.database.read() as connection:
            return work(connection, caller_of(connection, sender, today))

    return await run_in_threadpool(read)


def _reading(view: Callable[[sa.Connection, Caller, Request], dict[str, Any]]) -> Endpoint:
    async def show(request: Request) -> Response:
        count_read(request)
        sender = await sender_of(request)
        found = await read_as(
            services_of(request), sender, lambda c, caller: view(c, caller, request)
        )
        return Response(msgspec.json.encode(found), 200, _PRIVATE, "application/json")

    return show


async def _group(request: Request) -> Response:
    count_read(request)
    sender = await sender_of(request)
    found = await group_view(services_of(request), sender, request.path_params["id"])
    return Response(msgspec.json.encode(found), 200, _PRIVATE, "application/json")


async def group_view(services: Services, sender: int | bytes, group_id: str) -> dict[str, Any]:
    """Return a group; looking at one's own is the sign of life that keeps it, once a day."""
    _check_id(group_id)
    today = tables.day_of(services.today())

    def look(connection: sa.Connection, caller: Caller) -> tuple[dict[str, Any], bool]:
        shown = groups.view(connection, caller, group_id)
        row = groups.found(connection, caller, group_id)
        return shown, shown["you"] == "in" and row.sign_day < today

    shown, signs = await read_as(services, sender, look)
    if signs:
        await in_turn(services, lambda c: groups.note_sign(c, group_id, today))
    found: dict[str, Any] = shown | {"lapses_in_days": GROUP_DAYS}
    return found


async def _inbox(request: Request) -> Response:
    count_read(request)
    sender = await sender_of(request)
    text = request.query_params.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Problem(422, "Not understood", "after is the number of an event").raised()
    after = int(text)
    found = await read_as(
        services_of(request), sender, lambda c, caller: inbox.view(c, caller.id, after)
    )
    etag = f'"{found["last"]}-{after}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    if etag in [part.strip() for part in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(msgspec.json.encode(found), 200, headers, "application/json")
