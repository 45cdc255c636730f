"""kill -9 under load, many times: what was accepted is there.

python benchmarks/kill.py [--times 200]
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from machine import machine

from serving import command, running_process
from store.test_durability import _send


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=200)
    times = parser.parse_args().times
    print(machine())
    accepted: list[uuid.UUID] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert command("init", cwd=folder).returncode == 0
        (folder / "community" / "server.toml").write_text(
            "[limits]\nwrites_per_minute_and_address = 100000000\n"
            "joins_per_hour_with_code = 100000000\n"
        )
        database = folder / "community" / "community.db"
        with sqlite3.connect(database) as connection:
            connection.execute("UPDATE course SET joins_per_day = 100000000")
        for number in range(times):
            with running_process(folder) as running:
                over = threading.Event()
                senders = [
                    threading.Thread(target=_send, args=(running.courses[0], over, accepted))
                    for _ in range(4)
                ]
                for sender in senders:
                    sender.start()
                before = len(accepted)
                while len(accepted) < before + 10 + number % 50:
                    time.sleep(0.002)
                running.kill()
                over.set()
                for sender in senders:
                    sender.join()
        with sqlite3.connect(database) as connection:
            (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
            stored = {row[0] for row in connection.execute("SELECT anonymous_id FROM member")}
    lost = sum(one.bytes not in stored for one in accepted)
    print(f"killed {times} times; accepted {len(accepted)}, lost {lost}; integrity_check: {sound}")
    sys.exit(1 if lost or sound != "ok" else 0)


if __name__ == "__main__":
    main()
