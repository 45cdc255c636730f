"""The published documents: about, stats, map and cohort, all the same for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tito_bench_server import __version__
from tito_bench_server.courses import CourseInfo
from tito_bench_server.members import account
from tito_bench_server.members.messages import folded
from tito_bench_server.members.routes import base_address, signed_in, signed_in_or_none
from tito_bench_server.problems import Problem, Refusal
from tito_bench_server.releases.documents import cohort_document, map_document
from tito_bench_server.releases.kinds import SMALLEST_GROUP
from tito_bench_server.releases.published import PublishedDocument
from tito_bench_server.services import Services, services_of
from tito_bench_server.store import tables

__all__ = ["Found", "course_of", "document_for", "published_cohorts", "release_routes"]

_STATS_COUNTRIES = 10


@dataclass(frozen=True)
class Found:
    """A document to be sent, and whether everybody may keep it."""

    document: PublishedDocument
    public: bool


def release_routes() -> list[Route]:
    """Return the routes below one course's address."""
    return [
        Route("/api/community/about", _about, methods=["GET"]),
        Route("/api/community/stats", _stats, methods=["GET"]),
        Route("/api/community/map", _map, methods=["GET"]),
        Route("/api/community/cohort", _cohort, methods=["GET"]),
    ]


async def course_of(request: Request) -> CourseInfo:
    """Return the course that the address names, or that of whoever is signed in.

    Raises `Refusal` with 404 where there is none, and 429 for too many requests.
    """
    services = services_of(request)
    too_many = services.limiter.read(services.address_of(request))
    if too_many is not None:
        raise too_many.raised()
    code = request.path_params.get("code")
    found = await run_in_threadpool(services.courses.by_code, code)
    if found is not None:
        return found
    member_id = await signed_in_or_none(request)
    if member_id is not None:
        place = await run_in_threadpool(account.place_of, services.database, member_id)
        if place is not None:
            return await run_in_threadpool(services.courses.by_id, place[0])
    detail = (
        "the address of a course looks like this: https://.../c/AB12-CD34"
        if code is None
        else "no course has this address; ask your instructor for the present one"
    )
    raise Problem(404, "Unknown course", detail).raised()


async def document_for(
    request: Request, course: CourseInfo, name: str, cohort: str | None
) -> Found:
    """Return the map or the cohort document of a course or one of its cohorts.

    Raises `Refusal` with 401 where only members may see it, and 404 for a cohort that
    has no release.
    """
    services = services_of(request)
    public = name == "map" and course.public_map
    if not public:
        member_id = await signed_in(request)
        place = await run_in_threadpool(account.place_of, services.database, member_id)
        if place is None or place[0] != course.id:
            raise Refusal(Problem(401, "Not known", "only members of this course may see this"))
    cohort_id = tables.ALL_COHORTS
    if cohort is not None:
        known = await run_in_threadpool(published_cohorts, services, course.id)
        wanted = folded(cohort)
        match = [number for number, other in known.items() if folded(other) == wanted]
        if not match:
            raise Problem(
                404, "No such cohort", "no table of a cohort of this name is published"
            ).raised()
        cohort_id = match[0]
    found = await _document(services, course.id, cohort_id, name)
    return Found(found, public)


async def _document(
    services: Services, course_id: int, cohort_id: int, name: str
) -> PublishedDocument:
    published = services.published
    if published.is_kept(course_id, cohort_id, name):
        found = published.document(course_id, cohort_id, name)
    else:
        found = await run_in_threadpool(published.document, course_id, cohort_id, name)
    return _EMPTY[name] if found is None else found


def _empty(name: str) -> PublishedDocument:
    found = (
        map_document(0, None, None, ({}, frozenset()))
        if name == "map"
        else cohort_document(0, None, None, {}, {})
    )
    return PublishedDocument(0, "none", msgspec.json.encode(found))


_EMPTY = {name: _empty(name) for name in ("map", "cohort")}


def published_cohorts(services: Services, course_id: int) -> dict[int, str]:
    """Return the cohorts that have a release: a name alone tells that somebody is in it."""
    cohort, document = tables.cohort, tables.document
    with services.database.read() as connection:
        rows = connection.execute(
            sa.select(cohort.c.id, cohort.c.name)
            .join(
                document,
                (document.c.course_id == cohort.c.course_id)
                & (document.c.cohort_id == cohort.c.id),
            )
            .where(cohort.c.course_id == course_id)
            .distinct()
            .order_by(cohort.c.name)
        )
        return dict(rows.all())


async def _about(request: Request) -> Response:
    services = services_of(request)
    course = await course_of(request)
    cohorts = await run_in_threadpool(published_cohorts, services, course.id)
    operator = services.settings.operator
    body = {
        "course": course.name,
        "takes_members": course.takes_members,
        "operator": operator.name or None,
        "contact": operator.contact or None,
        "privacy_note": operator.privacy_note or None,
        "privacy_url": f"{base_address(request)}/privacy",
        "minimum_age": operator.minimum_age,
        "smallest_group": SMALLEST_GROUP,
        "least_changes": services.settings.releases.least_changes,
        "public_map": course.public_map,
        "school": course.school,
        "peers": course.features,
        "cohorts": list(cohorts.values()),
        "server": f"tito-bench-server {__version__}",
    }
    return Response(msgspec.json.encode(body), 200, _NO_STORE, "application/json")


async def _stats(request: Request) -> Response:
    """Flat names and values, as the client shows them; of the map, which is public."""
    services = services_of(request)
    course = await course_of(request)
    body: dict[str, Any] = {"course": course.name}
    if not course.public_map and await signed_in_or_none(request) is None:
        body["map"] = "for members only"
        return Response(msgspec.json.encode(body), 200, _NO_STORE, "application/json")
    found = await _document(services, course.id, tables.ALL_COHORTS, "map")
    document: dict[str, Any] = msgspec.json.decode(found.body)
    if "note" in document:
        body["people"] = document["note"]
    else:
        body["released on"] = document["released_on"]
        body["people"] = f"{document['people_at_least']}+"
        for one in document["countries"][:_STATS_COUNTRIES]:
            body[one["country"]] = f"{one['at_least']}+"
        rest = len(document["countries"]) - _STATS_COUNTRIES
        if rest > 0:
            body["further countries"] = rest
        if document["other_at_least"]:
            body["other countries"] = f"{document['other_at_least']}+"
    headers = {"Cache-Control": "max-age=300"} if course.public_map else _NO_STORE
    return Response(msgspec.json.encode(body), 200, headers, "application/json")


async def _map(request: Request) -> Response:
    course = await course_of(request)
    found = await document_for(request, course, "map", request.query_params.get("cohort"))
    return _with_etag(request, found)


async def _cohort(request: Request) -> Response:
    course = await course_of(request)
    found = await document_for(request, course, "cohort", request.query_params.get("name"))
    return _with_etag(request, found)


def _with_etag(request: Request, found: Found) -> Response:
    etag = f'"{found.document.etag}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "public, max-age=300" if found.public else "private, max-age=300",
        "Vary": "Authorization, Cookie",
    }
    known = [
        part.strip().removeprefix("W/")
        for part in request.headers.get("if-none-match", "").split(",")
    ]
    if etag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(found.document.body, 200, headers, "application/json")


_NO_STORE = {"Cache-Control": "no-store"}
