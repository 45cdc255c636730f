"""What can be in a payload, and above all what cannot."""

from __future__ import annotations

import getpass
import re
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tito_bench.community.profile import PROFILE, Profile, Progress
from tito_bench.records.schema import decode
from tito_bench.records.submission import (
    SUBMISSION,
    SubmissionChoices,
    build_submission,
    shared_part,
    submission_bytes,
)
from tito_bench.website.payload import body_bytes, leave_payload, profile_payload

NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
# What must never leave, with marks that cannot be there by chance.
SECRETS = (
    f"host-{socket.gethostname()}-zq",
    f"user-{getpass.getuser()}-zq",
    f"{Path.home()}/zq/secret",
    "C:\\Users\\zq\\secret",
    "00:1a:2b:3c:4d:5e",
    "00-1A-2B-3C-4D-5E",
    "serial-zq-4711",
)
SECRET = st.sampled_from(SECRETS)
KEYS = st.sampled_from(
    ["hostname", "user", "node", "path", "file", "mac", "serial", "home", "cwd", "email", "x/y"]
)
TREE = st.recursive(
    SECRET, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner), max_leaves=5
)
EXTRA = st.dictionaries(KEYS, TREE, max_size=4)


def _lacks_secrets(body: bytes) -> bool:
    text = body.decode()
    return not any(secret in text or secret.replace("\\", "\\\\") in text for secret in SECRETS)


def _with(base: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    return {**extra, **base}


@settings(deadline=None)
@given(EXTRA, EXTRA, EXTRA, SECRET)
def test_nothing_private_of_a_profile(a: Any, b: Any, c: Any, secret: str) -> None:
    stored = {
        **a,
        "schema": 1,
        "anonymous_id": secret,
        "joined_at": secret,
        "location": _with({"country": "Kenya"}, b),
        "institution": _with({"name": "University", "type": secret}, c),
        "context": _with({"cohort": "Fall 2026"}, a),
        "progress": _with({"modules_completed": 3}, b),
        "github_username": secret,
    }
    profile = decode(PROFILE, msgspec.json.encode(stored), "profile.json").value
    body = body_bytes(profile_payload(profile))
    assert _lacks_secrets(body)
    assert _lacks_secrets(body_bytes(leave_payload(secret)))
    assert msgspec.json.decode(body)["location"] == {"country": "Kenya"}


@settings(deadline=None)
@given(EXTRA, EXTRA, EXTRA, SECRET, st.booleans(), st.booleans())
def test_nothing_private_of_a_record(
    a: Any, b: Any, c: Any, secret: str, system: bool, identifier: bool
) -> None:
    record = {
        **a,
        "schema": 1,
        "kind": "baseline",
        "created_at": "2026-11-22T20:00:00Z",
        "subject": _with({"name": "tinytorch", "version": "0.1", "file": secret, "files": b}, a),
        "system_info": _with(
            {
                "machine": _with({"cpu_model": "AMD EPYC", "os": f"Linux 6.1.0-{secret}"}, b),
                "runtime": _with({"python": "3.12.1", "kernels_compiler": secret}, c),
            },
            a,
        ),
        "operations": [_with({"name": secret}, b)],
        "raw_metrics": _with({"matmul_ms": 1.5, "note": secret}, c),
        "normalized_metrics": _with({"slowdowns": _with({"matmul": 1.1}, a), "score": 98.6}, b),
        "verdict": _with(
            {
                "status": "unstable",
                "reasons": [
                    {
                        "code": "failed_operation",
                        "what": "matmul",
                        "value": f"cannot open {secret}",
                    },
                    _with({"code": "wide_interval", "what": "score", "value": "80 to 90"}, c),
                ],
            },
            a,
        ),
    }
    choices = SubmissionChoices(include_system_info=system, include_anonymous_id=identifier)
    submission = build_submission(record, choices, NOW, str(uuid.UUID(int=5)))
    body = submission_bytes(submission)
    assert _lacks_secrets(body)
    found = msgspec.json.decode(body)
    assert found["normalized_metrics"] == {"slowdowns": {"matmul": 1.1}, "score": 98.6}
    assert (found["anonymous_id"] is not None) == identifier
    assert (found["system_info"] is not None) == system
    if system:
        assert found["system_info"]["machine"] == {"cpu_model": "AMD EPYC", "os": "Linux 6.1"}
        assert found["system_info"]["runtime"] == {"python": "3.12.1"}
    edited = decode(SUBMISSION, msgspec.json.encode({**a, **found, **b}), "").value
    assert _lacks_secrets(submission_bytes(shared_part(edited)))


@settings(deadline=None)
@given(st.sampled_from(["00:1a:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", "/home/zq/x", "C:\\Users\\zq"]))
def test_paths_and_mac_addresses_even_in_allowed_fields(secret: str) -> None:
    record = {
        "kind": "baseline",
        "subject": {"name": f"numpy {secret}", "version": secret},
        "system_info": {"machine": {"cpu_model": f"AMD {secret} x"}, "runtime": {"blas": secret}},
        "verdict": {"status": secret, "reasons": [{"code": "a", "what": secret, "value": secret}]},
    }
    body = submission_bytes(build_submission(record, SubmissionChoices(True, True), NOW)).decode()
    assert secret not in body
    assert "zq" not in body
    assert body.count("[removed]") == 7


def test_ordinary_hardware_names_stay():
    names = ["AMD Ryzen 7 PRO w/ Radeon Graphics", "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz"]
    for name in names:
        record = {"kind": "baseline", "system_info": {"machine": {"cpu_model": name}}}
        found = build_submission(record, SubmissionChoices(True), NOW)
        assert found.system_info == {"machine": {"cpu_model": name}, "runtime": {}}


def test_a_profile_byte_for_byte():
    profile = Profile(
        anonymous_id="6f1c2d3e-4a5b-4c6d-8e7f-901234567890",
        joined_at="2026-11-22T20:30:00Z",
        progress=Progress(modules_completed=3, capstone_score=0.0),
    )
    assert (
        body_bytes(profile_payload(profile))
        == b"""{
  "schema": 1,
  "anonymous_id": "6f1c2d3e-4a5b-4c6d-8e7f-901234567890",
  "joined_on": "2026-11-22",
  "location": {
    "country": null
  },
  "institution": {
    "name": null
  },
  "context": {
    "course_type": null,
    "experience_level": null,
    "cohort": null
  },
  "progress": {
    "setup_verified": false,
    "milestones_passed": 0,
    "modules_completed": 3,
    "capstone_score": 0.0
  }
}
"""
    )


def test_only_random_ids_are_ids():
    for wrong in ("alice", "6F1C2D3E-4A5B-4C6D-8E7F-901234567890", "6f1c2d3e", None, "x" * 36):
        assert profile_payload(Profile(anonymous_id=wrong))["anonymous_id"] is None


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_texts_are_short_and_harmless(text: str) -> None:
    from tito_bench.community.profile import Institution

    payload = profile_payload(Profile(institution=Institution(name=text)))
    name = payload["institution"]["name"] or ""
    assert len(name) <= 120
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", name)
