"""Students find each other, by the real commands against the real server, on both databases.

A group of three finds each other; a learner and a mentor meet; one blocks the other;
and who leaves has all of it erased.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from serving import Running, command
from test_journey import Host, Student, host, printed_lines, running
from tito_bench_server.store import tables
from world import PEER_TABLES

__all__ = ["host", "running"]

_PLACE = "--language en --utc 1"


@pytest.fixture
def students(tmp_path: Path, running: Running) -> list[Student]:
    """Three who have joined."""
    found = [Student.at(tmp_path / name) for name in ("ada", "ben", "cem")]
    for student in found:
        for line in printed_lines(running):
            student.type(line)
    return found


def _id(said: str) -> str:
    found = re.search(r"(?:is|Match|show) ([a-z2-7]{16})\b", said)
    assert found is not None, said
    return found[1]


def _inbox(student: Student) -> str:
    return student.type("tito-bench community inbox")


def test_a_group_of_three_finds_each_other(host: Host, students: list[Student]) -> None:
    ada, ben, cem = students
    contact = "https://chat.example/unmistakable"
    new = f"tito-bench community groups new --modules 5-8 {_PLACE} --contact {contact} --places 3"
    said = ada.type(f"{new} --dry-run")
    assert contact in said
    assert "Dry run: nothing was sent." in said
    asked = ada.run(*new.split()[1:])
    assert asked.returncode == 2
    assert "--yes" in asked.stderr, "nobody is there to be asked"
    assert host.rows(tables.study_group) == []
    said = ada.type(f"{new} --yes")
    group = _id(said)
    assert f'"contact": "{contact}"' in said.replace('":"', '": "'), "the exact bytes are shown"

    for guest in (ben, cem):
        found = guest.type(f"tito-bench community groups find --modules 5-6 {_PLACE}")
        assert group in found
        assert contact not in found
        guest.type(f"tito-bench community groups ask {group} {_PLACE} --yes")
        assert contact not in guest.type(f"tito-bench community groups show {group}")
        assert "asks to join your group" in _inbox(ada)
        shown = ada.type(f"tito-bench community groups show {group}")
        (handle,) = re.findall(r"(\w+-\w+-\w+)\s+asks to join", shown)
        ada.type(f"tito-bench community group answer {group} {handle} --yes")
        assert "you are in" in _inbox(guest)
        assert f"Contact: {contact}" in guest.type(f"tito-bench community groups show {group}")

    # One blocks another: gone for each other, while the maker still sees both.
    seen = json.loads(ben.type(f"tito-bench community groups show {group} --json"))["groups"]
    other = json.loads(cem.type(f"tito-bench community groups show {group} --json"))["groups"]
    ben.type(f"tito-bench community block seat {other['handle']} --group {group} --yes")
    for one, hidden in ((ben, other["handle"]), (cem, seen["handle"])):
        assert hidden not in one.type(f"tito-bench community groups show {group}")
    assert "blocked" not in _inbox(cem).lower()
    assert "You have blocked nobody." in cem.type("tito-bench community blocks")
    said = ben.type("tito-bench community blocks")
    assert f"seat {other['handle']}" in said
    (block,) = re.findall(r"\b[a-z2-7]{16}\b", said)
    ben.type(f"tito-bench community unblock {block} --yes")
    assert other["handle"] in ben.type(f"tito-bench community groups show {group}")

    assert "Anybody" not in ben.type("tito-bench community me")
    ada.type("tito-bench community leave --force")
    assert "a group of yours has ended" in _inbox(ben)
    assert host.rows(tables.study_group) == []
    if host.cluster is None:
        assert "unmistakable" not in host.dump()
    assert "404" not in ben.refused(f"tito-bench community groups show {group}")
    for student in (ben, cem):
        student.type("tito-bench community leave --force")
    assert [table.name for table in PEER_TABLES if host.rows(table)] == []


def test_a_learner_and_a_mentor_meet(host: Host, students: list[Student]) -> None:
    ada, ben, cem = students
    assert "A study group is quicker" in ben.type("tito-bench community mentors")
    refused = ada.refused(f"tito-bench community mentors offer {_PLACE} --yes")
    assert "a mentor has finished 3 modules or more" in refused
    database = host.database()
    with database.write() as connection:
        connection.execute(sa.update(tables.member).values(modules=11))
    database.close()
    ada.type(f"tito-bench community mentors offer {_PLACE} --yes")
    ben.type(f"tito-bench community mentors find --module 5 {_PLACE} --yes")
    match = _id(ben.type("tito-bench community mentors"))
    assert "a mentor who says: finished 11 of 20" in ben.type("tito-bench community mentors")
    answer = f"tito-bench community mentors answer {match} --yes --contact"
    ada.type(f"{answer} mentor-line")
    assert "mentor-line" not in ben.type("tito-bench community mentors")
    ben.type(f"{answer} learner-line")
    assert "Contact: mentor-line" in ben.type("tito-bench community mentors")
    assert "Contact: learner-line" in ada.type("tito-bench community mentors")

    ben.type(f"tito-bench community report match {match} --reason unkind --yes")
    for one in (ada, ben):
        assert match not in one.type("tito-bench community mentors")
    done = command("moderate", cwd=host.folder)
    assert f"{match}  match (unkind)" in done.stdout
    assert "mentor-line" not in done.stdout
    assert command("moderate", "remove", match, cwd=host.folder).returncode == 0
    assert "You offer" not in ada.type("tito-bench community mentors")
    assert command("moderate", cwd=host.folder).stdout == "Nothing waits.\n"
    for student in students:
        student.type("tito-bench community leave --force")
    assert cem.run("community", "inbox").returncode == 1
    assert [table.name for table in PEER_TABLES if host.rows(table)] == []


def test_the_roster_and_a_watched_inbox(host: Host, students: list[Student]) -> None:
    ada, ben, _ = students
    assert "roster join HANDLE" in ada.type("tito-bench community roster")
    ada.type("tito-bench community roster join Ada --country --yes")
    assert "Ada" not in ben.type("tito-bench community roster")
    ben.type("tito-bench community roster join Ben --yes")
    assert "Ada" in ben.type("tito-bench community roster")
    assert "this course has no ladder" in ben.refused("tito-bench community roster ladder")
    assert command("course", "allow", "course", "ladder", cwd=host.folder).returncode == 0
    ben.type("tito-bench community roster join Ben --ladder --yes")
    assert "Fewer than eight" in ben.type("tito-bench community roster ladder")
    ben.type("tito-bench community block card Ada --yes")
    assert "Ada" not in ben.type("tito-bench community roster")

    new = f"tito-bench community groups new --modules 5-8 {_PLACE} --contact x --yes"
    group = _id(ada.type(f"{new} --about 'We like tea'"))
    listed = json.loads(command("moderate", "list", "--json", cwd=host.folder).stdout)["waiting"]
    assert [(one["object"], one["text"]) for one in listed] == [(group, "We like tea")]
    cem = students[2]
    assert "like tea" not in cem.type("tito-bench community groups")
    assert command("moderate", "keep", group, cwd=host.folder).returncode == 0
    assert "We like tea" in cem.type("tito-bench community groups")
    assert group not in ben.type("tito-bench community groups"), "blocked"

    environ = {"HOME": str(ada.home), "NO_COLOR": "1", "PATH": "/usr/bin:/bin"}
    watch = subprocess.Popen(
        [sys.executable, "-m", "tito_bench", "community", "inbox", "--watch"],
        cwd=ada.project,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert watch.stdout is not None
        while "Watching" not in watch.stdout.readline():
            assert watch.poll() is None
        time.sleep(1)
        cem.type(f"tito-bench community groups ask {group} {_PLACE} --yes")
        assert "asks to join your group" in watch.stdout.readline()
    finally:
        watch.kill()
        watch.communicate()
