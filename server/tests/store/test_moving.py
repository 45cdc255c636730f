"""From SQLite to PostgreSQL while students send: nothing is lost, nothing is in effect twice."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from postgres_cluster import Cluster
from serving import command, running_process
from tito_bench_server.store import tables
from tito_bench_server.store.database import open_database
from world import new_key, profile_body


@dataclass
class Sender:
    """Sends joins one after the other, each again until it is taken, as a student's machine does:
    with the same key. The address changes when the server is started anew."""

    address: str = ""
    stored: dict[uuid.UUID, list[str]] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)
    taken_s: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.over.is_set():
            identifier = uuid.uuid4()
            body = profile_body(identifier)
            headers = {
                "Idempotency-Key": str(uuid.uuid4()),
                "Authorization": f"Bearer {new_key()}",
            }
            # The answer to every third is lost on the way: it is sent again all the same.
            wanted = 2 if len(self.stored) % 3 == 2 else 1
            said = self.stored.setdefault(identifier, [])
            while len(said) < wanted:
                try:
                    with httpx.Client(trust_env=False, timeout=30) as client:
                        url = f"{self.address}/api/community/join"
                        answer = client.post(url, json=body, headers=headers)
                except httpx.TransportError:
                    time.sleep(0.05)
                    continue
                time.sleep(0.01)  # a class, and not an attack
                self.statuses.add(answer.status_code)
                if answer.status_code == 202:
                    said.append(answer.json()["status"])
                    self.taken_s.append(time.monotonic())
                else:
                    assert answer.status_code == 503, answer.text
                    assert 0 < int(answer.headers["retry-after"]) <= 10
                    time.sleep(0.05)


def write_settings(folder: Path, more: str = "") -> None:
    (folder / "community" / "server.toml").write_text(
        "[limits]\nwrites_per_minute_and_address = 1000000\njoins_per_hour_with_code = 1000000\n"
        + more
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert command("init", "--joins-per-day", "1000000", cwd=tmp_path).returncode == 0
    write_settings(tmp_path)
    return tmp_path


def test_under_load(folder: Path, cluster: Cluster) -> None:
    url = cluster.new_database().replace("postgresql+psycopg", "postgresql")
    senders = [Sender() for _ in range(4)]
    threads = [threading.Thread(target=sender.run) for sender in senders]

    def stored() -> int:
        return sum(len(sender.stored) for sender in senders)

    def until_more(count: int) -> None:
        aim = stored() + count
        while stored() < aim:
            assert any(thread.is_alive() for thread in threads)
            time.sleep(0.01)

    with running_process(folder) as old:
        for sender, thread in zip(senders, threads, strict=True):
            sender.address = old.courses[0]
            thread.start()
        until_more(60)
        done = command("copy", "--to", url, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert "All rows are equal" in done.stdout
        assert httpx.get(f"{old.courses[0]}/map", trust_env=False).status_code == 200
        late = httpx.post(
            f"{old.courses[0]}/api/community/join",
            json=profile_body(),
            headers={"Idempotency-Key": str(uuid.uuid4())},
            trust_env=False,
        )
        assert late.status_code == 503, "what came after the copy would be lost"
        assert old.stop() in {0, 143}
    refused = command("run", "--port", "0", cwd=folder)
    assert refused.returncode == 1
    assert "set database.url" in refused.stderr
    write_settings(folder, f'[database]\nurl = "{url}"\n')
    with running_process(folder) as new:
        for sender in senders:
            sender.address = new.courses[0]
        until_more(60)
        for sender in senders:
            sender.over.set()
        for thread in threads:
            thread.join()
    database = open_database(url.replace("postgresql", "postgresql+psycopg", 1))
    with database.read() as connection:
        rows = connection.execute(sa.select(tables.member.c.anonymous_id)).scalars().all()
        messages = connection.execute(sa.select(sa.func.count()).select_from(tables.message))
        assert messages.scalar_one() == len(rows)
    database.close()
    sent = {one.bytes: said for sender in senders for one, said in sender.stored.items()}
    assert sorted(rows) == sorted(sent), "each is there, and once"
    assert all(said[1:] in ([], ["stored before"]) for said in sent.values())
    assert {202, 503} <= set().union(*(sender.statuses for sender in senders))


def test_going_on_without_the_copy(folder: Path, cluster: Cluster) -> None:
    url = cluster.new_database().replace("postgresql+psycopg", "postgresql")
    assert command("copy", "--to", url, cwd=folder).returncode == 0
    again = command("copy", "--to", url, cwd=folder)
    assert again.returncode == 1
    assert "holds data already" in again.stderr
    closed = command("course", "close", "course", cwd=folder)
    assert closed.returncode == 1
    assert "copied to another" in closed.stderr
    assert command("copy", "--cancel", cwd=folder).returncode == 0
    assert command("course", "close", "course", cwd=folder).returncode == 0
