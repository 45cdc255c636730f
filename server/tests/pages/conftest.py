"""A course of 50 countries to look at, in a real browser."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from serving import serving
from tito_bench_server.pages.render import load_world
from world import CODE, World, add_cohort, add_course, add_members


@dataclass
class Site:
    """A served course with a release, and one member's key."""

    world: World
    base: str
    key: str

    @property
    def course(self) -> str:
        return f"{self.base}/c/{CODE}"

    def link(self) -> str:
        answer = self.world.request(
            "POST", "/api/community/links", key=self.key, base=self.base, body=b""
        )
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["url"]
        return found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    world = World(f"sqlite:///{tmp_path_factory.mktemp('site') / 'community.db'}")
    database = world.services.database
    add_course(database)
    cohort = add_cohort(database)
    rng = random.Random(5)
    codes = rng.sample(sorted(load_world().places), 50)
    people = [
        {
            "country": code,
            "cohort_id": cohort,
            "modules": rng.randrange(21),
            "milestones": rng.randrange(6),
            "course_type": rng.randrange(1, 5),
            "capstone": rng.uniform(0, 100),
        }
        for place, code in enumerate(codes)
        for _ in range(6 + 2 * place)
    ]
    add_members(database, people, joined=world.day)
    _, key = world.join()
    world.pass_days(3)
    world.release()
    with serving(world) as base:
        yield Site(world, base, key)
    world.close()


@dataclass
class Visits:
    """Opens pages; at the end nothing may have been complained of or asked for elsewhere."""

    chromium: Any
    site: Site
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def __call__(
        self, path: str, *, width: int = 1280, dark: bool = False, script: bool = True
    ) -> Any:
        context = self.chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            locale="en-GB",
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path if path.startswith("http") else self.site.course + path)
        return page


@pytest.fixture
def visit(chromium: Any, site: Site) -> Iterator[Callable[..., Any]]:
    visits = Visits(chromium, site)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.complaints == []
    elsewhere = {url for url in visits.requests if not url.startswith(site.base + "/")}
    assert elsewhere == set(), "a page asks another host"
