"""docs/api.yaml says what the client really sends."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tito_bench.community.profile import Context, Profile, Progress
from tito_bench.records.submission import SubmissionChoices, build_submission, submission_bytes
from tito_bench.website.payload import body_bytes, leave_payload, profile_payload
from tito_bench.website.sender import PATHS

jsonschema = pytest.importorskip("jsonschema", reason="comes with openapi-spec-validator")
validator = pytest.importorskip("openapi_spec_validator")
yaml = pytest.importorskip("yaml")

NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
IDENTIFIER = str(uuid.UUID(int=7, version=4))


@pytest.fixture(scope="module")
def description() -> Any:
    path = Path(__file__).resolve().parents[2] / "docs" / "api.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _check(description: Any, name: str, body: bytes) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
    checker = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    checker.validate(json.loads(body))


def test_it_is_valid_openapi(description):
    validator.validate(description)


def test_it_has_the_paths_of_the_client(description):
    posts = {path for path, methods in description["paths"].items() if "post" in methods}
    assert posts >= {*PATHS.values(), "/api/community/links"}
    assert "get" in description["paths"]["/api/community/stats"]


@pytest.mark.parametrize(
    "profile",
    [
        Profile(),
        Profile(
            anonymous_id=IDENTIFIER,
            joined_at="2026-11-22T20:30:00Z",
            context=Context(course_type="university", cohort="Fall 2026"),
            progress=Progress(modules_completed=3, capstone_score=12.5),
        ),
    ],
)
def test_profiles(description, profile):
    _check(description, "Profile", body_bytes(profile_payload(profile)))


def test_leaving(description):
    _check(description, "Leave", body_bytes(leave_payload(IDENTIFIER)))


@pytest.mark.parametrize("choices", [SubmissionChoices(), SubmissionChoices(True, True)])
def test_submissions(description, choices):
    record = {
        "kind": "baseline",
        "created_at": "2026-11-22T20:00:00Z",
        "subject": {"name": "numpy", "version": None},
        "system_info": {"machine": {"cpu_model": "x", "ram_gib": 16}, "runtime": {"blas": None}},
        "raw_metrics": {"matmul_ms": None},
        "normalized_metrics": {"slowdowns": {"matmul": 1.5}, "score_interval": [1.0, 2.0]},
        "verdict": {"status": "stable", "reasons": [{"code": "a", "what": "b", "value": "c"}]},
    }
    submission = build_submission(record, choices, NOW, IDENTIFIER)
    _check(description, "Submission", submission_bytes(submission))


def test_a_field_too_many_is_seen(description):
    body = body_bytes(profile_payload(Profile()) | {"hostname": "x"})
    with pytest.raises(jsonschema.ValidationError, match="hostname"):
        _check(description, "Profile", body)
