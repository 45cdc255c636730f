"""A lost PostgreSQL is a passing trouble: 503, and all is well when it is back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from postgres_cluster import Cluster, ClusterMissing, running_cluster
from serving import command, running_process
from tito_bench_server.courses import code_digest
from tito_bench_server.members.messages import Action, Message, read_message
from tito_bench_server.store import tables
from world import CODE, SECRET, World, add_course, profile_body, run_aside


def test_the_connection_is_lost_and_comes_back(new_world: Callable[..., World]) -> None:
    try:
        with running_cluster() as cluster:
            world = new_world(cluster.new_database())
            add_course(world.services.database)
            world.join()
            cluster.stop("immediate")
            once, body = uuid.uuid4(), profile_body()
            answer = world.post("join", body, idempotency=once)
            assert answer.status_code == 503
            assert 0 < int(answer.headers["retry-after"]) <= 10
            assert world.request("GET", "/readyz", code=None).status_code == 503
            assert world.request("GET", "/healthz", code=None).status_code == 200
            cluster.start()
            tries = [world.post("join", body, idempotency=once) for _ in range(3)]
            assert tries[-1].status_code == 202
            assert len(world.rows(tables.member)) == 2
            world.close()
    except ClusterMissing as error:
        pytest.skip(f"needs PostgreSQL: {error}")


def test_two_processes_decide_one_after_the_other(
    new_world: Callable[..., World], cluster: Cluster
) -> None:
    """The same message at two workers at once is in effect once."""
    url = cluster.new_database()
    one = new_world(url)
    add_course(one.services.database)
    other = new_world(url)
    code = code_digest(SECRET, CODE)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            body = json.dumps(profile_body()).encode()
            message = read_message(Action.JOIN, uuid.uuid4(), body, None, code)
            both = [pool.submit(_deliver, world, message) for world in (one, other)]
            assert {found.result() for found in both} == {"STORED", "STORED_BEFORE"}
    assert len(one.rows(tables.member)) == 20


def _deliver(world: World, message: Message) -> str:
    return run_aside(world.services.writer.deliver(message)).name


def test_several_workers_serve_one_course(tmp_path: Path, cluster: Cluster) -> None:
    assert command("init", cwd=tmp_path).returncode == 0
    url = cluster.new_database().replace("postgresql+psycopg", "postgresql")
    (tmp_path / "community" / "server.toml").write_text(f'[database]\nurl = "{url}"\n')
    assert command("migrate", cwd=tmp_path).returncode == 0
    assert command("course", "add", "Two", cwd=tmp_path).returncode == 0
    with running_process(tmp_path, "--workers", "2") as running:
        course = running.courses[-1]
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        body = profile_body()
        statuses = []
        for _ in range(6):
            with httpx.Client(trust_env=False, timeout=30) as client:
                answer = client.post(f"{course}/api/community/join", json=body, headers=headers)
                statuses.append(answer.json()["status"])
        assert statuses == ["stored", *["stored before"] * 5]
        assert running.stop() in {0, 143, -15}
