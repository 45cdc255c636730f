"""Every test of the database runs on SQLite, and on PostgreSQL where there is one. Pages are
looked at in a real headless Chromium, the system's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from unexpected_skips import pytest_sessionfinish, pytest_terminal_summary  # noqa: F401 - hooks

from postgres_cluster import Cluster, ClusterMissing, running_cluster
from world import World, add_course

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_STACK = ExitStack()
_FOUND: list[Cluster | str] = []


def _cluster() -> Cluster:
    if not _FOUND:
        try:
            _FOUND.append(_STACK.enter_context(running_cluster(durable=False)))
        except ClusterMissing as error:
            _FOUND.append(str(error))
    found = _FOUND[0]
    if isinstance(found, str):
        pytest.skip(f"needs PostgreSQL: {found}")
    return found


def pytest_unconfigure() -> None:
    _STACK.close()


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return _cluster()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'community.db'}"
    return _cluster().new_database()


@pytest.fixture
def backup_programs(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pg_dump and pg_restore of the server's own version on the path."""
    if not database_url.startswith("sqlite"):
        monkeypatch.setenv("PATH", str(_cluster().programs), prepend=os.pathsep)
        if shutil.which("pg_dump") is None:
            pytest.skip("pg_dump is not installed")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of this machine, for all tests of a run."""
    driver = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_world() -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(url: str, **more: object) -> World:
        made.append(World(url, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(database_url: str, new_world: Callable[..., World]) -> World:
    """A server with one course."""
    found = new_world(database_url)
    add_course(found.services.database)
    return found
