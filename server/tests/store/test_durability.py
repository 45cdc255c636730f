"""kill -9 under load: what was accepted is there, once; the file is sound."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path

from serving import command, kill_under_load

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
        kill_under_load(tmp_path, 40, accepted)
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = [row[0] for row in connection.execute("SELECT anonymous_id FROM member")]
    connection.close()
    assert len(stored) == len(set(stored))
    assert {one.bytes for one in accepted} <= set(stored)
    assert len(accepted) >= _KILLS * 40
