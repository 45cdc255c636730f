"""Sharing with a real server on loopback: asked first, shown exactly, sent once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from werkzeug import Request, Response

from tito_bench import __version__
from tito_bench.community.place import Place
from tito_bench.records.schema import decode, encode
from tito_bench.records.store import locked
from tito_bench.website import sharing
from tito_bench.website.sync_state import SYNC_STATE, sealed

SRC = Path(__file__).resolve().parents[3] / "src"


class Website:
    """Remembers every request, and its effects by idempotency key."""

    def __init__(self, httpserver) -> None:
        self.url = httpserver.url_for("").rstrip("/")
        self.requests: list[Request] = []
        self.effects: dict[str, tuple[str, bytes]] = {}
        self.answers: list[Response] = []
        self.on_request: Callable[[], None] = lambda: None
        httpserver.expect_request("/api/community/stats").respond_with_json({"members": 12_345})
        for path in ("community/join", "community/profile", "community/leave", "benchmarks/submit"):
            httpserver.expect_request(f"/api/{path}", method="POST").respond_with_handler(
                self._handle
            )

    def _handle(self, request: Request) -> Response:
        body = request.get_data()
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else Response('{"status": "accepted"}', 202)
        if answer.status_code < 300:
            self.effects.setdefault(request.headers["Idempotency-Key"], (request.path, body))
        self.on_request()
        return answer

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    @property
    def bodies(self) -> list[bytes]:
        return [request.get_data() for request in self.requests]


@pytest.fixture
def website(httpserver) -> Website:
    return Website(httpserver)


@pytest.fixture
def member(tito, website):
    """A student with a profile and one submission; the website is on, nothing was agreed to."""
    tito("join", "--country", "ke", "--institution", "University [b]x[/b]")
    tito.record()
    tito("submit", "latest", "--anonymous-id")
    tito.configure(website.url)
    return tito


def _shown(out: str) -> str:
    return "".join(f"{line[4:]}\n" for line in out.split("\n") if line.startswith("    "))


def test_off_by_default_even_with_everything_there(tito, website, connections):
    tito("join")
    tito.record()
    tito("submit", "latest", "--share")
    assert tito("sync", "--share").status == 0
    assert website.requests == connections == []
    assert not (tito.folder / ".tinytorch" / "outbox").exists()


def test_what_is_shown_is_what_is_sent_byte_for_byte(member, website):
    ran = member("sync", answers="y\ny\n")
    assert ran.status == 0
    assert website.paths == ["/api/community/join", "/api/benchmarks/submit"]
    assert _shown(ran.out).encode() == b"".join(website.bodies)
    profile = member.profile()
    assert json.loads(website.bodies[0])["anonymous_id"] == profile["anonymous_id"]
    (submission,) = (member.folder / ".tinytorch" / "submissions").iterdir()
    assert website.bodies[1] == submission.read_bytes()
    for request in website.requests:
        assert request.headers["User-Agent"] == f"tito-bench/{__version__}"
    assert not [name for name in member.files() if "outbox" in name]


@pytest.mark.parametrize(
    ("answers", "paths"),
    [
        ("n\nn\n", []),
        ("", []),
        ("y\nn\n", ["/api/community/join"]),
        ("n\ny\n", ["/api/benchmarks/submit"]),
    ],
)
def test_only_what_was_agreed_to_goes_and_the_answer_is_kept(member, website, answers, paths):
    assert member("sync", answers=answers).status == 0
    assert website.paths == paths
    again = member("sync", answers="y\ny\n")
    assert website.paths == paths
    assert "[y/N]" not in again.out


def test_without_a_person_nothing_goes_without_share(member, website):
    ran = member("sync")
    assert "--share agrees" in ran.out
    assert website.requests == []
    assert member("sync", "--share").status == 0
    assert len(website.requests) == 2


def test_join_with_share_shares_also_where_one_has_joined_before(member, website):
    # connect and the instructor's page say "join --share" to whoever comes.
    ran = member("join", "--share")
    assert ran.status == member("sync").status == 0
    assert "You have joined already" in ran.out
    assert website.paths == ["/api/community/join"]
    assert _shown(ran.out).encode() == website.bodies[0]


@pytest.mark.parametrize("name", ["DO_NOT_TRACK", "TITO_NO_SYNC", "CI"])
def test_never_where_the_environment_says_so(member, website, name):
    member.environ[name] = "1"
    ran = member("sync", "--share", answers="y\ny\n")
    assert name in ran.out
    assert member("update", "--share", "--country", "ch").status == 0
    assert website.requests == []


def test_another_address_is_asked_anew(member, website):
    member("sync", "--share")
    count = len(website.requests)
    member.configure(website.url + "/other")
    member("sync")
    assert len(website.requests) == count


def test_changes_follow_and_nothing_is_sent_twice(member, website):
    member("sync", "--share")
    member("sync")
    assert len(website.requests) == 2
    changed = member("update", "--experience", "expert")
    assert "exactly these bytes" in changed.out
    assert len(website.requests) == 2, "queued, not sent"
    ran = member("sync")
    assert website.paths[2:] == ["/api/community/profile"]
    assert "Sent: 000003_profile.json" in ran.out or "Sent: 000001_profile.json" in ran.out
    assert json.loads(website.bodies[2])["context"]["experience_level"] == "expert"


def test_there_and_back_is_two_changes(member, website):
    member("sync", "--share")
    for level in ("expert", "beginner", "expert", "beginner"):
        member("update", "--experience", level)
        member("sync")
    levels = [json.loads(body)["context"]["experience_level"] for body in website.bodies[2:]]
    assert levels == ["expert", "beginner", "expert", "beginner"]
    assert len(website.effects) == 6, "each has a key of its own"


def test_auto_sync_sends_at_once(tito, website):
    tito.configure(website.url, auto_sync=True)
    joined = tito("join", "--share")
    assert "Sent: 000001_join.json" in joined.out
    tito.record()
    tito("submit", "latest", "--share")
    assert website.paths == ["/api/community/join", "/api/benchmarks/submit"]


def test_join_asks_where_the_website_is_on(tito, website):
    tito.configure(website.url)
    ran = tito("join", answers="\n\n\n\ny\n")
    assert "Send your profile" in ran.out
    assert website.requests == []
    tito("sync")
    assert website.paths == ["/api/community/join"]


def test_offline_keeps_and_later_sends_the_same(member, website, httpserver):
    member("sync", "--dry-run")
    assert website.requests == []
    website.answers = [Response(status=408), Response(status=408)]
    ran = member("sync", "--share")
    assert ran.status == 1
    assert "Waiting for a later sync: 000001_join.json, 000002_submit.json (status 408)" in ran.out
    document = member("sync", "--json").document
    assert [one["action"] for one in document["waiting"]] == ["join", "submit"]
    member("sync")
    keys = [request.headers["Idempotency-Key"] for request in website.requests]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert len(website.effects) == 2


def test_a_refusal_is_parked_with_its_harmless_reason(member, website):
    website.answers = [Response('{"detail": "no \\u001b[2J[red]thanks"}', 422)]
    ran = member("sync", "--share")
    assert ran.status == 1
    assert "Refused and kept: 000001_join.json (status 422: no \\x1b[2J[red]thanks)" in ran.out
    assert website.paths == ["/api/community/join", "/api/benchmarks/submit"]
    assert member("sync").status == 0
    assert len(website.requests) == 2
    assert member.file(".tinytorch/outbox/000001_join.json")["refused"].startswith("status 422")


@pytest.fixture
def parked(member, website):
    """A student whose joining was refused."""
    website.answers = [Response('{"detail": "no"}', 422)]
    assert member("sync", "--share").status == 1
    return member


def test_what_is_parked_is_shown(parked):
    ran = parked("sync")
    assert "000001_join.json (status 422: no)" in ran.out
    assert "sync --retry" in ran.out
    assert "sync --discard" in ran.out
    (shown,) = parked("sync", "--json").document["parked"]
    assert (shown["file"], shown["reason"]) == ("000001_join.json", "status 422: no")
    assert "refused by the website and kept: 1" in parked("profile").out
    parked.environ["DO_NOT_TRACK"] = "1"
    assert "000001_join.json (status 422: no)" in parked("sync").out


def test_retrying_offers_it_again_under_its_key(parked, website):
    assert parked("sync", "--retry").status == 0
    assert website.paths.count("/api/community/join") == 2
    first, last = website.requests[0], website.requests[-1]
    assert first.headers["Idempotency-Key"] == last.headers["Idempotency-Key"]
    assert parked("sync", "--json").document["parked"] == []


def test_retrying_sends_nothing_where_nothing_may_go(parked, website):
    parked.environ["DO_NOT_TRACK"] = "1"
    assert "Waiting in the outbox: 1" in parked("sync", "--retry").out
    assert len(website.requests) == 2


def test_discarding_drops_it_and_it_is_not_offered_again(parked, website):
    ran = parked("sync", "--discard", "--json")
    assert [one["file"] for one in ran.document["discarded"]] == ["000001_join.json"]
    assert not [name for name in parked.files() if "outbox" in name]
    parked("sync", "--share")
    assert len(website.requests) == 2


def test_discarding_leaves_what_waits(parked, website):
    parked("update", "--country", "ch")
    assert parked("sync", "--discard").status == 0
    parked("sync")
    assert website.paths[2:] == ["/api/community/profile"]


@pytest.mark.parametrize("pair", [("--retry", "--discard"), ("--discard", "--dry-run")])
def test_one_thing_at_a_time(parked, pair):
    before = parked.files()
    assert parked("sync", *pair).status == 2
    assert parked.files() == before


@pytest.mark.parametrize("status", [401, 403, 404, 407, 422])
def test_a_login_page_parks_nothing(member, website, status):
    website.answers = [Response("<html>log in</html>", status)]
    assert member("sync", "--share").status == 1
    assert member("sync", "--json").document["parked"] == []
    assert len(website.effects) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("SSL_CERT_FILE", "/there/is/none"), ("HTTPS_PROXY", "socks4://127.0.0.1:1")],
)
def test_with_an_odd_network_leaving_leaves(member, website, monkeypatch, name, value):
    member("sync", "--share")
    sync_state = member.folder / ".tinytorch" / "community" / "website.json"
    known = decode(SYNC_STATE, sync_state.read_bytes(), "the sync state").value
    elsewhere = msgspec.structs.replace(known, api_url="https://community.example")
    place = Place(member.folder, member.environ)
    sync_state.write_bytes(encode(SYNC_STATE, sealed(elsewhere, place)))
    member.configure("https://community.example")
    monkeypatch.setenv(name, value)
    ran = member("leave", "--force")
    assert ran.status == 0
    assert f"check {name}" in ran.out
    assert ".tinytorch/community/profile.json" not in member.files()
    assert ".tinytorch/outbox/000001_leave.json" in member.files()


def test_leaving_beside_another_sync_leaves(member, website):
    member("sync", "--share")
    with locked(member.folder / ".tinytorch" / "outbox" / "sending"):
        ran = member("leave", "--force")
    assert ran.status == 0
    assert "in use by another" in ran.out
    assert ".tinytorch/community/profile.json" not in member.files()
    member("sync")
    assert website.paths[2:] == ["/api/community/leave"]


def test_the_exact_document_of_a_sync(member, website):
    document = member("sync", "--share", "--json").document
    assert [one["action"] for one in document["sent"]] == ["join", "submit"]
    assert [one["body"].encode() for one in document["sent"]] == website.bodies
    keys = [request.headers["Idempotency-Key"] for request in website.requests]
    assert [one["idempotency_key"] for one in document["sent"]] == keys


def test_a_dry_run_shows_all_and_sends_nothing(member, website):
    before = member.files()
    document = member("sync", "--dry-run", "--json").document
    assert [one["action"] for one in document["new"]] == ["join", "submit"]
    assert (website.requests, member.files()) == ([], before)


def test_withdrawing(member, website):
    member("sync", "--share")
    member("update", "--country", "ch")
    ran = member("sync", "--withdraw", "profile")
    assert "Removed from the outbox: 1" in ran.out
    member("sync")
    assert len(website.requests) == 2
    member("sync", "--share")
    assert website.paths[2:] == ["/api/community/join"]
    assert json.loads(website.bodies[2])["location"]["country"] == "Switzerland"


def test_leaving_tells_the_website(member, website):
    member("sync", "--share")
    identifier = member.profile()["anonymous_id"]
    member("update", "--country", "ch")
    ran = member("leave", "--force", "--json")
    assert ran.document["website"] == "told"
    assert website.paths[2:] == ["/api/community/leave"], "what waited was withdrawn"
    assert json.loads(website.bodies[2]) == {"schema": 1, "anonymous_id": identifier}
    assert website.bodies[2].decode().strip() in _shown(ran.err)
    rest = member.files()
    assert not [name for name in rest if "community/" in name and not name.endswith(".gitignore")]
    assert not [name for name in rest if "outbox" in name]


def test_leaving_offline_queues_it_and_a_new_life_begins_after(member, website):
    member("sync", "--share")
    first = member.profile()["anonymous_id"]
    website.answers = [Response(status=408)]
    ran = member("leave", "--force", "--json")
    assert ran.document["website"] == "queued"
    assert ".tinytorch/community/profile.json" not in member.files()
    member("join", "--share")
    second = member.profile()["anonymous_id"]
    member("sync")
    assert website.paths[2:] == ["/api/community/leave"] * 2 + ["/api/community/join"]
    ids = [json.loads(body)["anonymous_id"] for body in website.bodies[2:]]
    assert ids == [first, first, second]
    member("leave", "--force")
    assert website.paths[-1] == "/api/community/leave"
    assert json.loads(website.bodies[-1])["anonymous_id"] == second


def test_leaving_under_do_not_track_waits(member, website):
    member("sync", "--share")
    member.environ["DO_NOT_TRACK"] = "1"
    ran = member("leave", "--force")
    assert "waits in the outbox" in ran.out
    assert len(website.requests) == 2
    del member.environ["DO_NOT_TRACK"]
    member("sync")
    assert website.paths[2:] == ["/api/community/leave"]


def test_leaving_unknown_tells_nobody(member, website):
    assert member("leave", "--force", "--json").document["website"] is None
    assert website.requests == []


def test_without_httpx_all_stays_queued(member, website, monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    ran = member("sync", "--share")
    assert ran.status == 1
    assert "pip install 'tito-bench[website]'" in ran.err
    assert ".tinytorch/outbox/000001_join.json" in member.files()
    assert member("leave", "--force").status == 0
    monkeypatch.undo()
    assert website.requests == []


@pytest.mark.parametrize("kind", ["profile", "submit"])
def test_killed_between_outbox_and_sync_state_it_is_queued_once(member, website, monkeypatch, kind):
    def killed(_old, _api_url, draft):
        if (draft.action == "submit") == (kind == "submit"):
            raise KeyboardInterrupt
        return original(_old, _api_url, draft)

    original = sharing.mark_queued
    with monkeypatch.context() as patch:
        patch.setattr(sharing, "mark_queued", killed)
        assert member("sync", "--share").status == 130
    member("sync", "--share")
    member("sync", "--share")
    assert website.paths == ["/api/community/join", "/api/benchmarks/submit"]


def test_a_submission_has_one_key_for_ever(member, website):
    """Were the sync state lost, the website would still count it once."""
    member("sync", "--share")
    (member.folder / ".tinytorch" / "community" / "website.json").unlink()
    member("sync")
    keys = [
        request.headers["Idempotency-Key"]
        for request in website.requests
        if request.path == "/api/benchmarks/submit"
    ]
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_leaving_needs_no_home_and_can_be_told_later(member, website):
    member("sync", "--share")
    home = member.environ.pop("HOME")
    ran = member("leave", "--force")
    assert ran.status == 0, ran.err
    assert "set HOME" in ran.out
    left = member.files()
    assert ".tinytorch/community/profile.json" not in left
    assert ".tinytorch/community/consent.json" not in left
    member.environ["HOME"] = home
    assert member("leave", "--force", "--json").document["website"] == "told"
    assert website.paths[-1] == "/api/community/leave"
    assert "no profile" in member("leave", "--force").out


def test_who_is_to_be_forgotten_is_known_after_an_item_was_set_aside(member, website):
    member("sync", "--share")
    member.environ["DO_NOT_TRACK"] = "1"
    (member.folder / ".tinytorch" / "outbox" / "000001_profile.json").write_text("{")
    assert "it was moved to" in member("sync").out
    assert member("leave", "--force", "--json").document["website"] == "queued"
    del member.environ["DO_NOT_TRACK"]
    assert member("sync").status == 0
    assert website.paths[-1] == "/api/community/leave"


def test_a_profile_is_shown_without_a_home(member, website):
    member("sync", "--share")
    member("update", "--country", "ch", "--share")
    del member.environ["HOME"]
    ran = member("profile", "--json")
    assert ran.status == 0, ran.err
    assert "set HOME" in ran.document["sending"]["problem"]


@pytest.mark.parametrize(
    "name", ["community/website.json", "community/consent.json", "outbox/000001_profile.json"]
)
def test_leaving_needs_no_file_that_can_be_read(member, website, name):
    member("sync", "--share")
    member("update", "--country", "ch", "--share")
    (member.folder / ".tinytorch" / name).write_text('{"schema": 99}')
    ran = member("leave", "--force")
    assert ran.status == 0, ran.err
    left = member.files()
    assert ".tinytorch/community/profile.json" not in left
    assert ".tinytorch/community/consent.json" not in left


def test_auto_sync_without_httpx_says_so_and_keeps(tito, website, monkeypatch):
    tito.configure(website.url, auto_sync=True)
    monkeypatch.setitem(sys.modules, "httpx", None)
    ran = tito("join", "--share")
    assert ran.status == 0
    assert "Not sent yet: sending needs httpx" in ran.out
    assert ".tinytorch/outbox/000001_join.json" in tito.files()


def test_what_nobody_agreed_to_is_held_and_named(member, website):
    member("sync", "--share")
    member("update", "--country", "ch")
    consent = member.folder / ".tinytorch" / "community" / "consent.json"
    consent.write_text("{")
    ran = member("sync")
    assert "Not sent, nobody agreed: 000001_profile.json" in ran.out
    assert len(website.requests) == 2


def test_a_consent_that_cannot_be_read_is_asked_anew(member, website):
    consent = member.folder / ".tinytorch" / "community" / "consent.json"
    consent.write_text('{"schema": 1, "profile": {"granted": "yes"}}')
    ran = member("sync")
    assert "No consent: " in ran.out
    assert website.requests == []
    assert member("sync", "--share").status == 0
    assert len(website.requests) == 2


def test_an_unreadable_outbox_item_is_named(member, website):
    member("update", "--share")
    (member.folder / ".tinytorch" / "outbox" / "000001_join.json").write_text("{")
    ran = member("sync", "--share")
    assert "it was moved to 000001_join.json." in ran.out
    assert website.paths == ["/api/community/join", "/api/benchmarks/submit"], "offered again"


def test_statistics_of_the_website(member, website):
    assert "12345" in member("stats", "--website").out
    assert member("stats", "--website", "--json").document["website"] == {"members": 12345}
    member.environ["TITO_NO_SYNC"] = "1"
    assert "Nothing was fetched" in member("stats", "--website").out


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_while_the_server_answers_it_is_sent_once_in_effect(member, website):
    """The server has it, the client dies before it hears: the next sync repeats the key."""
    process: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        if process:
            os.kill(process[0].pid, signal.SIGKILL)

    website.on_request = kill
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in {"CI", "DO_NOT_TRACK", "TITO_NO_SYNC", "GITHUB_ACTIONS"}
    }
    command = [sys.executable, "-m", "tito_bench", "community", "sync", "--share"]
    for _ in range(2):
        process[:] = [
            subprocess.Popen(
                command,
                cwd=member.folder,
                env={**environ, "PYTHONPATH": str(SRC), "HOME": member.environ["HOME"]},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        ]
        assert process[0].wait(timeout=60) == -signal.SIGKILL
    process.clear()
    assert member("sync").status == 0
    keys = [request.headers["Idempotency-Key"] for request in website.requests]
    assert keys[0] == keys[1] == keys[2]
    assert [path for path, _body in website.effects.values()] == [
        "/api/community/join",
        "/api/benchmarks/submit",
    ]
    assert not [name for name in member.files() if "outbox" in name]
