"""A million members: the size of the database, a release beside writes, the map from memory.

    python benchmarks/million.py [--members 1000000] [--postgresql]

Members are put in straight, as many as asked; then one release of all tables runs in the
server's process while four senders go on joining.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from joining import p99, show_beside_joins
from machine import machine
from served import empty_database, served

from tito_bench_server.pages.render import load_world
from tito_bench_server.store import migrate, tables
from tito_bench_server.store.bulk import bulk_for
from tito_bench_server.store.database import Database, open_database
from world import CODE, add_cohort, add_course

_BATCH = 20_000
_COLUMNS = (
    *("id", "course_id", "anonymous_id", "key_digest", "cohort_id", "country"),
    *("institution_text", "course_type", "experience", "modules", "milestones", "capstone"),
    *("setup", "joined_day", "seen_day"),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    print(machine())
    with ExitStack() as stack:
        url = stack.enter_context(empty_database(postgresql=options.postgresql))
        database = open_database(url)
        stack.callback(database.close)
        migrate.upgrade(database)
        add_course(database)
        begun = time.monotonic()
        fill(database, options.members)
        print(f"put in: {time.monotonic() - begun:.0f} s")
        print(f"database: {_bytes_a_member(database):.0f} bytes a member")
        _measure(url)
        print(f"after the release: {_bytes_a_member(database):.0f} bytes a member")


def fill(database: Database, members: int) -> None:
    """Put so many made-up members into course 1."""
    rng = random.Random(1)
    codes = sorted(load_world().places)
    weights = [1 / (1 + n) for n in range(len(codes))]
    rng.shuffle(codes)
    cohorts = [
        add_cohort(database, f"{term} {year}")
        for year in (2025, 2026)
        for term in ("Spring", "Fall")
    ]
    joined = tables.day_of(_today()) - 10
    for start in range(1, members + 1, _BATCH):
        count = min(_BATCH, members + 1 - start)
        countries = rng.choices(codes, weights, k=count)
        rows = [
            (
                *(start + place, 1, rng.randbytes(16), rng.randbytes(16)),
                *(rng.choice(cohorts), countries[place]),
                f"Institution {rng.randrange(2000)}" if rng.random() < 0.5 else None,
                *(rng.randrange(5), rng.randrange(5), rng.randrange(21), rng.randrange(7)),
                *(rng.uniform(0, 100) if rng.random() < 0.4 else None, True, joined, joined),
            )
            for place in range(count)
        ]
        with database.write() as connection:
            bulk_for(connection).insert(tables.member, _COLUMNS, rows)


def _today():  # type: ignore[no-untyped-def]
    from tito_bench_server.store.group import utc_today

    return utc_today()


def size(database: Database) -> int:
    """Return the bytes of all tables and indexes."""
    with database.read() as connection:
        if database.is_sqlite:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
        named = sa.text("SELECT pg_database_size(current_database())")
        return int(connection.execute(named).scalar_one())


def _bytes_a_member(database: Database) -> float:
    """Return the size by those who are in it: who joins while it is measured counts too."""
    with database.read() as connection:
        people: int = connection.scalar(sa.select(sa.func.count()).select_from(tables.member))
    return size(database) / people


def _measure(url: str) -> None:
    with served(url) as (base, _):
        show_beside_joins(
            base,
            "release",
            lambda done: (
                f"release of all tables: {done['seconds']:.1f} s, {done['marked']} members marked"
            ),
        )
        for path in ("api/community/map", "map"):
            times = []
            with httpx.Client(trust_env=False) as client:
                for _ in range(200):
                    begun = time.perf_counter()
                    assert client.get(f"{base}/c/{CODE}/{path}").status_code == 200
                    times.append(1e3 * (time.perf_counter() - begun))
            print(f"/{path}: median {statistics.median(times):.1f} ms, p99 {p99(times):.1f} ms")


if __name__ == "__main__":
    main()
