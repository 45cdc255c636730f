"""A server of a test: settings, clock, course and bodies; and a client that speaks to it."""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import httpx
from sqlalchemy import func, select

from tito_bench_server.app import build_app
from tito_bench_server.courses import code_digest
from tito_bench_server.members.messages import folded
from tito_bench_server.releases.publish import ReleaseReport, make_release
from tito_bench_server.services import Services, build_services
from tito_bench_server.settings import LimitSettings, Settings
from tito_bench_server.store import migrate, tables
from tito_bench_server.store.database import Database

__all__ = [
    "CODE",
    "PEER_TABLES",
    "SECRET",
    "World",
    "add_cohort",
    "add_course",
    "add_members",
    "new_key",
    "profile_body",
    "run_aside",
    "submission_body",
]

T = TypeVar("T")

SECRET = bytes(range(32))
CODE = "AB12-CD34"
START = date(2026, 11, 1)

WITHOUT_LIMITS = Settings(
    limits=LimitSettings(
        writes_per_minute=10**9,
        writes_per_day=10**9,
        writes_per_minute_and_address=10**9,
        joins_per_hour_with_code=10**9,
        joins_per_hour_without_code=10**9,
        reads_per_minute=10**9,
        streams=10**6,
    )
)


PEER_TABLES = (
    tables.roster_card,
    tables.study_group,
    tables.group_contact,
    tables.seat,
    tables.mentor,
    tables.request,
    tables.pairing,
    tables.match_contact,
    tables.block,
    tables.report,
    tables.inbox,
    tables.event,
)
"""What members share with each other: gone with the last of them."""


def new_key() -> str:
    return "tbk_" + secrets.token_urlsafe(32)


def profile_body(identifier: uuid.UUID | None = None, **changes: Any) -> dict[str, Any]:
    """A profile as the client sends it; `changes` are its leaves by name."""
    leaf = {
        "country": "Kenya",
        "name": None,
        "course_type": "university",
        "experience_level": "beginner",
        "cohort": "Fall 2026",
        "setup_verified": True,
        "milestones_passed": 1,
        "modules_completed": 3,
        "capstone_score": None,
    } | changes
    return {
        "schema": 1,
        "anonymous_id": str(identifier or uuid.uuid4()),
        "joined_on": "2026-11-01",
        "location": {"country": leaf["country"]},
        "institution": {"name": leaf["name"]},
        "context": {k: leaf[k] for k in ("course_type", "experience_level", "cohort")},
        "progress": {
            k: leaf[k]
            for k in ("setup_verified", "milestones_passed", "modules_completed", "capstone_score")
        },
    }


def submission_body(identifier: uuid.UUID | None, score: float = 61.5) -> dict[str, Any]:
    return {
        "schema": 1,
        "kind": "submission",
        "created_at": "2026-11-22T20:30:00Z",
        "tito_bench_version": "0.1.0",
        "benchmark": "baseline",
        "measured_at": "2026-11-22T20:00:00Z",
        "anonymous_id": None if identifier is None else str(identifier),
        "subject": {"name": "numpy", "version": "2.4"},
        "raw_metrics": {"matmul_ms": 0.05},
        "normalized_metrics": {"score": score, "slowdowns": {"matmul": 1.5}},
        "verdict": {"status": "stable", "reasons": []},
        "system_info": None,
    }


def add_course(
    database: Database, slug: str = "course", code: str | None = CODE, **more: Any
) -> int:
    values = {
        "slug": slug,
        "name": f"Course {slug}",
        "code_digest": None if code is None else code_digest(SECRET, code),
        "takes_members": True,
        "public_map": True,
        "school": False,
        "joins_per_day": 1_000_000,
    } | more
    with database.write() as connection:
        number = connection.execute(tables.course.insert().values(values)).inserted_primary_key
    assert number is not None
    return int(number[0])


_THREADS = ThreadPoolExecutor(8)


def run_aside(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a loop and a thread of its own: the test's thread is in playwright's loop where a
    browser was opened before."""
    return _THREADS.submit(asyncio.run, work).result()


@dataclass
class World:
    """One server on one database, whose clock the test moves."""

    url: str
    settings: Settings = WITHOUT_LIMITS
    day: date = START
    second: float = 0.0
    services: Services = field(init=False)
    app: Any = field(init=False)

    def __post_init__(self) -> None:
        self.services = build_services(
            self.settings, SECRET, self.url, today=lambda: self.day, now_s=self.now_s
        )
        migrate.upgrade(self.services.database)
        self.app = build_app(self.services)
        self.services.writer.start()

    def now_s(self) -> float:
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)
        return midnight.timestamp() + self.second

    def pass_days(self, days: int) -> None:
        self.day += timedelta(days=days)

    def close(self) -> None:
        self.services.writer.close()
        self.services.database.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        code: str | None = CODE,
        key: str | None = None,
        idempotency: uuid.UUID | None = None,
        json_body: Any = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        base: str = "http://testserver",
        client: tuple[str, int] = ("192.0.2.1", 1),
    ) -> httpx.Response:
        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        if method in {"POST", "PUT"}:
            if method == "POST":
                sent.setdefault("Idempotency-Key", str(idempotency or uuid.uuid4()))
            sent.setdefault("Content-Type", "application/json")
            if body is None:
                body = json.dumps(json_body).encode()
        prefix = "" if code is None else f"/c/{code}"

        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=client, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=base) as session:
                return await session.request(method, prefix + path, content=body, headers=sent)

        return run_aside(exchange())

    def post(self, action: str, json_body: Any, **more: Any) -> httpx.Response:
        path = "/api/benchmarks/submit" if action == "submit" else f"/api/community/{action}"
        return self.request("POST", path, json_body=json_body, **more)

    def join(self, **more: Any) -> tuple[uuid.UUID, str]:
        """A new member with a key; leaves of the profile as in `profile_body`."""
        identifier, key = uuid.uuid4(), new_key()
        code = more.pop("code", CODE)
        answer = self.post("join", profile_body(identifier, **more), key=key, code=code)
        assert answer.status_code == 202, answer.text
        return identifier, key

    def leave(self, identifier: uuid.UUID, key: str | None) -> httpx.Response:
        return self.post("leave", {"schema": 1, "anonymous_id": str(identifier)}, key=key)

    def peer(
        self, key: str, method: str, path: str, status: int = 200, /, **body: Any
    ) -> dict[str, Any]:
        """Ask something of the peers' part as a member; the document, once the status fits."""
        answer = self.request(method, f"/api/community/{path}", key=key, json_body=body)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def release(self) -> ReleaseReport:
        found = make_release(
            self.services.database, self.services.turn, self.settings.releases, self.day
        )
        self.services.published.forget()
        return found

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.services.database.read() as connection:
            return [dict(row) for row in connection.execute(table.select()).mappings()]


def add_members(
    database: Database, people: list[dict[str, Any]], *, joined: date, course_id: int = 1
) -> list[int]:
    """Put members straight into the database; `people` are columns that differ."""
    with database.write() as connection:
        last = connection.execute(select(func.max(tables.member.c.id))).scalar() or 0
        rows = [
            {
                "id": last + 1 + place,
                "course_id": course_id,
                "anonymous_id": uuid.uuid4().bytes,
                "cohort_id": tables.NO_COHORT,
                "course_type": 1,
                "experience": 1,
                "modules": 3,
                "milestones": 1,
                "setup": True,
                "joined_day": tables.day_of(joined),
                "seen_day": tables.day_of(joined),
            }
            | one
            for place, one in enumerate(people)
        ]
        for names in {tuple(row) for row in rows}:
            same = [row for row in rows if tuple(row) == names]
            connection.execute(tables.member.insert(), same)
    return [row["id"] for row in rows]


def add_cohort(database: Database, name: str = "Fall 2026", course_id: int = 1) -> int:
    with database.write() as connection:
        values = {"course_id": course_id, "name": name, "folded": folded(name)}
        number = connection.execute(tables.cohort.insert().values(values)).inserted_primary_key
    assert number is not None
    return int(number[0])
