"""The pages by which members find each other: what the commands do, as forms without a script.

A form is posted with the session's cookie from this site's own pages only, and goes
the same way as a request with a member key: one table of actions, one set of rules.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tito_bench_server.contract.peers import REASONS, WishBody
from tito_bench_server.members.routes import (
    base_path,
    count_read,
    idempotency_key_of,
    read_form,
    same_origin,
    sender_of,
    site_path,
)
from tito_bench_server.pages.render import render
from tito_bench_server.pages.routes import language_for, page
from tito_bench_server.peers import groups, inbox, mentors, moderation, roster
from tito_bench_server.peers.caller import Caller
from tito_bench_server.peers.routes import (
    ACTIONS,
    decoded,
    group_view,
    perform,
    read_as,
)
from tito_bench_server.problems import Problem
from tito_bench_server.releases.routes import course_of
from tito_bench_server.services import services_of

__all__ = ["peer_page_routes"]

_PRIVATE = {"Cache-Control": "no-store"}
_HTML = "text/html; charset=utf-8"
_NEXT = {
    "card": "roster",
    "group": "groups",
    "offer": "mentors",
    "request": "mentors",
    "unblock": "blocks",
}
_AFTER = {"card": "roster", "group": "groups", "seat": "groups"}
Read = Callable[[sa.Connection, Caller], dict[str, Any]]


def peer_page_routes() -> list[Route]:
    """Return the routes below one course's address."""
    return [
        Route("/roster", page(_roster), methods=["GET"]),
        Route("/groups", page(_groups), methods=["GET"]),
        Route("/groups/{id}", page(_group), methods=["GET"]),
        Route("/mentors", page(_mentors), methods=["GET"]),
        Route("/blocks", page(_blocks), methods=["GET"]),
        Route("/do/{action}", page(_do), methods=["POST"]),
    ]


async def _roster(request: Request) -> Response:
    def read(connection: sa.Connection, caller: Caller) -> dict[str, Any]:
        found = roster.view(connection, caller)
        on = "ladder" in caller.features
        return found | {"ladder": roster.ladder(connection, caller) if on else None}

    return await _shown(request, "roster", read)


async def _groups(request: Request) -> Response:
    return await _shown(request, "groups", lambda c, one: groups.find(c, one, WishBody()))


async def _group(request: Request) -> Response:
    sender = await _who(request)
    found = await group_view(services_of(request), sender, request.path_params["id"])
    shown = {name: value for name, value in found.items() if name != "language"}
    return await _answer(
        request, "group", shown | {"language_code": found["language"]}, here="groups"
    )


async def _mentors(request: Request) -> Response:
    return await _shown(
        request,
        "mentors",
        lambda c, caller: (
            mentors.view(c, caller) | {"events": inbox.view(c, caller.id, 0)["events"]}
        ),
    )


async def _blocks(request: Request) -> Response:
    return await _shown(request, "blocks", moderation.blocked)


async def _who(request: Request) -> int | bytes:
    count_read(request)
    return await sender_of(request)


async def _shown(request: Request, name: str, read: Read) -> Response:
    sender = await _who(request)
    found = await read_as(services_of(request), sender, read)
    return await _answer(request, name, found, here=name)


async def _answer(request: Request, name: str, found: dict[str, Any], *, here: str) -> Response:
    html = render(
        f"{name}.html",
        language_for(request),
        course=(await course_of(request)).name,
        site=site_path(request),
        base=base_path(request),
        here=here,
        once=str(uuid.uuid4()),
        reasons=REASONS,
        **found,
    )
    return Response(html, 200, _PRIVATE, _HTML)


async def _do(request: Request) -> Response:
    """Do what a form says, once, and go back to its page."""
    same_origin(request)
    name = request.path_params["action"]
    action = ACTIONS.get(name)
    if action is None:
        raise Problem(404, "Not there", "no form of these pages does this").raised()
    sender = await sender_of(request)
    pairs = parse_qsl(await read_form(request), keep_blank_values=False, max_num_fields=40)
    fields = dict(pairs)
    key = idempotency_key_of(fields.pop("once", "")).bytes
    target = fields.pop("id", None)
    if action.takes_id and not action.makes_id and target is None:
        raise Problem(422, "Not understood", "the form names no group or match").raised()
    raw = b"" if action.body is None else _encoded(action.body, pairs, fields)
    posted = key if action.method == "POST" else None
    made, _ = await perform(request, action, sender, raw, posted, target)
    where = _NEXT.get(name.partition("-")[0], _AFTER.get(fields.get("kind", ""), "mentors"))
    if name in {"group-new", "group-ask", "group-answer"} and made is not None:
        where = f"groups/{quote(made, safe='')}"
    return Response(
        status_code=303, headers=_PRIVATE | {"Location": f"{base_path(request)}/{where}"}
    )


def _encoded(kind: type[Any], pairs: list[tuple[str, str]], fields: dict[str, str]) -> bytes:
    """Return the body that a request would have: the numbers of a form are text."""
    known = {field.name: field.type for field in msgspec.structs.fields(kind)}
    body: dict[str, Any] = {name: text for name, text in fields.items() if name in known}
    if "languages" in known:
        body["languages"] = [text for name, text in pairs if name == "languages"]
    try:
        converted = msgspec.convert(body, kind, strict=False)
    except msgspec.ValidationError:
        decoded(msgspec.json.encode(body), kind)  # says it as it says it of a request
        raise Problem(422, "Not understood", "the form is not filled in").raised() from None
    return msgspec.json.encode(converted)
