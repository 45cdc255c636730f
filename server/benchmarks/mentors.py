"""How long it takes until 10,000 members who ask for mentors at once are matched.

    python benchmarks/mentors.py [--learners 10000] [--postgresql]

Every request is one of its own to a server process on loopback, 64 at a time. There are
4,000 mentors of up to three places, of four languages and all time zones. Afterwards the
database is looked at: nobody is matched twice, and nobody waits for whom a mentor is free.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
import uuid
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from machine import machine
from served import empty_database, served

from tito_bench_server.members.account import key_digest
from tito_bench_server.peers.mentors import find_mentor
from tito_bench_server.store import tables
from tito_bench_server.store.database import Database, open_database
from world import CODE, add_members

_CONNECTIONS = 64
_MENTORS = 4000
_LANGUAGES = ("en", "es", "hi", "sw")


async def _ask_all(base: str, bodies: list[tuple[str, bytes]]) -> Counter[int]:
    parts = urlsplit(base)
    waiting = iter(bodies)
    answers: Counter[int] = Counter()

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for key, body in waiting:
            writer.write(
                f"POST /c/{CODE}/api/community/mentor/requests HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {key}\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            answers[int(head.split()[1])] += 1
            length = next(
                int(line.partition(":")[2])
                for line in head.splitlines()
                if line.startswith("content-length")
            )
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(one_connection() for _ in range(_CONNECTIONS)))
    return answers


def _people(database: Database, learners: int) -> list[tuple[str, bytes]]:
    """Put mentors and learners in; what each learner will ask."""
    rng = random.Random(11)
    day = datetime.now(UTC).date()
    mentors = [{"modules": rng.randint(8, 20)} for _ in range(_MENTORS)]
    numbers = add_members(database, mentors, joined=day)
    keys = [f"tbk_{number:043d}" for number in range(learners)]
    add_members(database, [{"key_digest": key_digest(key)} for key in keys], joined=day)
    with database.write() as connection:
        connection.execute(
            sa.insert(tables.mentor),
            [
                {
                    "member_id": number,
                    "course_id": 1,
                    "modules": one["modules"],
                    "languages": f" {' '.join(rng.sample(_LANGUAGES, rng.randint(1, 2)))} ",
                    "utc_band": rng.randrange(8),
                    "places": 3,
                    "free": 3,
                    "paused": False,
                }
                for number, one in zip(numbers, mentors, strict=True)
            ],
        )
    return [
        (
            key,
            json.dumps(
                {
                    "module": rng.randint(1, 12),
                    "language": rng.choice(_LANGUAGES),
                    "utc_hours": rng.randint(-12, 14),
                }
            ).encode(),
        )
        for key in keys
    ]


def _look(database: Database) -> None:
    with database.write() as connection:
        pairs = connection.execute(sa.select(tables.pairing)).all()
        learners = Counter(row.learner_id for row in pairs)
        mentors = Counter(row.mentor_id for row in pairs)
        assert max(learners.values()) == 1, "somebody was matched twice"
        assert max(mentors.values()) <= 3, "a mentor has more than three"
        open_ones = connection.execute(
            sa.select(tables.request.c.number).where(tables.request.c.state == "open")
        ).scalars()
        late = [number for number in open_ones.all() if find_mentor(connection, number, 0)]
        assert not late, "somebody waits for whom a mentor is free"
    near = sum(1 for _ in pairs)
    print(f"matched {near}, nobody twice, nobody overlooked")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=10_000)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    print(machine())
    with ExitStack() as stack:
        url = stack.enter_context(empty_database(postgresql=options.postgresql))
        base, process = stack.enter_context(served(url))
        database = open_database(url)
        stack.callback(database.close)
        bodies = _people(database, options.learners)
        begun = time.perf_counter()
        answers = asyncio.run(_ask_all(base, bodies))
        took = time.perf_counter() - begun
        times = psutil.Process(process.pid).cpu_times()
        print(
            f"asked and matched: {took:.1f} s, {times.user + times.system:.1f} s of CPU in the "
            f"server; answers {dict(answers)}"
        )
        _look(database)


if __name__ == "__main__":
    main()
