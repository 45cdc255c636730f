"""What is too old is forgotten beside writes: a day of the bodies and keys of a million students.

    python benchmarks/forget.py [--bodies 268000] [--keys 268000] [--postgresql]

So many bodies of submissions are 91 days old, so many message keys 31. One daily run of `prune`
forgets them in the server's process while four senders go on joining. PostgreSQL forgets bodies by
dropping the partition of their week; room is that of all tables and indexes.
"""

from __future__ import annotations

import argparse
import random
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from joining import show_beside_joins
from machine import machine
from million import size
from served import empty_database, served

from tito_bench_server.store import migrate, tables
from tito_bench_server.store.bodies import make_week
from tito_bench_server.store.bulk import bulk_for
from tito_bench_server.store.database import Database, open_database
from tito_bench_server.store.retention import BODY_DAYS, MESSAGE_DAYS
from world import add_course, add_members

_MEMBERS = 1000
_BODY_BYTES = 700
_SUBMISSION = (
    *("id", "course_id", "member_id", "received_day", "benchmark"),
    *("score", "verdict", "digest"),
)


def _fill(database: Database, bodies: int, keys: int, today: date) -> None:
    rng = random.Random(3)
    members = add_members(database, [{} for _ in range(_MEMBERS)], joined=today)
    day = tables.day_of(today - timedelta(days=BODY_DAYS + 1))
    body = rng.randbytes(_BODY_BYTES)
    with database.write() as connection:
        bulk = bulk_for(connection)
        submissions = (
            (n, 1, rng.choice(members), day, "baseline", 61.5, "stable", rng.randbytes(16))
            for n in range(bodies)
        )
        bulk.load(tables.submission, _SUBMISSION, submissions)
        make_week(connection, day)
        columns = ("received_day", "submission_id", "body")
        bulk.load(tables.submission_body, columns, ((day, n, body) for n in range(bodies)))
        day = tables.day_of(today - timedelta(days=MESSAGE_DAYS + 1))
        messages = ((rng.randbytes(16), rng.randbytes(16), day) for _ in range(keys))
        bulk.load(tables.message, ("key", "digest", "day"), messages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=268_000)
    parser.add_argument("--keys", type=int, default=268_000)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    print(machine())
    with empty_database(postgresql=options.postgresql) as url:
        database = open_database(url)
        migrate.upgrade(database)
        add_course(database)
        _fill(database, options.bodies, options.keys, datetime.now(UTC).date())
        before = size(database)
        with served(url) as (base, _):
            show_beside_joins(
                base,
                "forget",
                lambda done: (
                    f"forgotten: {done['weeks']} week of {options.bodies} bodies and "
                    f"{done['messages']} keys in {done['seconds']:.1f} s"
                ),
            )
        print(f"room: {before / 1e6:.0f} MB before, {size(database) / 1e6:.0f} MB afterwards")
        database.close()


if __name__ == "__main__":
    main()
