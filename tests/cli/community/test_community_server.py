"""connect, map, cohort, open and me beside a server on loopback that says what a test wants.

The way with the real server is in server/tests/test_journey.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug import Request, Response

from cli.community.conftest import made
from cli.community.test_hostile_text import EVIL, check_terminal
from records.made_record import made_capstone

Answer = tuple[int, Any]
TOKEN = "t" * 43

ABOUT = {
    "course": "Machine Learning Systems",
    "takes_members": True,
    "operator": "A. Person",
    "contact": "person@example.org",
    "privacy_note": "Kept in Kampala.",
    "privacy_url": "https://example.org/privacy",
    "minimum_age": 16,
    "smallest_group": 5,
    "least_changes": 20,
    "public_map": True,
    "school": False,
    "cohorts": ["Fall 2026"],
    "server": "tito-bench-server 0.1.0",
}
MAP = {
    "release": 3,
    "released_on": "2026-11-20",
    "cohort": None,
    "people_at_least": 60,
    "countries": [
        {"country": "Kenya", "code": "KE", "at_least": 35},
        {"country": "Germany", "code": "DE", "at_least": 15},
    ],
    "not_given_at_least": 5,
    "other_at_least": 5,
}
COHORT = {
    "release": 3,
    "released_on": "2026-11-20",
    "cohort": "Fall 2026",
    "people_at_least": 865,
    "modules": [
        {"from": 0, "to": 0, "at_least": 80},
        {"from": 1, "to": 5, "at_least": 160},
        {"from": 6, "to": 10, "at_least": 290},
        {"from": 11, "to": 15, "at_least": 200},
        {"from": 16, "to": 20, "at_least": 135},
    ],
    "modules_other_at_least": 0,
    "milestones": [{"from": 6, "to": None, "at_least": 25}],
    "milestones_other_at_least": 840,
    "course_types": [{"course_type": "university", "at_least": 500}],
    "course_types_other_at_least": 0,
    "capstone": {"people_at_least": 40, "quartiles": [40, 60, 75]},
}


class Server:
    """Answers by path, and remembers what was asked."""

    def __init__(self, httpserver: Any) -> None:
        self.base = httpserver.url_for("").rstrip("/")
        self.course = f"{self.base}/c/AB12-CD34"
        self.asked: list[Request] = []
        self.answers: dict[str, Callable[[Request], Answer] | Answer] = {
            "about": (200, ABOUT),
            "map": (200, MAP),
            "cohort": (200, COHORT),
            "me": (200, {"schema": 1, "anonymous_id": "x"}),
            "links": (201, {"url": f"{self.course}/open#{TOKEN}", "expires_s": 600}),
            "join": (202, {"status": "stored"}),
            "profile": (202, {"status": "stored"}),
            "leave": (202, {"status": "stored"}),
            "submit": (202, {"status": "stored"}),
        }
        httpserver.expect_request(re.compile("/c/AB12-CD34/.*")).respond_with_handler(self._handle)

    def _handle(self, request: Request) -> Response:
        request.get_data()
        self.asked.append(request)
        found = self.answers[request.path.rpartition("/")[2]]
        status, body = found(request) if callable(found) else found
        return Response(body if isinstance(body, str) else json.dumps(body), status)

    @property
    def lines(self) -> list[str]:
        return [f"{one.method} {one.full_path.rstrip('?')[12:]}" for one in self.asked]

    @property
    def keys(self) -> list[str | None]:
        return [one.headers.get("Authorization") for one in self.asked]


@pytest.fixture
def server(httpserver) -> Server:
    return Server(httpserver)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def member(tito, server):
    """Connected and joined; the server knows the profile and the key."""
    assert tito("connect", server.course).status == 0
    assert tito("join", "--share", "--country", "ke").status == 0
    server.asked.clear()
    return tito


def key_of(tito) -> str:
    (entry,) = tito.file(".tinytorch/community/key.json")["keys"]
    return f"Bearer {entry['key']}"


# connect


def test_connecting_shows_the_course_and_writes_the_settings(tito, server):
    ran = tito("connect", server.course)
    assert ran.status == 0
    for said in (
        f"Machine Learning Systems, at {server.course}",
        "who is responsible: A. Person, person@example.org",
        "privacy: https://example.org/privacy",
        "Kept in Kampala.",
        "you should be 16 or older",
        "no group of fewer than 5 people",
        "Nothing of you was sent.",
        "Next: tito-bench community join --share",
    ):
        assert said in ran.out
    assert server.lines == ["GET /api/community/about"]
    assert server.keys == [None]
    assert tito.file(".tinytorch/config.json") == {
        "schema": 1,
        "website": {
            "base_url": server.course,
            "community_map_url": f"{server.course}/map",
            "api_url": server.course,
            "enabled": True,
        },
        "local": {"enabled": True, "auto_sync": True},
    }


def test_a_dry_run_writes_nothing(tito, server):
    ran = tito("connect", server.course, "--dry-run", "--json")
    assert ran.document["status"] == "dry_run"
    assert ran.document["about"]["course"] == "Machine Learning Systems"
    assert tito.files() == {}


@pytest.mark.parametrize(
    "words",
    [
        ["{course}"],
        ["{course}/"],
        [" {course} "],
        ["{course}/map?cohort=Fall+2026"],
        ["{course}/open#token"],
        ["{base}", "AB12-CD34"],
        ["{base}/", "AB12-CD34"],
    ],
)
def test_what_people_copy_is_understood(tito, server, words):
    filled = [word.format(course=server.course, base=server.base) for word in words]
    ran = tito("connect", *filled, "--json")
    assert ran.document["address"] == server.course


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["community.example/c/AB12-CD34"], "must start with https://, as https://community.ex"),
        (["nonsense"], "must start with https://, as https://nonsense"),
        (["http://community.example/c/AB12-CD34"], "must start with https://"),
        (["ftp://community.example"], "must start with https://"),
        (["https://anna:pw@community.example"], "scheme, host and path only"),
        (["https://[::1"], "is not an address"),
        (["https://community.example/c/AB12-CD34", "EF56-GH78"], "has a code already"),
        (["https://community.example", "../x"], "is no code of a course"),
        (["https://community.example", ""], "is no code of a course"),
        (["https://x/\x1b[31m"], "scheme, host and path only"),
        ([""], "scheme, host and path only"),
    ],
)
def test_what_is_no_address_is_a_usage_error(tito, connections, words, said):
    ran = tito("connect", *words)
    assert ran.status == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert connections == []


def test_an_unknown_code(tito, server):
    server.answers["about"] = (404, {"title": "Unknown course", "detail": "no such course"})
    ran = tito("connect", server.course)
    assert ran.status == 1
    assert ran.err == f"tito-bench: error: {server.course}: no such course\n"
    server.answers["about"] = (404, "<html>")
    said = f"{server.course}: no course has this address; ask your instructor for it"
    assert said in tito("connect", server.course).err
    assert ".tinytorch/config.json" not in tito.files()


def test_a_server_that_is_none_of_these(tito, server):
    for answer, said in (
        ((200, {"hello": 1}), "is not that of a community server"),
        ((200, "<html>"), "is this the right address?"),
        ((403, "<html>no</html>"), "gives no answer (status 403"),
        ((200, ABOUT | {"minimum_age": "x"}), "is not that of a community server"),
    ):
        server.answers["about"] = answer
        ran = tito("connect", server.course)
        assert ran.status == 1
        assert said in ran.err
    assert ".tinytorch/config.json" not in tito.files()


def test_other_settings_and_unknown_fields_stay(tito, server):
    path = tito.folder / ".tinytorch" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"schema": 1, "mine": 7, "website": {"colour": "red"}}))
    tito("connect", server.course, "--manual")
    config = tito.file(".tinytorch/config.json")
    assert (config["mine"], config["website"]["colour"]) == (7, "red")
    assert config["local"]["auto_sync"] is False


def test_connecting_again_leaves_it_to_them_when_things_go(tito, server):
    tito("connect", server.course, "--manual")
    tito("connect", server.course)
    assert tito.file(".tinytorch/config.json")["local"]["auto_sync"] is False


def test_who_is_known_elsewhere_leaves_there_first(member, httpserver):
    """It would be forgotten here that the other server has to be told on leaving."""
    other = f"{httpserver.url_for('').rstrip('/').replace('localhost', '127.0.0.1')}/c/AB12-CD34"
    assert other != member.file(".tinytorch/config.json")["website"]["api_url"]
    before = member.files()
    ran = member("connect", other)
    assert ran.status == 1
    assert "knows you: first run 'tito-bench community leave'" in ran.err
    assert member.files() == before
    member("leave", "--force")
    assert member("connect", other).status == 0


@pytest.mark.parametrize("name", ["DO_NOT_TRACK", "TITO_NO_SYNC", "CI"])
@pytest.mark.parametrize(
    "words",
    [["connect", "https://x.example/c/A"], ["map"], ["cohort"], ["me"], ["open"]],
    ids=lambda words: words[0],
)
def test_an_opt_out_wins(member, connections, name, words):
    member.environ[name] = "1"
    ran = member(*words)
    assert ran.status == 1
    assert name in ran.err
    assert connections == []


@pytest.mark.parametrize("verb", ["map", "cohort", "me", "open"])
def test_not_connected(tito, connections, verb):
    tito("join")
    ran = tito(verb)
    assert (ran.status, connections) == (1, [])
    assert "is connected to no community; run: tito-bench community connect ADDRESS" in ran.err


def test_what_left_the_machine_is_said_as_it_is(tito, server):
    tito("connect", server.course)
    sent = tito("join", "--share").out
    assert "Sent: 000001_join.json" in sent
    assert "Nothing left" not in sent
    tito.record()
    assert "Nothing left this machine.\n" in tito("submit", "latest").out
    tito("connect", server.course, "--manual")
    tito.record("baseline_2.json", created_at="2026-11-22T20:10:00Z")
    queued = tito("submit", "latest", "--share").out
    assert "Nothing left this machine yet. Send it: tito-bench community sync" in queued


# the member key


def test_only_what_is_of_the_member_carries_the_key(member, server):
    key = key_of(member)
    member.record()
    member("submit", "latest", "--no-anonymous-id", "--share")
    member.record("baseline_2.json", created_at="2026-11-22T20:10:00Z")
    member("submit", "latest", "--anonymous-id", "--share")
    member("update", "--country", "ug", "--yes")
    member("leave", "--force")
    assert server.lines == [
        *["POST /api/benchmarks/submit"] * 2,
        "POST /api/community/profile",
        "POST /api/community/leave",
    ]
    assert server.keys == [None, key, key, key]
    assert not (member.folder / ".tinytorch/community/key.json").exists()


def test_a_server_that_knows_nothing_of_keys_is_left_too(tito, server):
    """Joined before there were keys: the profile goes on with one, a leave without."""
    tito("connect", server.course)
    tito("join", "--share")
    (tito.folder / ".tinytorch/community/key.json").unlink()
    server.asked.clear()
    tito("leave", "--force")
    assert server.keys == [None]


def test_the_key_stays_until_the_server_has_forgotten(member, server):
    key = key_of(member)
    server.answers["leave"] = (403, "<html>login</html>")
    member("leave", "--force")
    assert key_of(member) == key
    server.answers["leave"] = (410, {"detail": "forgotten"})
    member("sync")
    assert server.keys == [key, key]
    assert not (member.folder / ".tinytorch/community/key.json").exists()


def test_a_leave_that_is_refused_and_dropped_takes_the_key_along(member, server):
    server.answers["leave"] = (422, {"detail": "this profile belongs to another member key"})
    member("leave", "--force")
    assert "another member key" in member("sync").out
    member("sync", "--discard")
    assert not (member.folder / ".tinytorch/community/key.json").exists()


def test_nothing_shows_the_key(member, server):
    key = key_of(member).removeprefix("Bearer ")

    def echo(request: Request) -> Answer:
        """Repeat the request, as some proxies do in their complaints."""
        return 403, f"denied: {request.headers.get('Authorization')}"

    verbs = (["me"], ["open"], ["cohort"], ["update", "--country", "ug", "--yes"], ["sync"])
    good = (*verbs, ["profile"], ["stats"], ["export"], ["map"])
    for words in good:
        ran = member(*words)
        assert key not in ran.out + ran.err, words
    server.answers = dict.fromkeys(server.answers, echo) | {"about": (200, ABOUT)}
    member("update", "--country", "de", "--yes")
    said = [member(*words) for words in (*good, ["leave", "--force"])]
    assert all(key not in ran.out + ran.err for ran in said)
    assert sum("denied: Bearer (member key)" in ran.out + ran.err for ran in said) >= 5
    kept = {name for name, data in member.files().items() if key.encode() in data}
    assert kept <= {".tinytorch/community/key.json"}


# map


def test_the_map_as_a_list(member, server):
    ran = member("map")
    assert "The whole course: 60+ people, as of 2026-11-20" in ran.out
    for row in (r"Kenya 🇰🇪", "35+", "other countries", "not given"):
        assert row in ran.out
    assert server.lines == ["GET /api/community/map"]
    assert server.keys == [None], "a stranger may ask"


def test_the_map_of_a_cohort_and_as_json(member, server):
    ran = member("map", "--cohort", "Fall 2026 & more", "--json")
    assert ran.document == {"address": server.course, "map": MAP}
    assert server.lines == ["GET /api/community/map?cohort=Fall+2026+%26+more"]


def test_a_map_for_members_is_asked_for_with_the_key(member, server):
    def members_only(request: Request) -> Answer:
        if "Authorization" not in request.headers:
            return 401, {"detail": "members only"}
        return 200, MAP

    server.answers["map"] = members_only
    assert member("map").status == 0
    assert server.keys == [None, key_of(member)]


def test_a_map_for_members_and_a_stranger(tito, server):
    tito("connect", server.course)
    server.answers["map"] = (401, {"detail": "members only"})
    ran = tito("map")
    assert ran.status == 1
    assert "does not know you (members only); join: tito-bench community join --share" in ran.err


def test_the_first_release_is_awaited(member, server):
    server.answers["map"] = (
        200,
        MAP | {"countries": [], "note": "fewer than 20, no tables yet", "people_at_least": 0},
    )
    assert "The whole course: fewer than 20, no tables yet" in member("map").out


@pytest.mark.parametrize(
    ("website", "page"),
    [
        ({}, "https://tinytorch.ai/community"),
        (
            {"base_url": "https://a.example/b", "community_map_url": "map"},
            "https://a.example/b/map",
        ),
        ({"base_url": "https://a.example/b", "community_map_url": "/m"}, "https://a.example/m"),
        ({"community_map_url": "http://127.0.0.1:1/map"}, "http://127.0.0.1:1/map"),
    ],
)
def test_the_page_of_the_map_is_what_the_settings_say(tito, connections, website, page):
    path = tito.folder / ".tinytorch" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"schema": 1, "website": website}))
    ran = tito("map", "--open", "--json")
    assert ran.document == {"url": page, "opened": False}
    assert connections == []


@pytest.mark.parametrize(
    "page", ["file:///etc/passwd", "javascript:alert(1)", "http://a.example/", "https://a/?x=`id`"]
)
def test_no_other_page_is_opened(tito, page):
    path = tito.folder / ".tinytorch" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"schema": 1, "website": {"community_map_url": page}}))
    ran = tito("map", "--open")
    assert ran.status == 2
    assert "website.community_map_url" in ran.err


# cohort


def _finish(tito, modules: int, score: float | None = None) -> None:
    (tito.folder / ".tito").mkdir(exist_ok=True)
    done = {"completed_modules": [f"{number:02d}_module" for number in range(1, modules + 1)]}
    (tito.folder / ".tito" / "progress.json").write_text(json.dumps(done))
    if score is not None:
        record = made_capstone(slowdown=2 ** ((100 - score) / 10), tracks=["speed"])
        tito.record("capstone_1.json", made(record))


def test_where_one_is_in_the_cohort(member, server):
    _finish(member, 9)
    ran = member("cohort")
    assert "Fall 2026: 865+ people, as of 2026-11-20" in ran.out
    assert "You have finished 9 of 20 modules." in ran.out
    assert "Of Fall 2026, 290+ are at 6-10 as you are and 335+ beyond." in ran.out
    assert "2 more modules, and you are at 11." in ran.out
    assert "half of them are from 40 to 75, the middle is 60" in ran.out
    assert "quarter" not in ran.out
    assert "middle half" not in ran.out


def test_bands_only_where_asked_for(member):
    _finish(member, 9, 80.0)
    ran = member("cohort", "--bands")
    assert "By modules you are in the middle half." in ran.out
    assert "By capstone score you are in the first quarter." in ran.out
    _finish(member, 2, 12.0)  # the record of before is gone, the file being the same
    ran = member("cohort", "--bands")
    assert "By " not in ran.out, "below the middle half nothing of the kind is said"
    assert "4 more modules, and you are at 6." in ran.out


def test_what_is_asked_is_the_same_whatever_the_student_has_done(member, server):
    asked = []
    for modules, score, words in ((0, None, []), (19, 99.5, ["--bands"])):
        _finish(member, modules, score)
        server.asked.clear()
        assert member("cohort", *words, "--json").status == 0
        asked.append(
            [
                (one.method, one.full_path, one.get_data(), sorted(one.headers.items()))
                for one in server.asked
            ]
        )
    assert asked[0] == asked[1]
    assert server.lines == ["GET /api/community/about", "GET /api/community/cohort?name=Fall+2026"]


def test_a_cohort_of_ones_own_that_has_no_table_is_not_told(tito, server):
    tito("connect", server.course)
    tito("join", "--share", "--cohort", "The Secret Club")
    server.answers["cohort"] = (200, COHORT | {"cohort": None})
    server.asked.clear()
    ran = tito("cohort")
    assert server.lines[-1] == "GET /api/community/cohort"
    assert "Of your own cohort no table is published yet" in ran.out
    assert tito("cohort", "--cohort", "The Secret Club").status == 2


def test_the_whole_course_or_another_cohort(member, server):
    server.answers["about"] = (200, ABOUT | {"cohorts": ["Fall 2026", "Spring 2026"]})
    member("cohort", "--cohort", "-")
    member("cohort", "--cohort", "spring 2026")
    assert server.lines[1::2] == [
        "GET /api/community/cohort",
        "GET /api/community/cohort?name=Spring+2026",
    ]


def test_the_place_as_json(member):
    _finish(member, 9)
    you = member("cohort", "--json").document["you"]
    assert (you["modules"]["alike"], you["modules"]["beyond"]) == (290, 335)
    assert (you["modules"]["band"], you["capstone_band"]) == (None, None)


def test_who_has_not_joined_or_was_not_told_of(tito, server):
    tito("connect", server.course)
    ran = tito("cohort")
    assert ran.status == 1
    assert "you have not joined here yet" in ran.err
    tito("join")
    for verb in ("cohort", "me", "open"):
        ran = tito(verb)
        assert ran.status == 1
        assert "nothing of you was sent to" in ran.err
    assert {one.path.rpartition("/")[2] for one in server.asked} == {"about"}


@pytest.mark.parametrize("verb", ["cohort", "me", "open"])
def test_a_key_that_is_not_known_any_more(member, server, verb):
    server.answers |= dict.fromkeys(("cohort", "me", "links"), (401, {"detail": "not known"}))
    ran = member(verb)
    assert ran.status == 1
    assert "does not know you (not known)" in ran.err


# me and open


def test_all_that_is_held(member, server):
    ran = member("me")
    assert '"anonymous_id": "x"' in ran.out
    assert member("me", "--json").document["me"] == {"schema": 1, "anonymous_id": "x"}


def test_much_may_be_held(member, server):
    """Submissions of 90 days in full are more than other answers may have."""
    server.answers["me"] = (200, {"submissions": ["x" * 1000] * 1000})
    assert len(member("me", "--json").document["me"]["submissions"]) == 1000


def test_a_link_is_written_where_nothing_is_opened(member, server):
    ran = member("open", "--print")
    assert f"{server.course}/open#{TOKEN}" in ran.out
    assert "once, within 10 minutes" in ran.out
    assert server.lines == ["POST /api/community/links"]
    assert server.keys == [key_of(member)]
    assert server.asked[0].get_data() == b""
    assert member("open", "--json").document["url"] == f"{server.course}/open#{TOKEN}"


def test_a_dry_run_of_open_sends_nothing(member, server):
    ran = member("open", "--dry-run")
    assert f"POST {server.course}/api/community/links" in ran.out
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/open#x",
        "http://127.0.0.1:1/open#x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "/open#x",
        "{base}/open?x=1#x",
        "{base}/open#\x1b[31m",
        "{base}/\n#x",
        "-version",
        "",
    ],
)
def test_a_link_to_elsewhere_is_not_opened(member, server, url):
    server.answers["links"] = (201, {"url": url.format(base=server.base), "expires_s": 600})
    ran = member("open", "--print")
    assert ran.status == 1
    assert "it was not opened" in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script for a browser")
@pytest.mark.parametrize(("code", "opened"), [(0, True), (1, False)])
def test_a_browser_is_opened_or_the_address_said(member, server, tmp_path, code: int, opened: bool):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >>"{tmp_path}/visits"\nexit {code}\n')
    browser.chmod(0o755)
    environ = {k: v for k, v in os.environ.items() if k not in {"CI", "XDG_STATE_HOME"}}
    mine = {"HOME": member.environ["HOME"], "BROWSER": str(browser), "PATH": os.defpath}
    for words, url in (
        (["open"], f"{server.course}/open#{TOKEN}"),
        (["map", "--open"], f"{server.course}/map"),
        (["map", "--open", "--json"], None),  # a program asks: it opens what it likes
        (["open", "--json"], None),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "tito_bench", "community", *words],
            env=environ | mine,
            cwd=member.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        visits = (tmp_path / "visits").read_text().splitlines()
        if url is None:
            assert len(visits) == 2
            assert json.loads(done.stdout)["opened"] is False
            continue
        assert visits[-1] == url
        assert ("Opened " in done.stdout) is opened
        assert (url in done.stdout) is (not opened or "#" not in url)


# hostile and broken servers


@pytest.mark.parametrize("verb", ["connect", "map", "cohort", "me", "open"])
@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_text_of_a_server_cannot_drive_the_terminal(member, server, verb, data):
    evil = st.sampled_from([text[:5000] for text in EVIL])
    text = data.draw(evil)

    def everywhere(found: Any) -> Any:
        if isinstance(found, dict):
            return {name: everywhere(item) for name, item in found.items()}
        if isinstance(found, list):
            return [everywhere(item) for item in found]
        return text if isinstance(found, str) else found

    good = {"about": ABOUT, "map": MAP | {"note": ""}, "cohort": COHORT, "me": {"a": "b"}}
    good["links"] = {"url": f"{server.course}/open", "expires_s": 1}
    refused = data.draw(st.booleans())
    body = {"detail": text, "title": text} if refused else None
    for name, document in good.items():
        answer = body or everywhere(document) | {text: text}
        server.answers[name] = (422 if refused else 200, answer)
    ran = member(verb, *([server.course] if verb == "connect" else []))
    check_terminal(ran)
    assert ran.status in {0, 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("verb", ["connect", "map", "cohort", "me", "open"])
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_answered_ends_as_one_sentence(member, server, verb, data):
    names = {"connect": "about", "open": "links"}
    name = names.get(verb, verb)
    good = server.answers[name] if isinstance(server.answers[name], tuple) else None
    base: dict[str, Any] = {
        "about": ABOUT,
        "map": MAP,
        "cohort": COHORT,
        "me": {"schema": 1},
        "links": {"url": f"{server.course}/open#x", "expires_s": 1},
    }[name]
    field = data.draw(st.sampled_from(sorted(base)))
    odd = data.draw(st.one_of(JSON, st.just(base | {field: data.draw(JSON)})))
    status = data.draw(st.sampled_from([200, 200, 200, 204, 400, 401, 404, 410, 418]))
    server.answers[name] = (status, json.dumps(odd))
    assert good is not None
    ran = member(verb, *([server.course] if verb == "connect" else ["--json"]))
    check_terminal(ran)
    assert ran.status in {0, 1}
    if ran.status:
        assert ran.err.splitlines()[-1].startswith("tito-bench: error: ")
    server.answers[name] = good


def test_nobody_answers(member, server, httpserver):
    httpserver.stop()
    ran = member("me")
    httpserver.start()
    assert ran.status == 1
    assert f"{server.course} gives no answer" in ran.err
    assert "try again later" in ran.err


def test_a_linked_key_file_outside_is_neither_read_nor_changed(member, tmp_path: Path):
    outside = tmp_path / "outside.json"
    outside.write_text('{"schema": 1, "keys": []}')
    file = member.folder / ".tinytorch" / "community" / "key.json"
    file.unlink()
    file.symlink_to(outside)
    member("update", "--country", "de", "--yes")
    assert outside.read_text() == '{"schema": 1, "keys": []}'
