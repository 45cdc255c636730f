"""A student's whole way, by the real commands against the real server, on both databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from serving import command, running_process
from tito_bench_server.store import tables
from tito_bench_server.store.database import open_database


def _student(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the students' own command."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in {"CI", "DO_NOT_TRACK", "TITO_NO_SYNC"}
    }
    return subprocess.run(
        [sys.executable, "-m", "tito_bench", *words],
        cwd=folder,
        env=environ | {"NO_COLOR": "1", "HOME": str(folder.parent / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def hosted(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A data folder, on SQLite or PostgreSQL."""
    folder = tmp_path / "host"
    folder.mkdir()
    if request.param == "postgresql":
        cluster: Any = request.getfixturevalue("cluster")
        database = folder / "community"
        assert command("init", cwd=folder).returncode == 0
        url = cluster.new_database().replace("postgresql+psycopg", "postgresql")
        (database / "server.toml").write_text(f'[database]\nurl = "{url}"\n')
        (database / "invites.json").write_text("{}")
        assert command("migrate", cwd=folder).returncode == 0
        assert command("course", "add", "TinyTorch", "--slug", "course", cwd=folder).returncode == 0
    else:
        assert command("init", cwd=folder).returncode == 0
    return folder


@pytest.mark.parametrize("hosted", ["sqlite", "postgresql"], indirect=True)
def test_join_update_submit_stats_and_leave(hosted: Path, tmp_path: Path) -> None:
    project = tmp_path / "student"
    (project / ".tinytorch").mkdir(parents=True)
    with running_process(hosted) as running:
        (course,) = running.courses
        config = {"website": {"enabled": True, "api_url": course}, "local": {"auto_sync": True}}
        (project / ".tinytorch" / "config.json").write_text(json.dumps(config))
        words = ("--country", "Kenya", "--institution", "Unmistakable College", "--share", "--yes")
        _ok(_student(project, "community", "join", *words))
        profile = json.loads((project / ".tinytorch/community/profile.json").read_text())
        assert _members(hosted) == [("KE", "Unmistakable College")]
        _ok(_student(project, "community", "update", "--country", "Uganda", "--share", "--yes"))
        assert _members(hosted) == [("UG", "Unmistakable College")]
        measure = ("baseline", "--quick", "--subject", "numpy", "--skip-submit")
        _ok(_student(project, "benchmark", *measure))
        _ok(_student(project, "community", "submit", "latest", "--share", "--yes"))
        assert len(_rows(hosted, tables.submission)) == 1
        stats = _ok(_student(project, "community", "stats", "--website"))
        assert "fewer than 20, no tables yet" in stats
        _ok(_student(project, "community", "leave", "--force"))
        _ok(_student(project, "community", "sync"))
        assert _members(hosted) == []
        everything = "".join(str(_rows(hosted, table)) for table in tables.metadata.sorted_tables)
        assert "Unmistakable" not in everything
        assert profile["anonymous_id"] not in everything
        metrics = httpx.get(f"{running.base}/metrics", trust_env=False).text
        assert "tito_messages_total 4\n" in metrics
        assert running.stop() in {0, 143}


def _rows(host: Path, table: sa.Table) -> list[Any]:
    from tito_bench_server.settings import Folder, read_settings

    folder = Folder(host / "community")
    database = open_database(folder.database_url(read_settings(folder)))
    with database.read() as connection:
        rows = list(connection.execute(table.select()))
    database.close()
    return rows


def _members(host: Path) -> list[tuple[str, str]]:
    return [(row.country, row.institution_text) for row in _rows(host, tables.member)]
