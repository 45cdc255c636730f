"""From SQLite to PostgreSQL while students send: how long no message is taken, and what is lost.

    python benchmarks/move.py [--members 1000000]

The server runs as an operator starts it; four senders send joins one after the other, each
again until it is taken, as students' machines do. `copy --to` runs beside it, then the server
is started anew with the copy. The pause is the longest time in which no message was taken.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from machine import machine
from million import fill

from postgres_cluster import running_cluster
from serving import command, running_process
from store.test_moving import Sender, write_settings
from tito_bench_server.store import tables
from tito_bench_server.store.database import open_database

_BESIDE_S = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    members = parser.parse_args().members
    print(machine())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(running_cluster()).new_database()
        assert command("init", cwd=folder).returncode == 0
        database = open_database(f"sqlite:///{folder / 'community' / 'community.db'}")
        with database.write() as connection:
            connection.execute(sa.update(tables.course).values(joins_per_day=10**9))
        fill(database, members)
        database.close()
        write_settings(folder)
        senders = [Sender() for _ in range(4)]
        threads = [threading.Thread(target=sender.run) for sender in senders]
        with running_process(folder) as old:
            for sender, thread in zip(senders, threads, strict=True):
                sender.address = old.courses[0]
                thread.start()
            time.sleep(_BESIDE_S)
            begun = time.monotonic()
            plain = url.replace("postgresql+psycopg", "postgresql")
            subprocess.run(
                [sys.executable, "-m", "tito_bench_server", "copy", "--to", plain],
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            print(f"copy --to: {time.monotonic() - begun:.1f} s")
            old.stop()
        write_settings(folder, f'[database]\nurl = "{plain}"\n')
        with running_process(folder) as new:
            for sender in senders:
                sender.address = new.courses[0]
            time.sleep(_BESIDE_S)
            for sender in senders:
                sender.over.set()
            for thread in threads:
                thread.join()
        taken = sorted(one for sender in senders for one in sender.taken_s)
        pause = max(later - before for before, later in pairwise(taken))
        copy = open_database(url)
        stack.callback(copy.close)
        with copy.read() as connection:
            there = set(connection.execute(sa.select(tables.member.c.anonymous_id)).scalars())
        sent = {one.bytes for sender in senders for one in sender.stored}
        print(f"no message was taken for {pause:.1f} s")
        more = len(there) - members - len(sent)
        print(f"sent {len(sent)}, lost {len(sent - there)}, too many {more}")
        sys.exit(0 if sent <= there and len(there) == members + len(sent) else 1)


if __name__ == "__main__":
    main()
