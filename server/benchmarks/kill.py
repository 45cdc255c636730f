"""kill -9 under load, many times: what was accepted is there.

    python benchmarks/kill.py [--times 200] [--postgresql]

It is the server that is killed, not PostgreSQL.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import uuid
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from machine import machine

from postgres_cluster import running_cluster
from serving import command, kill_under_load
from tito_bench_server.store import tables
from tito_bench_server.store.database import open_database

_LIMITS = """[limits]
writes_per_minute_and_address = 100000000
joins_per_hour_with_code = 100000000
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    print(machine())
    accepted: list[uuid.UUID] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _run(folder, "init")
        data = folder / "community"
        url, settings = f"sqlite:///{data / 'community.db'}", _LIMITS
        if options.postgresql:
            url = stack.enter_context(running_cluster()).new_database()
            settings += f'[database]\nurl = "{url.replace("+psycopg", "")}"\n'
            (data / "invites.json").write_text("{}")
        (data / "server.toml").write_text(settings)
        if options.postgresql:
            _run(folder, "migrate")
            _run(folder, "course", "add", "Course", "--slug", "course")
        database = open_database(url)
        stack.callback(database.close)
        with database.write() as connection:
            connection.execute(sa.update(tables.course).values(joins_per_day=100_000_000))
        for number in range(options.times):
            kill_under_load(folder, 10 + number % 50, accepted)
        sound = "not asked"
        with database.read() as connection:
            stored = set(connection.scalars(sa.select(tables.member.c.anonymous_id)))
            if database.is_sqlite:
                sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
    lost = sum(one.bytes not in stored for one in accepted)
    print(
        f"killed {options.times} times; accepted {len(accepted)}, lost {lost}; "
        f"integrity_check: {sound}"
    )
    sys.exit(1 if lost or sound not in {"ok", "not asked"} else 0)


def _run(folder: Path, *words: str) -> None:
    done = command(*words, cwd=folder)
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    main()
