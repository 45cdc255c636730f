"""roster, groups, mentors, inbox, block and report beside a server that says what a test wants.

The ways of real students through the real server are in server/tests/test_peers_journey.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.community.test_community_server import (
    Server,
    _no_proxy,
    key_of,
    member,
    server,
)
from cli.community.test_hostile_text import EVIL, check_terminal

__all__ = ["_no_proxy", "member", "server"]

_SPAN = {"from": 5, "to": 8}
_CARD = {"handle": "Ada", "modules": _SPAN, "country": "Kenya", "on_ladder": False}
_GROUP = {
    "id": "AbCdEfGhIjKl",
    "modules": _SPAN,
    "language": "en",
    "utc": _SPAN,
    "pace": "steady",
    "places": 4,
    "places_free": 2,
    "about": "tea",
    "you": "in",
}
_SEAT = {
    "handle": "a-b-c",
    "state": "asked",
    "modules": _SPAN,
    "language": "en",
    "utc": _SPAN,
}
_MATCH = {
    "id": "AbCdEfGhIjKl",
    "you_are": "learner",
    "state": "met",
    "module": 5,
    "language": "en",
    "mentor_says_finished": 9,
    "utc": _SPAN,
    "you_said_yes": True,
    "contact": "line",
}
_ANSWERS: dict[tuple[str, ...], tuple[str, dict[str, Any]]] = {
    ("roster",): ("roster", {"card": _CARD, "cards": [_CARD]}),
    ("roster", "ladder"): (
        "ladder",
        {
            "on_ladder": True,
            "enough": True,
            "rungs": [{"modules": 5, "milestones": 2, "handles": ["Ada"]}],
        },
    ),
    ("groups",): ("groups", {"mine": [_GROUP], "groups": [_GROUP]}),
    ("groups", "show", "x"): ("x", _GROUP | {"handle": "x", "seats": [_SEAT], "contact": "line"}),
    ("mentors",): (
        "matches",
        {
            "offer": {"paused": False, "places_free": 1, "places": 2},
            "request": {"waits_days": 3},
            "queue_closed": True,
            "median_wait_days": 4,
            "median_wait_is_longer": True,
            "matches": [_MATCH],
        },
    ),
    ("inbox",): (
        "inbox",
        {"last": 1, "events": [{"number": 1, "kind": "group asked", "ref": "x"}]},
    ),
}
_NEW = ("groups", "new", "--modules", "5-8", "--utc", "2", "--contact", "line")


@pytest.mark.parametrize("words", _ANSWERS, ids=" ".join)
def test_what_is_asked_and_shown(member, server: Server, words):
    name, document = _ANSWERS[words]
    server.answers[name] = (200, document)
    ran = member(*words)
    assert ran.status == 0, ran.err
    assert server.keys == [key_of(member)]
    assert server.asked[0].method == "GET"
    shown = member(*words, "--json")
    assert document in shown.document.values()


@pytest.mark.parametrize("words", _ANSWERS, ids=" ".join)
def test_no_answer_drives_the_terminal_or_ends_in_a_traceback(member, server: Server, words):
    name, document = _ANSWERS[words]
    for evil in EVIL:
        text = json.dumps(document)
        for plain in ("Ada", "Kenya", "tea", "line", "a-b-c", "AbCdEfGhIjKl", '"en"', "steady"):
            text = text.replace(f'"{plain.strip(chr(34))}"', json.dumps(evil))
        server.answers[name] = (200, text)
        check_terminal(member(*words))
    for broken in (
        {},
        dict.fromkeys(document),
        dict.fromkeys(document, "x"),
        {key: [7] for key in document},
    ):
        server.answers[name] = (200, broken)
        ran = member(*words)
        check_terminal(ran)
        if ran.status != 0:
            assert ran.status == 1
            assert "not that of a community server" in ran.err


def test_the_exact_bytes_are_shown_and_nothing_goes_unasked(member, server: Server):
    server.answers["groups"] = (200, {"status": "stored", "id": "AbCdEfGhIjKl"})
    ran = member(*_NEW)
    assert ran.status == 2
    assert "--yes" in ran.err
    dry = member(*_NEW, "--dry-run")
    assert dry.status == 0
    assert server.asked == []
    ran = member(*_NEW, "--yes")
    assert ran.status == 0, ran.err
    (request,) = server.asked
    body = request.get_data().decode()
    assert json.loads(body) == {
        "from_module": 5,
        "to_module": 8,
        "language": "en",
        "utc_hours": 2,
        "places": 4,
        "pace": "steady",
        "about": "",
        "contact": "line",
    }
    for said in (ran.out, dry.out):
        assert body in said.replace("\n", "").replace("    ", "") or body in said
    assert request.headers["Idempotency-Key"]
    assert "Your group is AbCdEfGhIjKl" in ran.out


def test_what_the_server_says_no_to_is_said_in_its_words(member, server: Server):
    for status in (403, 404, 409, 422):
        problem = {"title": "Full", "detail": "this group is full; there are others"}
        server.answers["ask"] = (status, problem)
        ran = member("groups", "ask", "AbCdEfGhIjKl", "--yes")
        assert ran.status == 1
        assert "this group is full; there are others" in ran.err
        assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("groups", "new", "--modules", "8-5", "--contact", "x"),
        ("groups", "new", "--modules", "5-8"),
        ("groups", "find", "--utc", "15"),
        ("mentors", "find", "--module", "21"),
        ("mentors", "offer", "--places", "4"),
        ("mentors", "answer", "AbCdEfGhIjKl", "--yes"),
        ("report", "card", "Ada"),
        ("block", "person", "Ada"),
    ],
    ids=" ".join,
)
def test_words_that_cannot_be_meant(member, server: Server, words):
    ran = member(*words)
    assert ran.status == 2
    assert server.asked == []


def test_nothing_is_asked_where_nothing_is_connected(tito, connections):
    for words in (("roster",), ("groups",), ("mentors",), ("inbox",), (*_NEW, "--yes")):
        ran = tito(*words)
        assert ran.status == 1
        assert "connected to no community" in ran.err
    assert connections == []
