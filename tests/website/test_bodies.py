"""A body is of its kind exactly where we could have made it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tito_bench.community.profile import Context, Institution, Profile, Progress
from tito_bench.records.submission import (
    SubmissionChoices,
    build_submission,
    shared_part,
    submission_bytes,
)
from tito_bench.website.payload import body_bytes, is_body, leave_payload, profile_payload
from website.conftest import NOW

ID = str(uuid.UUID(int=7))
TEXT = st.none() | st.text(max_size=200)
PROFILES = st.builds(
    Profile,
    anonymous_id=st.none() | st.uuids().map(str) | st.text(max_size=40),
    joined_at=st.none() | st.just("2026-11-22T20:00:00Z") | st.text(max_size=30),
    institution=st.builds(Institution, name=TEXT),
    context=st.builds(Context, cohort=TEXT, course_type=TEXT),
    progress=st.builds(
        Progress,
        milestones_passed=st.integers(0, 99),
        capstone_score=st.none() | st.floats(0, 100),
    ),
)
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | TEXT
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["score", "tracks", "speed", "name", "x"]), inner)
    ),
    max_leaves=12,
)


@given(PROFILES)
def test_every_profile_that_we_make_is_one(profile: Profile) -> None:
    body = body_bytes(profile_payload(profile))
    assert is_body("join", body)
    assert is_body("profile", body)
    assert not is_body("leave", body)
    assert not is_body("submit", body)


@settings(max_examples=300)
@given(TREES, TREES, TREES, TREES, st.text(max_size=300))
def test_every_submission_that_we_make_is_one(a: Any, b: Any, c: Any, d: Any, text: str) -> None:
    record = {
        "kind": "baseline",
        "created_at": text,
        "subject": {"name": text, "version": a},
        "raw_metrics": b,
        "normalized_metrics": {"tracks": a, "score": b},
        "verdict": {"status": c, "reasons": [a, {"code": text, "what": text}]},
        "system_info": d if isinstance(d, dict) else {"machine": {"os": text}},
    }
    made = build_submission(record, SubmissionChoices(True, True), NOW, ID)
    body = submission_bytes(shared_part(made))
    assert is_body("submit", body)
    assert not is_body("profile", body)


def test_a_leave_names_an_id_and_nothing_else() -> None:
    assert is_body("leave", body_bytes(leave_payload(ID)))
    assert not is_body("leave", body_bytes(leave_payload("anna")))
    assert not is_body("leave", body_bytes(leave_payload(ID) | {"home": "/home/anna"}))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 9999, b"{}", b"null"])
@pytest.mark.parametrize("action", ["join", "profile", "leave", "submit"])
def test_what_is_no_body_is_none(action: str, body: bytes) -> None:
    assert not is_body(action, body)


def test_one_more_field_anywhere_is_none() -> None:
    profile = json.loads(body_bytes(profile_payload(Profile(anonymous_id=ID))))
    made = build_submission({"kind": "baseline"}, SubmissionChoices(True), NOW)
    submission = json.loads(submission_bytes(shared_part(made)))
    for action, whole in (("join", profile), ("submit", submission)):
        for inner in [whole, *(one for one in whole.values() if isinstance(one, dict))]:
            inner["hostname"] = "annas-laptop"
            assert not is_body(action, body_bytes(whole)), inner
            del inner["hostname"]
