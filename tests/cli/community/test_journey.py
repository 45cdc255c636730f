"""The journey of a student, from an empty folder to leaving: no network, nothing lost."""

from __future__ import annotations

import json
import uuid

import pytest

from cli.community.conftest import made
from records.made_record import made_capstone
from tito_bench.cli.community.community_context import CommunityContext
from tito_bench.records.documents import Documents


def test_from_joining_to_leaving(tito, connections):
    joined = tito("join", "--country", "deutschland", "--course-type", "university")
    assert joined.status == 0
    assert "Welcome to TinyTorch's Fall 2026 cohort, from Germany 🇩🇪!" in joined.out
    assert "Nothing left this machine." in joined.out
    profile = tito.profile()
    assert uuid.UUID(profile["anonymous_id"]).version == 4
    assert profile == {
        "schema": 1,
        "anonymous_id": profile["anonymous_id"],
        "joined_at": "2026-11-22T20:30:01Z",
        "location": {"country": "Germany"},
        "institution": {"name": None, "type": None},
        "context": {
            "course_type": "university",
            "experience_level": None,
            "cohort": "Fall 2026",
        },
        "progress": {
            "setup_verified": False,
            "milestones_passed": 0,
            "modules_completed": 0,
            "capstone_score": None,
        },
    }
    shown = "\n".join(line[4:] for line in joined.out.split("\n") if line.startswith("    "))
    assert json.loads(shown) == profile, "exactly what is stored is shown"

    tito.record()
    (tito.folder / ".tito" / "progress.json").write_text('{"completed_modules": [1, "02_x"]}')
    (tito.folder / ".tito" / "milestones.json").write_text('{"completed_milestones": ["01"]}')
    assert tito("update").status == 0
    tito.record("capstone_1.json", made(made_capstone(slowdown=2.0**11, tracks=["speed"])))
    updated = tito("update")
    assert "capstone_score" in updated.out
    assert tito.profile()["progress"] == {
        "setup_verified": True,
        "milestones_passed": 1,
        "modules_completed": 2,
        "capstone_score": 0.0,
    }
    shown = tito("profile").out
    assert "0/100" in shown
    assert "Sending is off" in shown
    assert "Baseline scores over time" in tito("stats").out

    submitted = tito("submit", "latest", "--system-info", "--anonymous-id")
    assert submitted.status == 0
    (submission,) = (tito.folder / ".tinytorch" / "submissions").iterdir()
    assert tito("export", "mine.json").status == 0
    exported = tito.file("mine.json")
    assert exported["profile"]["anonymous_id"] == profile["anonymous_id"]
    assert exported["submissions"] == [json.loads(submission.read_bytes())]
    assert "Nothing was sent" in tito("sync").out

    left = tito("leave", "--force")
    assert left.status == 0
    kept = tito.files()
    assert ".tinytorch/community/profile.json" not in kept
    assert ".tinytorch/community/consent.json" not in kept
    assert f".tinytorch/submissions/{submission.name}" in kept
    assert profile["anonymous_id"].encode() not in b"".join(
        content for name, content in kept.items() if "community" in name
    )
    again = tito("leave", "--force")
    assert (again.status, tito.files()) == (0, kept)
    assert "no profile" in again.out
    assert connections == []


def test_joining_twice_changes_nothing(tito):
    tito("join", "--country", "ch")
    before = tito.files()
    again = tito("join", "--country", "de", "--cohort", "Spring 1999")
    assert again.status == 0
    assert "joined already" in again.out
    assert tito.files() == before
    document = tito("join", "--json").document
    assert document["status"] == "already_joined"
    assert document["profile"] == tito.profile()


def test_of_two_that_join_at_once_one_wins(tito, monkeypatch):
    tito("join", "--country", "ch")
    before = tito.files()
    with monkeypatch.context() as patch:
        patch.setattr(CommunityContext, "profile", _Late())
        ran = tito("join", "--country", "ke")
    assert "joined already" in ran.out
    assert tito.files() == before


class _Late:
    """The first look finds nothing, for the other one has not written yet."""

    def __init__(self) -> None:
        self._original = CommunityContext.profile
        self._looks = 0

    def __get__(self, session, _owner):
        self._looks += 1
        return (lambda: None) if self._looks == 1 else self._original.__get__(session)


def test_a_rejoin_is_a_new_person(tito):
    tito("join")
    first = tito.profile()["anonymous_id"]
    tito("leave", "--force")
    tito("join")
    assert tito.profile()["anonymous_id"] != first


def test_every_question_can_be_skipped(tito):
    ran = tito("join", answers="\n\n\n\n")
    assert ran.status == 0
    assert "[Enter skips]" in ran.out
    profile = tito.profile()
    assert profile["location"]["country"] is None
    assert profile["context"]["course_type"] is None


def test_the_end_of_input_skips_too(tito):
    assert tito("join", answers="").status == 0
    assert tito.profile()["institution"]["name"] is None


def test_questions_are_asked_again_and_only_for_what_no_flag_gave(tito):
    ran = tito(
        "join",
        "--institution",
        "ETH Zürich",
        answers="Germny\nGermany\nuni\nmaster\nadv\n",
    )
    assert "did you mean Germany" in ran.out
    assert "Experience: one of beginner" in ran.out
    assert "Institution" not in ran.out.partition("This is all")[0]
    profile = tito.profile()
    assert profile["location"]["country"] == "Germany"
    assert profile["institution"]["name"] == "ETH Zürich"
    assert profile["context"]["course_type"] == "university"
    assert profile["context"]["experience_level"] == "advanced"


def test_yes_asks_nothing(tito):
    ran = tito("join", "--yes", answers="Germany\n")
    assert "[Enter skips]" not in ran.out
    assert tito.profile()["location"]["country"] is None


def test_json_asks_nothing(tito):
    ran = tito("join", "--json", answers="Germany\n\n\n\n")
    assert ran.document["profile"]["location"]["country"] is None
    assert "[Enter skips]" not in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--country", "Germny"], "did you mean Germany"),
        (["--cohort", ""], "1 to 60 characters"),
        (["--course-type", "school"], "invalid choice"),
        (["--experience", "none"], "invalid choice"),
        (["--unknown"], "unrecognized arguments"),
    ],
)
def test_a_wrong_word_is_a_usage_error_and_writes_nothing(tito, words, message):
    ran = tito("join", *words)
    assert ran.status == 2
    assert message in ran.err
    assert tito.files() == {}


def test_the_profile_stays_out_of_git(tito):
    tito("join")
    marker = tito.folder / ".tinytorch" / "community" / ".gitignore"
    assert marker.read_text() == "*\n"
    marker.write_text("mine")
    tito("leave", "--force")
    tito("join")
    assert marker.read_text() == "mine"


def test_killed_while_it_joins_no_profile_is_without_what_keeps_it_out_of_git(tito, monkeypatch):
    marker = tito.folder / ".tinytorch" / "community" / ".gitignore"
    found = []

    def killed(*_: object) -> None:
        found.append(marker.exists())
        raise KeyboardInterrupt

    monkeypatch.setattr(Documents, "update", killed)
    assert tito("join").status == 130
    assert found == [True]


def test_the_settings_appear_once_and_are_left_alone(tito):
    tito("join")
    path = tito.folder / ".tinytorch" / "config.json"
    assert tito.file(".tinytorch/config.json") == {
        "schema": 1,
        "website": {
            "base_url": "https://tinytorch.ai",
            "community_map_url": "https://tinytorch.ai/community",
            "api_url": None,
            "enabled": False,
        },
        "local": {"enabled": True, "auto_sync": False},
    }
    mine = '{"local":{"auto_sync":false}}'
    path.write_text(mine)
    tito("leave", "--force")
    tito("join")
    assert path.read_text() == mine


def test_local_off_keeps_nothing(tito):
    tito.configure("https://example.org", enabled=False)
    before = tito.files()
    for words in (["join"], ["update"], ["submit", "latest"]):
        ran = tito(*words)
        assert ran.status == 1
        assert "local.enabled is false" in ran.err
    assert tito.files() == before


@pytest.mark.parametrize("verb", ["join", "update", "profile", "stats", "sync", "leave"])
def test_corrupt_settings_are_moved_and_named(tito, verb):
    path = tito.folder / ".tinytorch" / "config.json"
    path.parent.mkdir()
    path.write_text("{")
    ran = tito(verb)
    assert ran.status == 1
    assert ran.err.count("\n") == 1
    assert "it was moved to config.json.2026" in ran.err
    (copy,) = path.parent.glob("*.corrupt")
    assert copy.read_text() == "{"


@pytest.mark.parametrize("verb", ["update", "profile", "export"])
def test_without_a_profile_it_says_join(tito, verb):
    ran = tito(verb)
    assert ran.status == 1
    assert "run: tito-bench community join" in ran.err
    assert tito.files() == {}
