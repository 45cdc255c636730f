"""P4 to P10: who sees what, what is kept where, and that nothing stays of who left."""

from __future__ import annotations

import logging
import re
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tito_bench_server.settings import OperatorSettings, Settings
from tito_bench_server.store import tables
from world import WITHOUT_LIMITS, World, add_course, add_members, profile_body, submission_body

_GETS = (
    "/",
    "/map",
    "/cohort",
    "/privacy",
    "/open",
    "/api/community/about",
    "/api/community/stats",
    "/api/community/map",
    "/api/community/map?cohort=Fall+2026",
    "/api/community/cohort",
    "/api/community/cohort?name=Fall+2026",
)


def _busy(world: World) -> list[tuple[uuid.UUID, str]]:
    members = [world.join(name=f"Secret school {n}", cohort="Fall 2026") for n in range(30)]
    for identifier, key in members[:5]:
        world.post("submit", submission_body(identifier), key=key)
    world.pass_days(3)
    world.release()
    return members


def test_p4_an_anonymous_id_goes_to_its_owner_only(world: World) -> None:
    members = _busy(world)
    ids = {str(identifier) for identifier, _ in members}
    _, key = members[0]
    for path in _GETS:
        answer = world.request("GET", path, key=key)
        assert answer.status_code == 200, path
        everything = answer.text + str(answer.headers)
        assert not any(one in everything for one in ids), path
    mine = world.request("GET", "/api/community/me", key=key).text
    assert [one for one in ids if one in mine] == [str(members[0][0])]


def test_p4_what_is_for_members_is_for_members(world: World) -> None:
    _busy(world)
    for path in ("/cohort", "/api/community/cohort", "/api/community/me"):
        assert world.request("GET", path).status_code == 401
    assert world.request("POST", "/api/community/links", body=b"").status_code == 401


def test_p5_no_address_in_database_or_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    address = "203.0.113.77"
    identifier, key = uuid.uuid4(), "tbk_" + "k" * 43
    world.post("join", profile_body(identifier), key=key, client=(address, 40_000))
    world.request("GET", "/api/community/me", key=key, client=(address, 40_000))
    world.request("GET", "/map", client=(address, 40_000))
    world.post("join", {"bad": 1}, client=(address, 40_000))
    assert world.rows(tables.member), "the test sent something"
    stored = "".join(str(world.rows(table)) for table in tables.metadata.sorted_tables)
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("tito_bench_server")]
    for place in (stored, "\n".join(ours)):
        assert address not in place
        assert key not in place


def test_p5_the_pages_set_no_cookie_of_their_own(world: World) -> None:
    _, key = _busy(world)[0]
    for path in _GETS:
        assert "set-cookie" not in world.request("GET", path, key=key).headers


def test_p6_a_member_gets_all_that_is_stored(world: World) -> None:
    identifier, key = world.join(name="ETH", modules_completed=7, capstone_score=44.5)
    world.post("submit", submission_body(identifier), key=key)
    found = world.request("GET", "/api/community/me", key=key).json()
    assert found["anonymous_id"] == str(identifier)
    assert found["location"] == {"country": "Kenya"}
    assert found["institution"] == {"name": "ETH"}
    assert found["progress"]["modules_completed"] == 7
    (submission,) = found["submissions"]
    assert submission["body"]["anonymous_id"] == str(identifier)
    # Every column of the member's row is in it, but for numbers and digests of the server's own.
    inner = {"id", "course_id", "key_digest", "cohort_id", "institution_id"}
    covered = len(tables.member.c) - len(inner)
    assert covered == 18, "a new column has to go into the export, and then into this test"


def _dump(database: Path) -> str:
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        text = "\n".join(connection.iterdump())
    connection.close()
    return text


def test_p6_after_leaving_nothing_is_in_a_dump_nor_in_the_file(
    tmp_path: Path, new_world: Callable[..., World]
) -> None:
    database = tmp_path / "community.db"
    world = new_world(f"sqlite:///{database}")
    add_course(world.services.database)
    key = "tbk_" + "Q" * 43
    identifier = uuid.uuid4()
    marks = [str(identifier), identifier.hex, "Unmistakable College", "Remembered Cohort"]
    profile = profile_body(identifier, name="Unmistakable College", cohort="Remembered Cohort")
    assert world.post("join", profile, key=key).status_code == 202
    assert world.post("submit", submission_body(identifier), key=key).status_code == 202
    link = world.request("POST", "/api/community/links", key=key, body=b"").json()["url"]
    token = link.partition("#")[2]
    opened = world.request("POST", "/session", body=b'{"token": "%s"}' % token.encode())
    assert opened.status_code == 204
    world.pass_days(1)
    dumped = _dump(database)
    assert all(mark.upper() in dumped.upper() for mark in marks[1:]), "it was there"
    assert world.leave(identifier, key).status_code == 202
    dumped = _dump(database).upper()
    raw = database.read_bytes()
    from tito_bench_server.members.account import key_digest

    for mark in marks:
        assert mark.upper() not in dumped
        assert mark.encode() not in raw
    for secret in (identifier.bytes, key_digest(key), key_digest(token)):
        assert secret.hex().upper() not in dumped
        assert secret not in raw
    assert "KE'" not in dumped


def test_p6_after_leaving_nothing_is_in_a_dump_of_postgresql(
    new_world: Callable[..., World], cluster
) -> None:
    world = new_world(cluster.new_database())
    add_course(world.services.database)
    identifier, key = world.join(name="Unmistakable College")
    world.post("submit", submission_body(identifier), key=key)
    world.request("POST", "/api/community/links", key=key, body=b"")
    everything = lambda: "".join(str(world.rows(t)) for t in tables.metadata.sorted_tables)  # noqa: E731
    assert "Unmistakable" in everything()
    world.leave(identifier, key)
    after = everything()
    assert "Unmistakable" not in after
    assert str(identifier.bytes)[2:-1] not in after
    assert str(identifier) not in after
    for table in (tables.member, tables.submission, tables.link, tables.session):
        assert world.rows(table) == []


def test_p8_what_a_stranger_types_is_shown_to_nobody(world: World) -> None:
    for _ in range(30):
        world.join(name="Buy pills now", cohort="Visit evil.example")
    _, key = world.join()
    world.pass_days(3)
    world.release()
    for path in _GETS:
        if "Fall" not in path:
            text = world.request("GET", path, key=key).text
            assert "pills" not in text
            assert "evil" not in text


def test_p9_no_command_lists_persons() -> None:
    """The operator's commands print courses, names of five or more, counts, and no more."""
    from tito_bench_server.cli.main import build_parser

    (subparsers,) = [
        action
        for action in build_parser()._actions
        if hasattr(action, "choices") and action.choices
    ]
    assert set(subparsers.choices) == {
        *("init", "run", "course", "names", "moderate", "release", "prune", "migrate"),
        *("backup", "restore", "copy", "doctor"),
    }
    sources = Path(__file__).parents[1] / "src" / "tito_bench_server" / "cli"
    for source in sources.glob("*.py"):
        assert "anonymous_id" not in source.read_text(encoding="utf-8")


def test_p10_the_age_is_said_and_schools_are_marked(
    tmp_path: Path, new_world: Callable[..., World]
) -> None:
    settings = Settings(operator=OperatorSettings(minimum_age=13), limits=WITHOUT_LIMITS.limits)
    world = new_world(f"sqlite:///{tmp_path / 'c.db'}", settings=settings)
    add_course(world.services.database, school=True)
    about = world.request("GET", "/api/community/about").json()
    assert (about["minimum_age"], about["school"]) == (13, True)
    assert "You should be 13 or older" in world.request("GET", "/").text
    assert "course for minors" in world.request("GET", "/privacy").text


def test_the_privacy_page_says_the_figures_of_the_code(world: World) -> None:
    from tito_bench_server.releases.kinds import SMALLEST_GROUP
    from tito_bench_server.store import retention

    text = re.sub(r"\s+", " ", world.request("GET", "/privacy").text)
    assert f"{retention.MEMBER_DAYS} days after you were last heard of" in text
    assert f"in detail: at most {retention.BODY_DAYS} days" in text
    assert f"somebody left: {retention.TOMBSTONE_DAYS} days" in text
    assert SMALLEST_GROUP == 5
    assert "fewer than five people" in text
    assert Settings().releases.settling_days == 3
    assert "counted after three days" in text


def test_the_arrow_points_one_way() -> None:
    """The students' package knows the server by name at most; the server imports it in one file."""
    import tito_bench

    students = Path(tito_bench.__file__).parent
    for source in students.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) tito_bench_server", text, re.MULTILINE), source
    server = Path(__file__).parents[1] / "src" / "tito_bench_server"
    users = {
        source.name
        for source in server.rglob("*.py")
        if re.search(r"^\s*(from|import) tito_bench[. ]", source.read_text("utf-8"), re.MULTILINE)
    }
    assert users == {"client_package.py"}


def test_sums_are_of_settled_members_only(world: World) -> None:
    add_members(world.services.database, [{"country": "KE"}] * 30, joined=world.day)
    world.pass_days(2)
    add_members(world.services.database, [{"country": "DE"}] * 30, joined=world.day)
    world.pass_days(1)
    world.release()
    assert world.request("GET", "/api/community/map").json()["people_at_least"] == 30
