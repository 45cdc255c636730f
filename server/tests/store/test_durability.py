"""kill -9 under load: what was accepted is there, once; the file is sound."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import uuid
from pathlib import Path

import httpx

from serving import command, running_process
from world import profile_body

_KILLS = 4  # benchmarks/kill.py does it 200 times


def test_nothing_accepted_is_lost(tmp_path: Path) -> None:
    assert command("init", cwd=tmp_path).returncode == 0
    settings = (
        "[limits]\nwrites_per_minute_and_address = 1000000\njoins_per_hour_with_code = 1000000\n"
    )
    (tmp_path / "community" / "server.toml").write_text(settings)
    database = tmp_path / "community" / "community.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE course SET joins_per_day = 1000000")
    connection.close()
    accepted: list[uuid.UUID] = []
    for _ in range(_KILLS):
        with running_process(tmp_path) as running:
            over = threading.Event()
            senders = [
                threading.Thread(target=_send, args=(running.courses[0], over, accepted))
                for _ in range(4)
            ]
            for sender in senders:
                sender.start()
            before = len(accepted)
            while len(accepted) < before + 40:
                time.sleep(0.01)
            running.kill()
            over.set()
            for sender in senders:
                sender.join()
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = [row[0] for row in connection.execute("SELECT anonymous_id FROM member")]
    connection.close()
    assert len(stored) == len(set(stored))
    assert {one.bytes for one in accepted} <= set(stored)
    assert len(accepted) >= _KILLS * 40


def _send(course: str, over: threading.Event, accepted: list[uuid.UUID]) -> None:
    with httpx.Client(trust_env=False) as client:
        while not over.is_set():
            identifier = uuid.uuid4()
            headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
            body = json.dumps(profile_body(identifier)).encode()
            try:
                answer = client.post(f"{course}/api/community/join", content=body, headers=headers)
            except httpx.HTTPError:
                return  # killed
            if answer.status_code == 202:
                accepted.append(identifier)
