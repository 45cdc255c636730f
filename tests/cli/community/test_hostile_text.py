"""Text from people, files, servers and file names through every verb: the terminal stays ours."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug import Response

from cli.community.conftest import RECORD

EVIL = (
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31m\x84\x8d",
    "\u202egnitirw\u2066\u200f",
    "[bold red]x[/] [/nothing] [link=http://x]y[/link] :bomb:",
    "\x00nul",
    "line\nbreak\r\x0b\x0c\x85\u2028",
    "👩‍🎓🇨🇭\U000e0041\ufeff",
    "x" * 1_000_000,
    "%s {} {0!r} $HOME `id` ; rm -rf /",
    "\\x1b[31m",
)
TEXT = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(EVIL[:9])
ALLOWED = set("\n")


def check_terminal(ran: Any) -> None:
    """No raw control byte, no invisible or reordering character."""
    for text in (ran.out, ran.err):
        bad = {
            c
            for c in set(text) - ALLOWED
            if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in "\u200c\u200d"
        }
        assert not bad, f"{bad!r} reached the terminal"
        assert "Traceback" not in text
    assert len(ran.out) + len(ran.err) < 40_000


_QUICK = settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_QUICK
@given(TEXT, TEXT)
@example(EVIL[0], EVIL[4])
@example(EVIL[3], EVIL[5])
@example(EVIL[7], EVIL[9])
def test_what_a_person_gives(make_tito, text: str, other: str) -> None:
    tito = make_tito()
    words = [f"--institution={text}", f"--cohort={other}", f"--country={text}"]
    ran = tito("join", *words)
    check_terminal(ran)
    if ran.status:
        assert ran.status == 2
        ran = tito("join", words[0])
        check_terminal(ran)
    for verb in ("profile", "update", "stats", "export", "sync"):
        shown = tito(verb)
        check_terminal(shown)
        assert shown.status == 0
    check_terminal(tito("update", f"--institution={other}"))
    stored = tito.profile()
    assert tito("profile", "--json").document["profile"] == stored
    check_terminal(tito("leave", "--force"))


@_QUICK
@given(TEXT)
def test_what_a_person_types(make_tito, text: str) -> None:
    tito = make_tito()
    typed = text.replace("\n", " ").replace("\r", " ")
    ran = tito("join", answers=f"{typed}\n\n{typed}\n\n\n\n\n")
    assert ran.status == 0
    check_terminal(ran)


@_QUICK
@given(TEXT, st.sampled_from(["profile", "update", "stats", "export", "join", "sync"]))
@example(EVIL[0], "profile")
@example(EVIL[9], "profile")
@example(EVIL[4], "update")
def test_what_a_profile_file_holds(make_tito, text: str, verb: str) -> None:
    tito = make_tito()
    path = tito.folder / ".tinytorch" / "community" / "profile.json"
    path.parent.mkdir(parents=True)
    stored = {
        "schema": 1,
        "anonymous_id": text,
        "joined_at": text,
        "location": {"country": text},
        "institution": {"name": text, text: text},
        "context": {"course_type": text, "experience_level": text, "cohort": text},
        "progress": {},
        f"unknown {text}": text,
    }
    path.write_bytes(json.dumps(stored).encode())
    ran = tito(verb)
    assert ran.status == 0
    check_terminal(ran)
    if verb == "profile":
        document = tito("profile", "--json").document
        assert document["profile"] == stored, "JSON stays exact"


@_QUICK
@given(TEXT)
@example(EVIL[0])
@example(EVIL[9])
def test_what_a_record_holds(make_tito, text: str) -> None:
    tito = make_tito()
    system, reason = RECORD["system_info"], {"code": text, "what": text, "value": text}
    tito.record(
        subject=RECORD["subject"] | {"name": text, "version": text},
        verdict={"status": "unstable", "reasons": [reason]},
        normalized_metrics=RECORD["normalized_metrics"] | {text: 1.0},
        system_info=system
        | {
            "machine": system["machine"] | {"cpu_model": text, "os": text},
            "runtime": system["runtime"] | {"blas": text},
        },
    )
    tito.record("baseline_2.json", created_at=text, operations=text)
    for words in (["stats"], ["submit", "latest", "--system-info"], ["submit", "latest", "--json"]):
        ran = tito(*words)
        assert ran.status == 0
        check_terminal(ran)
    tito("join")
    check_terminal(tito("export"))
    check_terminal(tito("update"))


@pytest.mark.parametrize("text", [one for one in EVIL if len(one) < 200 and "\0" not in one])
def test_names_of_files(tito, text: str) -> None:
    name = text.replace("/", "_")
    evil = tito.folder / f"{name}.json"
    evil.write_text("{")
    benchmarks = tito.folder / ".tito" / "benchmarks"
    benchmarks.mkdir(parents=True)
    (benchmarks / f"{name}.json").write_text("{")
    for folder in (".tinytorch/submissions", ".tito/submissions"):
        path = tito.folder / folder
        path.mkdir(parents=True)
        (path / f"{name}.json").write_text("{")
    tito("join")
    check_terminal(tito("submit", evil.name))
    check_terminal(tito("submit", f"missing {evil.name}"))
    check_terminal(tito("stats", "--from", evil.name))
    check_terminal(tito("stats", "--from", f"missing {evil.name}"))
    check_terminal(tito("stats"))
    check_terminal(tito("update"))
    check_terminal(tito("export", f"to {name}"))
    check_terminal(tito("export", f"to {name}"))
    check_terminal(tito("profile", "--project", f"missing {name}"))


@pytest.mark.parametrize("text", EVIL)
def test_settings(tito, text: str) -> None:
    path = tito.folder / ".tinytorch" / "config.json"
    path.parent.mkdir(parents=True)
    tito("join")
    for website in ({"enabled": True, "api_url": text}, {"enabled": text}, text):
        path.write_text(json.dumps({"schema": 1, "website": website}))
        for verb in ("profile", "sync", "update"):
            check_terminal(tito(verb))
            path.write_text(json.dumps({"schema": 1, "website": website}))


@pytest.mark.parametrize("text", EVIL)
def test_answers_of_a_server(tito, httpserver, text: str) -> None:
    detail = Response(json.dumps({"detail": text}), 422)
    httpserver.expect_request("/api/community/join").respond_with_handler(lambda _r: detail)
    document = {text: text, "a": text, "nested": {text: [text]}}
    httpserver.expect_request("/api/community/stats").respond_with_json(document)
    tito.configure(httpserver.url_for("").rstrip("/"))
    tito("join")
    check_terminal(tito("sync", "--share"))
    check_terminal(tito("sync"))
    ran = tito("stats", "--website")
    check_terminal(ran)
    if len(text) < 1000:
        assert tito("stats", "--website", "--json").document["website"] == document


def test_class_of_hostile_exports(tito):
    folder = tito.folder / "class"
    folder.mkdir()
    for number in range(6):
        text = EVIL[number]
        profile = {"anonymous_id": f"{text}{number}", "context": {"cohort": EVIL[0]}}
        (folder / f"{number}.json").write_text(json.dumps(profile))
    ran = tito("stats", "--from", "class")
    check_terminal(ran)
    assert "\\x1b[2J\\x1b[31mred" in ran.out


@pytest.mark.parametrize("action", ["join", "leave"])
@pytest.mark.parametrize("text", [one for one in EVIL if len(one) < 200])
def test_what_an_outbox_file_holds(tito, text: str, action: str) -> None:
    tito("join")
    tito.configure("https://example.org")
    item = {
        "schema": 1,
        "action": action,
        "data": "profile",
        "api_url": text,
        "idempotency_key": text,
        "created_at": text,
        "body": text,
        "refused": None,
    }
    path = tito.folder / ".tinytorch" / "outbox" / f"000001_{action}.json"
    path.parent.mkdir()
    path.write_text(json.dumps(item))
    ran = tito("sync", "--dry-run")
    check_terminal(ran)
    assert path.name in ran.out, "what was set aside is named"
    assert not path.exists()
    path.write_text(json.dumps(item))
    assert tito("sync", "--dry-run", "--json").document["waiting"] == []
    path.write_text(json.dumps(item))
    check_terminal(tito("profile"))
    check_terminal(tito("leave", "--force"))
