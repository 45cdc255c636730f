"""A cloned or moved project is not yours: nothing goes that you did not agree to there."""

from __future__ import annotations

import json
import shutil

import pytest

from cli.community.conftest import Tito
from cli.community.test_sync import Website


@pytest.fixture
def website(httpserver) -> Website:
    return Website(httpserver)


@pytest.fixture
def anna(tito, website) -> Tito:
    """Has joined, agreed to everything, and has a change waiting."""
    tito("join", "--country", "ke")
    tito.record()
    tito("submit", "latest")
    tito.configure(website.url)
    assert tito("sync", "--share").status == 0
    tito("update", "--country", "ch")
    website.requests.clear()
    return tito


@pytest.fixture
def berta(anna, tmp_path, monkeypatch) -> Tito:
    """Another person, with a clone of that project."""
    folder = tmp_path / "clone"
    shutil.copytree(anna.folder, folder)
    return Tito(folder, monkeypatch, {"COLUMNS": "80", "HOME": str(tmp_path / "berta")})


def test_a_clone_sends_nothing_unasked(berta, website):
    for words in (("update", "--country", "de"), ("submit", "latest"), ("sync",)):
        assert berta(*words).status == 0
    assert website.requests == []


def test_a_clone_asks_and_its_own_yes_counts(berta, website):
    ran = berta("sync", answers="y\nn\n")
    assert "agreed to by another person or in another place" in ran.out
    assert "Send your profile" in ran.out
    assert website.paths == ["/api/community/join"]
    berta("sync")
    assert website.paths == ["/api/community/join"]


def test_one_yes_does_not_bring_the_other_of_the_clone_along(berta, website):
    """Answering for the profile must not bless the planted yes for benchmarks."""
    berta("update", "--share")
    berta("sync")
    assert "/api/benchmarks/submit" not in website.paths
    consent = berta.file(".tinytorch/community/consent.json")
    assert consent["benchmarks"] is None


def test_leaving_a_clone_makes_nobody_forgotten(anna, berta, website):
    ran = berta("leave", "--force")
    assert ran.status == 0
    assert website.requests == []
    assert not [name for name in berta.files() if name.endswith("_leave.json")]
    assert anna("leave", "--force", "--json").document["website"] == "told"


def test_a_planted_request_to_forget_is_not_sent(anna, berta, website):
    anna.environ["DO_NOT_TRACK"] = "1"
    anna("leave", "--force")
    name = "000002_leave.json"
    planted = next((anna.folder / ".tinytorch" / "outbox").glob("*_leave.json"))
    shutil.copy(planted, berta.folder / ".tinytorch" / "outbox" / name)
    ran = berta("sync")
    assert name in ran.out
    assert "put it here" in ran.out
    assert website.requests == []


def test_a_bad_key_blocks_nothing_behind_it(anna, website):
    (item,) = (anna.folder / ".tinytorch" / "outbox").glob("*.json")
    item.write_text(json.dumps(json.loads(item.read_text()) | {"idempotency_key": "\u00e9\n"}))
    assert anna("update", "--country", "de").status == 0
    ran = anna("sync")
    assert ran.status == 0, ran.err
    assert website.paths, "what stands behind it went"
    profiles = [body for body in map(json.loads, website.bodies) if "location" in body]
    assert [body["location"]["country"] for body in profiles] == ["Germany"]


def test_a_moved_project_asks_again_and_loses_nothing(anna, tmp_path, website):
    moved = tmp_path / "moved"
    anna.folder.rename(moved)
    anna.folder = moved
    anna("sync")
    assert website.requests == []
    anna("sync", "--share")
    assert website.paths == ["/api/community/join", "/api/benchmarks/submit"]
    assert json.loads(website.bodies[0])["location"]["country"] == "Switzerland"
    assert anna("leave", "--force", "--json").document["website"] == "told"


def test_profile_and_doctor_say_it(berta):
    ran = berta("profile")
    assert "consent for profile: not asked" in ran.out
    assert "another person or in another place" in ran.out


def test_without_sharing_nothing_is_written_in_the_home_folder(tito, tmp_path):
    for words in (("join",), ("update",), ("profile",), ("sync", "--share"), ("leave", "--force")):
        assert tito(*words).status == 0
    assert not (tmp_path / "home").exists()


def test_without_a_home_nothing_is_agreed_to(tito, website):
    tito("join")
    tito.configure(website.url)
    del tito.environ["HOME"]
    ran = tito("sync", "--share")
    assert ran.status == 1
    assert "set HOME" in ran.err
    assert website.requests == []
