"""The commands of an operator, as processes: what they print, make and refuse."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import time
from pathlib import Path

import httpx
import pytest

from serving import command, running_process


@pytest.fixture
def data(tmp_path: Path) -> Path:
    done = command("init", "--name", "Machine Learning Systems", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def _last(done) -> str:
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_init_makes_a_folder_that_only_its_owner_reads(data: Path) -> None:
    folder = data / "community"
    assert sorted(one.name for one in folder.iterdir()) == [
        "community.db",
        "invites.json",
        "secret.key",
        "server.toml",
    ]
    for name in ("secret.key", "invites.json", "community.db"):
        assert (folder / name).stat().st_mode & 0o077 == 0, name
    assert folder.stat().st_mode & 0o077 == 0


def test_init_overwrites_nothing(data: Path) -> None:
    secret = (data / "community" / "secret.key").read_bytes()
    done = command("init", cwd=data)
    assert done.returncode == 1
    assert "holds a server already" in _last(done)
    assert (data / "community" / "secret.key").read_bytes() == secret


def test_run_prints_what_a_student_needs_and_is_ready_at_once(data: Path) -> None:
    begun = time.monotonic()
    with running_process(data) as running:
        (course,) = running.courses
        assert f"tito-bench community connect {course}" in running.greeting
        while True:
            try:
                answer = httpx.get(f"{running.base}/readyz", trust_env=False)
                break
            except httpx.ConnectError:
                time.sleep(0.02)
        assert answer.text == "ready\n"
        assert time.monotonic() - begun < 20, "2 s on an idle machine; benchmarks/restart.py"
        about = httpx.get(f"{course}/api/community/about", trust_env=False).json()
        assert about["course"] == "Machine Learning Systems"
        second = command("run", "--port", "0", cwd=data)
        assert "runs on" in _last(second)
        restored = command("restore", "x", cwd=data)
        assert "stop it first" in _last(restored)
        assert running.stop() in {0, 143}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "--proxy 1"),
        (["--host", "::"], "--proxy 1"),
        (["--host", "example.org"], "--proxy 1"),
        (["--cert", "x.pem"], "give both"),
        (["--workers", "2"], "needs PostgreSQL"),
        (["--port", "70000"], "port"),
        (["--public-url", "community.example"], "https://"),
    ],
)
def test_run_refuses(data: Path, words: list[str], said: str) -> None:
    done = command("run", *words, cwd=data)
    assert done.returncode == 2
    assert said in _last(done)


def test_a_port_that_is_taken(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = command("run", "--port", str(other.getsockname()[1]), cwd=data)
    assert done.returncode == 1
    assert "choose another --port" in _last(done)


def test_courses(data: Path) -> None:
    added = command("course", "add", "Spring School", "--school", cwd=data)
    assert re.fullmatch(r"http://127\.0\.0\.1:8400/c/[A-Z2-9]{4}-[A-Z2-9]{4}\n", added.stdout)
    listed = json.loads(command("course", "list", "--json", cwd=data).stdout)["courses"]
    assert [one["slug"] for one in listed] == ["course", "springschool"]
    assert listed[1]["address"] + "\n" == added.stdout
    rotated = command("course", "rotate", "springschool", cwd=data)
    assert rotated.stdout != added.stdout
    assert command("course", "close", "springschool", cwd=data).returncode == 0
    listed = json.loads(command("course", "list", "--json", cwd=data).stdout)["courses"]
    assert listed[1]["takes_members"] is False
    shown = command("course", "list", cwd=data, COLUMNS="40").stdout
    assert shown == (
        f"course: Machine Learning Systems\n    {listed[0]['address']}\n"
        f"springschool: Spring School, closed to new members\n    {listed[1]['address']}\n"
    )
    assert command("course", "open", "springschool", cwd=data).returncode == 0
    nobody = command("course", "close", "nothing", cwd=data)
    assert (nobody.returncode, "course list" in _last(nobody)) == (1, True)
    twice = command("course", "add", "Spring School", cwd=data)
    assert (twice.returncode, "choose another" in _last(twice)) == (2, True)
    bare = [command("course", "add", name, "--anybody", cwd=data) for name in ("One", "Two")]
    assert [one.returncode for one in bare] == [0, 2]


def test_backup_and_restore(data: Path) -> None:
    assert command("backup", "one.backup", cwd=data).returncode == 0
    assert command("course", "add", "Later", cwd=data).returncode == 0
    assert command("restore", "one.backup", cwd=data).returncode == 0
    listed = json.loads(command("course", "list", "--json", cwd=data).stdout)["courses"]
    assert [one["slug"] for one in listed] == ["course"]
    missing = command("restore", "nothing", cwd=data)
    assert (missing.returncode, "no file" in _last(missing)) == (1, True)


def test_migrate_release_prune_and_names(data: Path) -> None:
    assert "up to date" in command("migrate", "--check", cwd=data).stdout
    assert "Nothing has changed" in command("release", cwd=data).stdout
    assert "Nothing has changed" in command("release", "--now", cwd=data).stdout
    assert "Forgot 0 members" in command("prune", cwd=data).stdout
    assert "No name" in command("names", "list", cwd=data).stdout
    assert command("names", "cohort", "course", "Night owls", cwd=data).returncode == 0
    assert command("names", "institution", "ETH", "--also", "ETHZ", cwd=data).returncode == 0


def test_an_older_schema_is_upgraded_after_a_backup(data: Path) -> None:
    database = data / "community" / "community.db"
    with sqlite3.connect(database) as connection:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        for (name,) in connection.execute(tables).fetchall():
            connection.execute(f'DROP TABLE "{name}"')
    connection.close()
    check = command("migrate", "--check", cwd=data)
    assert (check.returncode, "run 'migrate'" in _last(check)) == (1, True)
    refused = command("run", "--no-migrate", "--port", "0", cwd=data)
    assert (refused.returncode, "older schema" in _last(refused)) == (1, True)
    assert "older schema" in _last(command("course", "list", cwd=data))
    assert command("migrate", cwd=data).returncode == 0
    assert command("migrate", "--check", cwd=data).returncode == 0


def test_doctor(data: Path) -> None:
    done = command("doctor", "--json", cwd=data)
    assert done.returncode == 0
    findings = json.loads(done.stdout)["findings"]
    assert {one["state"] for one in findings} == {"ok", "hint"}
    (data / "community" / "secret.key").chmod(0o644)
    broken = command("doctor", cwd=data)
    assert broken.returncode == 1
    assert "chmod 600" in broken.stdout
    assert re.fullmatch(r"[0-9a-f]{32}\n", _after_repair(data))


def _after_repair(data: Path) -> str:
    (data / "community" / "secret.key").chmod(0o600)
    return command("doctor", "--metrics-token", cwd=data).stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nport = 'x'\n", "server.port"),
        ("[server]\nnonsense = 1\n", "nonsense"),
        ("[server\n", "server.toml"),
        ("[releases]\nleast_changes = 3\n", "least_changes"),
        ("[releases]\nsettling_days = 0\n", "settling_days"),
        ("[server]\nworkers = 3\n", "PostgreSQL"),
    ],
)
def test_settings_that_are_wrong(data: Path, text: str, said: str) -> None:
    (data / "community" / "server.toml").write_text(text)
    done = command("course", "list", cwd=data)
    assert done.returncode == 1
    assert said in _last(done)


def test_an_address_of_a_database_that_is_none(data: Path) -> None:
    done = command("copy", "--to", "x", cwd=data)
    assert (done.returncode, "write it as postgresql://" in _last(done)) == (1, True)


@pytest.mark.parametrize("words", [["course", "list"], ["run"], ["doctor"], ["backup", "x"]])
def test_where_there_is_no_server(tmp_path: Path, words: list[str]) -> None:
    done = command(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert "init" in (done.stderr or done.stdout)


def test_the_folder_can_be_named(tmp_path: Path) -> None:
    assert command("init", "--data", "here", cwd=tmp_path).returncode == 0
    done = command("course", "list", cwd=tmp_path, TITO_BENCH_SERVER_DATA="here")
    assert "TinyTorch" in done.stdout


def test_help_and_version(tmp_path: Path) -> None:
    from tito_bench_server import __version__
    from tito_bench_server.cli.main import main

    assert command("--version", cwd=tmp_path).stdout == f"tito-bench-server {__version__}\n"
    assert "127" not in command("--help", cwd=tmp_path).stderr
    assert main([]) == 0
    with pytest.raises(SystemExit):
        main(["--help"], prog="tito-bench server")
    unknown = command("nonsense", cwd=tmp_path)
    assert unknown.returncode == 2


def test_on_all_interfaces_the_printed_address_can_be_used(data: Path) -> None:
    """As in a container: nobody connects to 0.0.0.0, and what students use is not known."""
    with running_process(data, "--host", "0.0.0.0", "--proxy", "1") as running:
        port = running.base.rpartition(":")[2]
        assert "Set server.public_url in server.toml" in running.greeting
        (address,) = re.findall(r"community connect (\S+)", running.greeting)
        assert address.startswith(f"http://127.0.0.1:{port}/c/")
        about = httpx.get(f"{address}/api/community/about", trust_env=False)
        assert about.json()["course"] == "Machine Learning Systems"


def test_commands_name_the_folder_that_they_were_given(tmp_path: Path) -> None:
    done = command("init", "--data", "a course", cwd=tmp_path)
    assert "Start it with: tito-bench-server run --data 'a course'\n" in done.stdout
    (tmp_path / "a course" / "invites.json").write_text("{}")
    listed = command("course", "list", "--data", "a course", cwd=tmp_path, COLUMNS="200").stdout
    assert "tito-bench-server course rotate course --data 'a course'" in listed
