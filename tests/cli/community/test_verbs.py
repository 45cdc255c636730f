"""The verbs one by one: what they show, change and refuse."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from cli.community.conftest import INVALID, RECORD, made, scored
from records.made_record import UNSTABLE, made_record
from tito_bench.cli.community import questions
from tito_bench.community import profile as profiles
from tito_bench.measure.results import Failure
from tito_bench.records.filesystem import OsFileSystem
from tito_bench.workloads.baseline import BASELINE


def test_update_by_flags_and_clearing(tito):
    tito("join", "--country", "ch", "--institution", "ETH")
    ran = tito("update", "--country", "-", "--experience", "expert", "--cohort", "spring 2027")
    assert ran.status == 0
    profile = tito.profile()
    assert profile["location"]["country"] is None
    assert profile["institution"]["name"] == "ETH"
    assert profile["context"]["experience_level"] == "expert"
    assert profile["context"]["cohort"] == "Spring 2027"
    for text in ("location.country", "Switzerland", "expert"):
        assert text in ran.out


def test_update_by_questions(tito):
    tito("join", "--country", "ch", "--institution", "ETH", "--course-type", "other")
    ran = tito("update", answers="\n-\nboot\n\n")
    assert "[Switzerland; Enter keeps, - clears]" in ran.out
    profile = tito.profile()
    assert profile["location"]["country"] == "Switzerland"
    assert profile["institution"]["name"] is None
    assert profile["context"]["course_type"] == "bootcamp"


def test_update_with_flags_asks_nothing(tito):
    tito("join")
    ran = tito("update", "--country", "ke", answers="Chile\n")
    assert "Enter" not in ran.out
    assert tito.profile()["location"]["country"] == "Kenya"


def test_update_that_changes_nothing(tito):
    tito("join")
    before = tito.files()
    ran = tito("update")
    assert "Nothing has changed." in ran.out
    assert tito.files() == before
    assert tito("update", "--json").document["changed"] == {}


def test_update_in_json(tito):
    tito("join")
    tito.record()
    document = tito("update", "--json").document
    assert document["changed"] == {"progress.setup_verified": {"before": False, "after": True}}
    assert document["profile"] == tito.profile()


def test_an_old_profile_is_read_and_brought_up(tito):
    path = tito.folder / ".tinytorch" / "community" / "profile.json"
    path.parent.mkdir(parents=True)
    old = {"github_username": "octocat", "country": "Kenya", "institution": "University"}
    path.write_text(json.dumps(old))
    assert tito("profile").status == 0
    assert json.loads(path.read_text()) == old, "looking changes nothing"
    assert tito("update").status == 0
    profile = tito.profile()
    assert (profile["schema"], profile["github_username"]) == (1, "octocat")
    assert profile["location"] == {"country": "Kenya"}
    assert len(profile["anonymous_id"]) == 36


def test_a_newer_profile_is_left_alone(tito):
    path = tito.folder / ".tinytorch" / "community" / "profile.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"schema": 2}')
    for words in (["join"], ["update"], ["profile"], ["stats"], ["leave", "--force"]):
        ran = tito(*words)
        assert ran.status == 1
        assert "newer tito-bench" in ran.err
        assert path.read_text() == '{"schema": 2}'


def test_unreadable_progress_is_named_and_keeps_what_was_known(tito):
    tito("join")
    progress = tito.folder / ".tito" / "progress.json"
    progress.parent.mkdir()
    progress.write_text('{"completed_modules": [1, 2]}')
    tito("update")
    progress.write_text("{")
    ran = tito("update")
    assert ran.status == 0
    assert ".tito/progress.json cannot be read" in ran.out
    assert tito.profile()["progress"]["modules_completed"] == 2


def test_profile_in_json_is_exact(tito):
    tito("join", "--institution", "ETH \u202ezz 🎓")
    document = tito("profile", "--json").document
    assert document["profile"] == tito.profile()
    assert document["sending"] == {
        "allowed": False,
        "state": "off: website.enabled is false in .tinytorch/config.json",
        "consent": {"profile": "not asked", "benchmarks": "not asked"},
        "waiting": 0,
        "refused": 0,
        "problem": None,
    }


@pytest.mark.parametrize("name", ["DO_NOT_TRACK", "TITO_NO_SYNC", "CI"])
def test_profile_shows_why_nothing_is_sent(tito, name):
    tito("join")
    tito.configure("https://api.example.org")
    assert "on: https://api.example.org" in tito("profile").out
    tito.environ[name] = "1"
    assert f"{name} is set" in tito("profile").out


def test_an_unreadable_consent_is_no_consent(tito):
    tito("join")
    tito.configure("https://api.example.org")
    consent = tito.folder / ".tinytorch" / "community" / "consent.json"
    consent.write_text('{"schema": 1, "profile": {"granted": "yes"}}')
    shown = tito("profile").out
    assert "consent for profile: not asked" in shown
    assert "no consent:" in shown


MISSING = Failure("missing", "module 03 layers: Linear not found")


def test_stats_as_a_chart(tito):
    missing = made(made_record({op.name: MISSING for op in BASELINE}))
    for day, document in ((18, scored(40)), (19, scored(90)), (20, missing), (21, INVALID)):
        created_at = f"2026-11-{day}T10:00:00Z"
        tito.record(f"baseline_{day}.json", document, created_at=created_at)
    tito.record("baseline_22.json", verdict=UNSTABLE)
    out = tito("stats").out
    assert "2026-11-18 ████████░░░░░░░░░░░░  40\n" in out
    assert "2026-11-19 ██████████████████░░  90\n" in out
    assert "2026-11-20 - (no score)\n" in out
    assert "2026-11-21 - (invalid)\n" in out
    assert "2026-11-22 ███████████████████░  97 (unstable)\n" in out
    assert "none yet: tito-bench benchmark capstone" in out
    assert "Days in a row: 5 now, 5 at most" in out
    tito.encoding = "ascii"
    plain = tito("stats").out
    assert "2026-11-18 ########............  40" in plain
    plain.encode("ascii")


def test_stats_in_json(tito):
    tito.record()
    document = tito("stats", "--json").document
    assert document["joined"] is False
    assert document["history"] == [
        {
            "file": "baseline_1.json",
            "kind": "baseline",
            "measured_at": "2026-11-22T20:00:00Z",
            "score": RECORD["normalized_metrics"]["score"],
            "status": "stable",
            "counts": True,
        }
    ]
    assert document["streaks"] == {"current_days": 1, "longest_days": 1, "active_days": 1}


def test_many_records_show_the_last_ones(tito):
    for number in range(20):
        tito.record(f"baseline_{number:02d}.json", created_at=f"2026-10-{number + 1:02d}T00:00:00Z")
    out = tito("stats").out
    assert "(8 earlier ones not shown)" in out
    assert "2026-10-08" not in out
    assert "2026-10-20" in out


def test_stats_of_a_class(tito, make_tito, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    for number in range(6):
        student = make_tito()
        student("join", "--country", "ke" if number else "ch", "--institution", f"school {number}")
        student.record()
        student("submit", "latest")
        assert student("export", str(folder / f"{number}.json")).status == 0
    ran = tito("stats", "--from", str(folder))
    assert ran.status == 0
    assert "6 people in 6 files" in ran.out
    assert "Switzerland" not in ran.out
    assert "Kenya" not in ran.out, "with five in it and six in all, the sixth would be known"
    assert "school" not in ran.out
    document = tito("stats", "--json", "--from", str(folder)).document
    assert document["countries"] == {"other": 6}
    assert document["baseline_scores"] == [{"low": 60.0, "high": 100.0, "count": 6}]
    assert tito("stats", "--from", str(folder), "--min-group", "7").out.endswith(
        "Fewer than 7 people: nothing more is shown.\n"
    )


@pytest.mark.parametrize("number", ["2", "0", "-1", "x"])
def test_no_group_below_three(tito, tmp_path, number):
    assert tito("stats", "--from", str(tmp_path), "--min-group", number).status == 2


def test_a_class_that_is_not_there(tito):
    ran = tito("stats", "--from", "nowhere")
    assert ran.status == 1
    assert "nowhere is no file or folder" in ran.err


def test_submit_asks_and_shows_the_bytes_that_it_writes(tito):
    tito("join")
    tito.record()
    ran = tito("submit", "latest", answers="y\nn\ny\n")
    assert ran.status == 0
    (path,) = (tito.folder / ".tinytorch" / "submissions").iterdir()
    shown = "".join(f"{line[4:]}\n" for line in ran.out.split("\n") if line.startswith("    "))
    assert shown == path.read_text()
    found = json.loads(shown)
    assert found["anonymous_id"] is None
    known = RECORD["system_info"]
    assert found["system_info"] == {
        "machine": {**known["machine"], "os": "Linux 6.1"},
        "runtime": {
            name: value for name, value in known["runtime"].items() if name != "kernels_compiler"
        },
    }


def test_submit_without_a_person_includes_only_what_flags_name(tito):
    tito("join")
    tito.record()
    document = tito("submit", "latest", "--json").document
    found = json.loads(document["bytes"])
    assert (found["anonymous_id"], found["system_info"]) == (None, None)
    assert tito.file(document["path"]) == found
    named = tito("submit", ".tito/benchmarks/baseline_1.json", "--anonymous-id", "--json").document
    assert json.loads(named["bytes"])["anonymous_id"] == tito.profile()["anonymous_id"]


def test_submit_declined_or_dry_writes_nothing(tito):
    tito.record()
    before = tito.files()
    assert tito("submit", "latest", answers="n\nn\n").status == 0
    dry = tito("submit", "latest", "--dry-run", "--anonymous-id")
    assert dry.status == 0
    assert "you have not joined" in dry.out
    assert tito.files() == before


@pytest.mark.parametrize(
    ("words", "changes", "message"),
    [
        (["latest"], None, "there is no record yet; run: tito-bench benchmark baseline"),
        (["latest"], {"document": INVALID}, "no record that counts"),
        (["latest~1"], {}, "latest~1: there is one record"),
        (["2026-11-21"], {}, "no record was made on 2026-11-21"),
        (["nowhere.json"], {}, "there is no record nowhere.json"),
        ([".tito/benchmarks/baseline_1.json"], {"kind": "other"}, "no record"),
        ([".tito/benchmarks/baseline_1.json"], {"operations": 3}, "damaged"),
        (
            [".tito/benchmarks/baseline_1.json"],
            {"document": INVALID},
            "does not count (invalid)",
        ),
        ([".tito/benchmarks"], {}, ".tito/benchmarks is no record"),
    ],
)
def test_what_is_no_record_is_no_submission(tito, words, changes, message):
    if changes is not None:
        tito.record(**changes)
    ran = tito("submit", *words)
    assert ran.status in {1, 2}
    assert message in ran.err
    assert not (tito.folder / ".tinytorch" / "submissions").exists()


@pytest.mark.parametrize("word", ["latest", "baseline_1.json"])
def test_a_submission_is_made_of_the_bytes_that_were_checked(tito, word, monkeypatch):
    """The file may change at any moment: whatever is read last was checked."""
    path = tito.record()
    good, read = path.read_bytes(), OsFileSystem.read
    forged = good.replace(
        b'"slowdowns": {"tensor_ops": ', b'"slowdowns": {"tensor_ops": 0.5, "x": '
    )
    reads = []

    def changing(self, asked, most):
        data = read(self, asked, most)
        if asked == path:
            reads.append(data)
            return forged if len(reads) > allowed else data
        return data

    monkeypatch.setattr(OsFileSystem, "read", changing)
    for allowed in range(5):
        reads.clear()
        ran = tito("submit", word, "--yes")
        for submission in (tito.folder / ".tinytorch").glob("submissions/*.json"):
            found = json.loads(submission.read_bytes())
            assert found["normalized_metrics"]["slowdowns"]["tensor_ops"] > 1, allowed
    assert ran.status == 0
    assert forged != good


def test_export_never_overwrites_unasked(tito):
    tito("join")
    (tito.folder / "mine.json").write_text("precious")
    ran = tito("export", "mine.json")
    assert ran.status == 1
    assert "was not overwritten" in ran.err
    assert (tito.folder / "mine.json").read_text() == "precious"
    assert tito("export", "mine.json", "--force").status == 0
    document = tito("export", "--json").document
    path = tito.folder / document.pop("path")
    assert path.name.startswith("tinytorch_export_20261122T")
    assert json.loads(path.read_bytes()) == document


def test_export_takes_the_courses_submissions_and_names_what_it_cannot_read(tito):
    tito("join")
    old = tito.folder / ".tito" / "submissions"
    old.mkdir(parents=True)
    (old / "a.json").write_text(
        '{"benchmark_type": "baseline", "timestamp": "2025-11-20T10:30:00",'
        ' "metrics": {"matmul_ms": 0.02, "score": 100}}'
    )
    (old / "b.json").write_text("{")
    bad = tito.folder / ".tinytorch" / "submissions" / "c.json"
    bad.parent.mkdir()
    bad.write_text("{")
    ran = tito("export", "mine.json")
    assert ran.status == 0
    assert "b.json is left out" in ran.out
    assert "c.json is no valid submission" in ran.out
    (found,) = tito.file("mine.json")["submissions"]
    assert found["raw_metrics"] == {"matmul_ms": 0.02}
    assert found["normalized_metrics"] == {}
    assert (old / "b.json").read_text() == "{"


def test_leave_asks(tito):
    tito("join")
    before = tito.files()
    for answers in ("n\n", "\n", ""):
        ran = tito("leave", answers=answers)
        assert (ran.status, tito.files()) == (0, before)
        assert "nothing was changed" in ran.out
    ran = tito("leave")
    assert (ran.status, tito.files()) == (2, before)
    assert "--force" in ran.err
    assert tito("leave", answers="y\n").status == 0
    assert ".tinytorch/community/profile.json" not in tito.files()


def test_leave_removes_even_what_cannot_be_read(tito):
    tito("join")
    path = tito.folder / ".tinytorch" / "community" / "profile.json"
    path.write_text(path.read_text()[:50])
    tito("profile")  # moves it aside
    path.write_text('{"anonymous_id": 5')
    assert tito("leave", "--force").status == 0
    assert not [name for name in tito.files() if "profile.json" in name]


def test_leave_in_json(tito):
    assert tito("leave", "--json", "--force").document["status"] == "not_joined"
    tito("join")
    document = tito("leave", "--json", "--force").document
    assert document == {
        "status": "left",
        "removed": [".tinytorch/community/profile.json"],
        "website": None,
    }


def test_the_flags_offer_what_the_profile_knows():
    choices = {field.name: field.choices for field in questions.FIELDS}
    assert choices["course_type"] == profiles.COURSE_TYPES
    assert choices["experience"] == profiles.EXPERIENCE_LEVELS


def test_forty_columns_and_ascii(tito):
    tito.environ.update(COLUMNS="40", NO_COLOR="1", TERM="dumb")
    tito.encoding = "ascii"
    tito("join", "--country", "ch", "--institution", "A long name of a university in a city")
    shown = tito("profile").out
    table = shown.partition("Your profile")[2].partition("Sending")[0]
    assert max(map(len, table.split("\n"))) <= 40
    assert "\x1b" not in shown
    shown.encode("ascii")


def test_help_of_every_verb(tito, capsys):
    for verb in ("join", "update", "profile", "stats", "submit", "export", "sync", "leave"):
        assert tito(verb, "--help").status == 0
        assert "--project" in capsys.readouterr().out


def test_help_needs_nothing_heavy():
    program = (
        "import sys, tito_bench.cli.community; "
        "print(sorted({'rich', 'numpy', 'msgspec', 'httpx', 'filelock'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("latest", "baseline_3.json"),
        ("latest~1", "baseline_1.json"),
        ("2026-11-20", "baseline_1.json"),
        ("'2026-11-21 20:00'".strip("'"), "baseline_3.json"),
        ("baseline_1.json", "baseline_1.json"),
        (".tito/benchmarks/baseline_1.json", "baseline_1.json"),
    ],
)
def test_submit_takes_every_word_for_a_record(tito, word, name):
    tito.record("baseline_1.json", created_at="2026-11-20T20:00:00Z")
    tito.record("baseline_2.json", INVALID, created_at="2026-11-22T20:00:00Z")
    tito.record("baseline_3.json", created_at="2026-11-21T20:00:00Z")
    ran = tito("submit", word, "--dry-run")
    assert ran.status == 0, ran.err
    assert f"The submission of {name}, exactly:" in ran.out
