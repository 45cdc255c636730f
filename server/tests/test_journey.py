"""A student's whole way, by the real commands against the real server, on both databases."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from serving import Running, command, running_process
from tito_bench_server.settings import Folder, read_settings
from tito_bench_server.store import tables
from tito_bench_server.store.database import Database, open_database
from world import add_members

_NOT_OURS = {"CI", "DO_NOT_TRACK", "TITO_NO_SYNC", "XDG_STATE_HOME", "LOCALAPPDATA"}
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}


@dataclass(frozen=True)
class Student:
    """A person with a home, a project, and a browser that notes where it was sent."""

    project: Path
    home: Path

    @classmethod
    def at(cls, folder: Path) -> Student:
        student = cls(folder / "project", folder / "home")
        student.project.mkdir(parents=True)
        student.home.mkdir()
        browser = student.home / "browser"
        browser.write_text(f'#!/bin/sh\necho "$1" >>{shlex.quote(str(student.visits))}\n')
        browser.chmod(0o755)
        return student

    @property
    def visits(self) -> Path:
        return self.home / "visits"

    @property
    def key_file(self) -> Path:
        return self.project / ".tinytorch" / "community" / "key.json"

    @property
    def profile(self) -> Any:
        return json.loads((self.project / ".tinytorch/community/profile.json").read_text())

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `tito-bench` with these words, nobody being there to be asked."""
        environ = {k: v for k, v in os.environ.items() if k not in _NOT_OURS | _PROXIES}
        mine = {"HOME": str(self.home), "BROWSER": f"{self.home}/browser", "NO_COLOR": "1"}
        return subprocess.run(
            [sys.executable, "-m", "tito_bench", *words],
            cwd=self.project,
            env=environ | mine | {"COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def type(self, line: str, *more: str) -> str:
        """Run a line as it is printed, with `more` words; what it said."""
        program, *words = shlex.split(line)
        assert program == "tito-bench"
        done = self.run(*words, *more)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "tbk_" not in done.stdout + done.stderr
        return done.stdout

    def refused(self, line: str) -> str:
        """Run a line that ends as one sentence; that sentence."""
        done = self.run(*shlex.split(line)[1:])
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr


@dataclass(frozen=True)
class Host:
    """An operator's folder, and how to dump its database."""

    folder: Path
    cluster: Any = None

    def database(self) -> Database:
        folder = Folder(self.folder / "community")
        return open_database(folder.database_url(read_settings(folder)))

    def rows(self, table: sa.Table) -> list[Any]:
        database = self.database()
        with database.read() as connection:
            rows = list(connection.execute(table.select()))
        database.close()
        return rows

    def members(self) -> list[tuple[str, str]]:
        return [(one.country, one.institution_text) for one in self.rows(tables.member)]

    def dump(self) -> str:
        """All that the database holds, as its own program writes it: bytes as hex digits."""
        if self.cluster is None:
            with sqlite3.connect(self.folder / "community" / "community.db") as connection:
                return "\n".join(connection.iterdump()).lower()
        folder = Folder(self.folder / "community")
        url = folder.database_url(read_settings(folder)).replace("+psycopg", "")
        return subprocess.run(
            ["pg_dump", f"--dbname={url}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout.lower()


@pytest.fixture(params=["sqlite", "postgresql"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    """A course, on SQLite or PostgreSQL."""
    folder = tmp_path / "host"
    folder.mkdir()
    assert command("init", cwd=folder).returncode == 0
    if request.param == "sqlite":
        return Host(folder)
    cluster: Any = request.getfixturevalue("cluster")
    database = folder / "community"
    url = cluster.new_database().replace("postgresql+psycopg", "postgresql")
    (database / "server.toml").write_text(f'[database]\nurl = "{url}"\n')
    (database / "invites.json").write_text("{}")
    assert command("migrate", cwd=folder).returncode == 0
    assert command("course", "add", "TinyTorch", "--slug", "course", cwd=folder).returncode == 0
    return Host(folder, cluster)


@pytest.fixture
def running(host: Host) -> Iterator[Running]:
    with running_process(host.folder) as found:
        yield found
        if found.process.poll() is None:
            assert found.stop() in {0, 143}


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return Student.at(tmp_path / "student")


def printed_lines(running: Running) -> list[str]:
    """The lines that `run` prints for a student."""
    found = re.findall(r"^ {4}(tito-bench .*)$", running.greeting, re.MULTILINE)
    assert len(found) == 2
    return found


def test_the_whole_way(host: Host, running: Running, student: Student) -> None:
    connect, join = printed_lines(running)
    said = student.type(connect)
    assert "TinyTorch, at http://127.0.0.1:" in said
    assert "Nothing of you was sent." in said
    assert host.members() == []
    assert not student.key_file.exists()

    said = student.type(join, "--country", "Kenya", "--institution", "Unmistakable College")
    assert "Sent: 000001_join.json" in said
    assert host.members() == [("KE", "Unmistakable College")]
    assert student.key_file.stat().st_mode & 0o777 == 0o600
    (held,) = json.loads(student.key_file.read_text())["keys"]
    assert re.fullmatch(r"tbk_[A-Za-z0-9_-]{43}", held["key"])
    # The digest that the server knows it by is of this very key.
    (member,) = host.rows(tables.member)
    assert member.key_digest == hashlib.sha256(held["key"].encode()).digest()[:16]

    student.type("tito-bench benchmark baseline --quick --subject numpy --skip-submit")
    said = student.type("tito-bench community submit latest --anonymous-id --share --yes")
    assert "_submit.json" in said
    assert len(host.rows(tables.submission)) == 1
    assert "fewer than 20, no tables yet" in student.type("tito-bench community stats --website")
    assert "fewer than 20, no tables yet" in student.type("tito-bench community map")
    assert "You have finished 0 of 20 modules." in student.type("tito-bench community cohort")

    _release(host, student.profile["context"]["cohort"])
    _eventually(student, "tito-bench community map", "people, as of")
    said = student.type("tito-bench community map")
    assert re.search(r"Kenya.* 20\+", said)
    said = student.type("tito-bench community cohort --bands")
    assert "6-10" in said
    assert "Of Fall" in said or "Of Spring" in said or "Of Summer" in said
    assert "nothing of your progress or score was sent for it" in said

    me = json.loads(student.type("tito-bench community me --json"))["me"]
    assert me["anonymous_id"] == student.profile["anonymous_id"]
    assert me["key_bound"] is True
    assert me["institution"] == {"name": "Unmistakable College"}
    assert len(me["submissions"]) == 1

    student.type("tito-bench community update --country Uganda --yes")
    assert ("UG", "Unmistakable College") in host.members()
    _leave(host, running, student, held["key"])


def _release(host: Host, cohort: str) -> None:
    """Have a course full of people, who joined a week ago, released."""
    (number,) = [one.id for one in host.rows(tables.cohort) if one.name == cohort]
    database = host.database()
    people = [
        {
            "cohort_id": number,
            "country": country,
            "modules": modules,
            "milestones": modules // 6,
            "course_type": 1 + place % 3,
            "capstone": 40.0 + place,
        }
        for place, (country, modules) in enumerate(
            [("KE", 0)] * 10 + [("KE", 7)] * 10 + [("DE", 12)] * 15 + [("SG", 18)] * 15
        )
    ]
    joined = datetime.now(UTC).date() - timedelta(days=7)
    add_members(database, people, joined=joined)
    database.close()
    done = command("release", "--now", cwd=host.folder)
    assert done.returncode == 0, done.stderr


def _eventually(student: Student, line: str, said: str) -> None:
    """Published documents are looked at anew after some seconds."""
    until = time.monotonic() + 30
    while said not in student.type(line):
        assert time.monotonic() < until, f"{line} does not say {said!r}"
        time.sleep(1)


def _leave(host: Host, running: Running, student: Student, key: str) -> None:
    """Leave, and look for what stays anywhere."""
    anonymous_id = uuid.UUID(student.profile["anonymous_id"])
    others = len(host.rows(tables.member)) - 1
    digest = uuid.UUID(bytes=hashlib.sha256(key.encode()).digest()[:16])
    kept = [
        *(one.hex if host.cluster is None else str(one) for one in (anonymous_id, digest)),
        str(anonymous_id).encode().hex(),  # in the text of a submission
        "unmistakable",
    ]
    never = [key.lower(), key.encode().hex()]
    dump = host.dump()
    assert [one for one in [*kept, *never] if one in dump] == kept
    said = student.type("tito-bench community leave --force")
    assert "Sent: " in said
    assert len(host.members()) == others
    assert host.rows(tables.submission) == []
    dump = host.dump()
    assert [one for one in [*kept, *never, str(anonymous_id)] if one in dump] == []
    assert not student.key_file.exists()
    left = [path for path in student.project.rglob("*") if path.is_file()]
    assert [path for path in left if key in path.read_text("utf-8", "replace")] == []
    metrics = httpx.get(f"{running.base}/metrics", trust_env=False).text
    assert "tito_messages_total 4\n" in metrics
    for line in ("me", "open"):
        said = student.refused(f"tito-bench community {line}")
        assert "nothing of you was sent to" in said
    assert "you have not joined here yet" in student.refused("tito-bench community cohort")


def test_the_key_speaks_for_its_holder_alone(
    host: Host, running: Running, student: Student, tmp_path: Path
) -> None:
    """Whoever has the id, from an export for example, can neither change nor erase."""
    connect, join = printed_lines(running)
    student.type(connect)
    student.type(join, "--country", "Kenya")
    thief = Student.at(tmp_path / "thief")
    thief.type(connect)
    thief.type("tito-bench community join --yes")
    profile = thief.project / ".tinytorch" / "community" / "profile.json"
    stolen = thief.profile | {"anonymous_id": student.profile["anonymous_id"]}
    profile.write_text(json.dumps(stolen))
    done = thief.run("community", "sync", "--share")
    assert done.returncode == 1
    assert "Refused and kept: 000001_join.json (status 422: this profile belongs to" in done.stdout
    thief.run("community", "leave", "--force")
    assert host.members() == [("KE", None)]
    assert json.loads(student.type("tito-bench community me --json"))["me"]["key_bound"] is True


def test_back_again_is_somebody_else(host: Host, running: Running, student: Student) -> None:
    """Left while the server was away, and joined anew: told in order, with another key."""
    connect, join = printed_lines(running)
    student.type(connect)
    student.type(join, "--country", "Kenya")
    (before,) = host.rows(tables.member)
    running.kill()
    said = student.type("tito-bench community leave --force")
    assert "Waiting for a later sync: 000001_leave.json" in said
    assert student.key_file.exists(), "the request to forget is signed with it"
    assert "Waiting for a later sync" in student.type(join, "--country", "Uganda")
    port = running.base.rpartition(":")[2]
    with running_process(host.folder, "--port", port) as again:
        assert again.courses == running.courses
        student.type("tito-bench community sync")
        (after,) = host.rows(tables.member)
        assert after.country == "UG"
        assert bytes(after.anonymous_id) != bytes(before.anonymous_id)
        assert bytes(after.key_digest) != bytes(before.key_digest)
        student.type("tito-bench community me")


def test_what_is_no_course_or_no_server_ends_as_one_sentence(
    running: Running, student: Student
) -> None:
    unknown = f"{running.base}/c/NONE-NONE"
    said = student.refused(f"tito-bench community connect {unknown}")
    assert f"{unknown}: no course has this address; ask your instructor" in said
    assert not (student.project / ".tinytorch" / "config.json").exists()
    (course,) = running.courses
    base, _, code = course.rpartition("/c/")
    for line in (
        f"connect {base} {code.lower().replace('-', '')}",
        f"connect '{course}/map?cohort=Fall+2026'",
        f"connect {course}",
    ):
        student.type(f"tito-bench community {line}")
    running.kill()
    for verb in ("map", f"connect {course}"):
        assert "gives no answer" in student.refused(f"tito-bench community {verb}")


def test_a_code_that_was_changed(host: Host, running: Running, student: Student) -> None:
    """Members stay in by their key; who has not joined yet is told to ask for the new code."""
    connect, join = printed_lines(running)
    student.type(connect)
    late = Student.at(host.folder / "late")
    late.type(connect)
    student.type(join)
    new = command("course", "rotate", "course", cwd=host.folder).stdout.strip().rpartition("/")[2]
    until = time.monotonic() + 30
    while httpx.get(f"{running.courses[0]}/api/community/about", trust_env=False).status_code < 400:
        assert time.monotonic() < until
        time.sleep(0.5)
    said = late.run("community", "join", "--share").stdout
    assert "(status 422: no course has this address; ask your instructor" in said
    for verb in ("map", "me", "update --country Kenya --yes", f"connect {running.base}/c/{new}"):
        student.type(f"tito-bench community {verb}")
    assert host.members() == [("KE", None)]


def _opened(running: Running, student: Student) -> tuple[str, str]:
    """Join and open the pages; the addresses that the student's browser was given."""
    connect, join = printed_lines(running)
    student.type(connect)
    student.type(join)
    said = student.type("tito-bench community open")
    student.type("tito-bench community map --open")
    link, page = student.visits.read_text().split()
    assert link.partition("#")[2] not in said
    return link, page


def test_the_addresses_that_are_opened(running: Running, student: Student) -> None:
    link, page = _opened(running, student)
    (course,) = running.courses
    assert page == f"{course}/map"
    assert re.fullmatch(rf"{re.escape(course)}/open#[A-Za-z0-9_-]{{43}}", link)


def test_the_pages_open_once_in_a_browser(
    running: Running, student: Student, chromium: Any
) -> None:
    link, page = _opened(running, student)
    cohort = f"{running.courses[0]}/cohort"
    tab = chromium.new_context(locale="en-GB").new_page()
    tab.goto(page)
    assert "TinyTorch" in tab.inner_text("body")
    tab.goto(link)
    tab.get_by_text("How far we are").wait_for()
    assert tab.goto(cohort).status == 200
    again = chromium.new_context(locale="en-GB").new_page()
    again.goto(link)
    again.get_by_text("This link was used before").wait_for()
    student.type("tito-bench community leave --force")
    assert tab.goto(cohort).status == 401, "who has left is no member any more"
    for one in (tab, again):
        one.context.close()


def test_every_command_that_is_printed_is_one(running: Running) -> None:
    """In the greeting and on the pages: each is understood by the student's own command."""
    from tito_bench.cli.main import build_parser

    (course,) = running.courses
    shown = list(printed_lines(running))
    for path in ("/", "/map", "/privacy", "/open", "/cohort"):
        text = httpx.get(course + path, trust_env=False).text
        shown += re.findall(r"<code>(tito-bench [^<]*)</code>", text)
    commands = {shlex.split(line)[2]: line for line in shown}
    assert commands.keys() == {"connect", "join", "open", "cohort", "me", "leave"}
    for line in shown:
        options = build_parser().parse_args(shlex.split(line)[1:])
        assert callable(options.run)
