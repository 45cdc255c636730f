"""The pages: about, map, cohort, privacy, open; the same bytes for everybody who may see them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tito_bench_server.courses import CourseInfo
from tito_bench_server.members.routes import base_address, base_path, site_path
from tito_bench_server.pages.languages import Language, language_of, preferred
from tito_bench_server.pages.render import STATIC, PageBytes, map_view, packed, render
from tito_bench_server.problems import Refusal, problem_response
from tito_bench_server.releases.routes import (
    Found,
    course_of,
    document_for,
    published_cohorts,
)
from tito_bench_server.services import services_of

__all__ = ["PageCache", "language_for", "page", "page_routes", "static_routes"]

_MOST_KEPT = 512
_TO_PEOPLE = frozenset({401, 403, 404, 409, 422})
_HTML = "text/html; charset=utf-8"
Page = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass
class PageCache:
    """Pages as rendered, by all that they depend on; of the viewer that is the language only."""

    _kept: dict[tuple[Any, ...], PageBytes] = field(default_factory=dict)

    def get(self, key: tuple[Any, ...], make: Callable[[], str]) -> PageBytes:
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = packed(make())
        return found


_CACHE = PageCache()


def page_routes() -> list[Route]:
    """Return the routes below one course's address."""
    return [
        Route("/map", page(_map), methods=["GET"]),
        Route("/cohort", page(_cohort), methods=["GET"]),
        Route("/privacy", page(_privacy), methods=["GET"]),
        Route("/open", page(_open), methods=["GET"]),
        Route("/", page(_about), methods=["GET"]),
    ]


def static_routes() -> list[Route]:
    """Return the routes of what all pages share."""
    return [Route("/static/{name}", _static, methods=["GET"])]


async def _static(request: Request) -> Response:
    for asset in STATIC.values():
        if asset.name == request.path_params["name"]:
            headers = {"Cache-Control": "public, max-age=31536000, immutable"}
            return Response(asset.body, 200, headers, asset.media_type)
    return Response(status_code=404)


def page(endpoint: Page) -> Page:
    """Show a refusal as a page, too, for it is a person who reads it."""

    async def shown(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            status = refusal.problem.status
            if status not in _TO_PEOPLE:
                return problem_response(refusal.problem, refusal.headers)
            html = render(
                "problem.html",
                language_for(request),
                course="tito-bench",
                site=site_path(request),
                base=base_path(request),
                here="",
                status=status,
                detail=refusal.problem.detail,
            )
            return Response(html, status, {"Cache-Control": "no-store"}, _HTML)

    return shown


async def _about(request: Request) -> Response:
    course = await course_of(request)
    people = 0
    if course.public_map:
        found = await document_for(request, course, "map", None)
        people = msgspec.json.decode(found.document.body)["people_at_least"]
    return _kept(request, course, "about.html", "", people=people)


async def _privacy(request: Request) -> Response:
    return _kept(request, await course_of(request), "privacy.html", "privacy")


async def _open(request: Request) -> Response:
    return _kept(request, await course_of(request), "open.html", "open")


def _kept(
    request: Request, course: CourseInfo, template: str, here: str, **values: Any
) -> Response:
    """Answer with a page that depends on course, settings, address and language only."""
    language = language_for(request)
    address = base_address(request)
    key = (template, course, language.tag, address, *values.values())
    settings = services_of(request).settings
    found = _CACHE.get(
        key,
        lambda: render(
            template,
            language,
            course=course.name,
            site=site_path(request),
            base=base_path(request),
            here=here,
            address=address,
            takes_members=course.takes_members,
            school=course.school,
            operator=settings.operator,
            minimum_age=settings.operator.minimum_age,
            **values,
        ),
    )
    return _send(request, found, public=True)


async def _map(request: Request) -> Response:
    def view(document: Mapping[str, Any], language: Language) -> dict[str, Any]:
        found = map_view(document, language)
        return {"view": found, "rows": found["rows"]}

    return await _published(request, "map", view)


async def _cohort(request: Request) -> Response:
    return await _published(request, "cohort", _cohort_view)


async def _published(
    request: Request,
    name: str,
    view: Callable[[Mapping[str, Any], Language], dict[str, Any]],
) -> Response:
    """Answer with the page of a published document."""
    services = services_of(request)
    course = await course_of(request)
    found: Found = await document_for(request, course, name, request.query_params.get("cohort"))
    language = language_for(request)
    cohorts = await run_in_threadpool(published_cohorts, services, course.id)
    key = (
        name,
        course,
        language.tag,
        base_address(request),
        found.document.etag,
        tuple(cohorts.values()),
    )

    def make() -> str:
        document: dict[str, Any] = msgspec.json.decode(found.document.body)
        return render(
            f"{name}.html",
            language,
            course=course.name,
            site=site_path(request),
            base=base_path(request),
            here=name,
            cohort=document["cohort"],
            cohorts=list(cohorts.values()),
            document=document,
            **view(document, language),
        )

    return _send(request, _CACHE.get(key, make), public=found.public)


def _cohort_view(document: Mapping[str, Any], language: Language) -> dict[str, Any]:
    gettext = language.translations.gettext
    names = {
        "not given": gettext("not given"),
        "university": gettext("university"),
        "bootcamp": gettext("bootcamp"),
        "self-paced": gettext("self-paced"),
        "other": gettext("other"),
    }
    views = {
        "modules": [(_span(one), one["at_least"]) for one in document["modules"]],
        "milestones": [(_span(one), one["at_least"]) for one in document["milestones"]],
        "course_types": [
            (names[one["course_type"]], one["at_least"]) for one in document["course_types"]
        ],
        "institutions": [
            (one["name"], one["at_least"]) for one in document.get("institutions", ())
        ],
    }
    widest = max((count for rows in views.values() for _, count in rows), default=1)
    return {**views, "widest": widest}


def _span(one: Mapping[str, Any]) -> str:
    low, high = one["from"], one["to"]
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}–{high}"


def language_for(request: Request) -> Language:
    """Return the language that this reader wants."""
    accepted = request.headers.get("accept-language", "")
    return language_of(preferred(accepted, request.query_params.get("lang")))


def _send(request: Request, found: PageBytes, *, public: bool) -> Response:
    etag = f'"{found.etag}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "public, max-age=300" if public else "private, no-cache",
        "Vary": "Accept-Encoding, Accept-Language, Cookie, Authorization",
    }
    known = request.headers.get("if-none-match", "")
    if etag in (part.strip().removeprefix("W/") for part in known.split(",")):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, 200, headers, _HTML)
    return Response(found.plain, 200, headers, _HTML)
