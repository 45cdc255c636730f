"""Files of every schema there ever was: what is made of them must not change."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from records.made_record import NOW, made_capstone
from tito_bench.community.profile import PROFILE, Context, Institution, Location, Profile, Progress
from tito_bench.measure.verdict import reason
from tito_bench.note import Note
from tito_bench.records.benchmark import decode_record
from tito_bench.records.capstone import decode_capstone, encode_capstone
from tito_bench.records.project_config import CONFIG, Config, LocalSettings, WebsiteSettings
from tito_bench.records.read import read_record
from tito_bench.records.schema import DocumentKind, decode, encode, record_bytes
from tito_bench.records.submission import SUBMISSION

GOLDEN = Path(__file__).parent / "golden"


def _decoded(kind: DocumentKind[Any], name: str) -> Any:
    return decode(kind, (GOLDEN / name).read_bytes(), name)


def test_the_profile_of_the_mission():
    found = _decoded(PROFILE, "profile_0_mission.json")
    assert found.value == Profile(
        anonymous_id="6f1c2d3e-4a5b-4c6d-8e7f-901234567890",
        joined_at="2024-11-20T10:30:00",
        location=Location(country="United States"),
        institution=Institution(name="Harvard University"),
        context=Context(
            course_type="university", experience_level="intermediate", cohort="Fall 2024"
        ),
        progress=Progress(),
    )


def test_upstreams_flat_profile():
    found = _decoded(PROFILE, "profile_0_upstream_v2.json")
    assert found.value == Profile(
        joined_at="2026-01-15T09:00:00Z",
        location=Location(country="Kenya"),
        institution=Institution(name="University of Nairobi"),
    )
    again = msgspec.json.decode(encode(PROFILE, found.value, found.stored))
    assert again["github_username"] == "octocat"
    assert again["profile_url"] == "https://example.org/octocat"


def test_a_profile_of_odd_shapes_loses_nothing():
    found = _decoded(PROFILE, "profile_0_odd.json")
    assert found.value == Profile(progress=Progress(modules_completed=3))
    again = msgspec.json.decode(encode(PROFILE, found.value, found.stored))
    assert again["progress"]["badges"] == ["first"]
    assert again["before_schema_1"] == {
        "anonymous_id": 7,
        "context": "none",
        "progress.setup_verified": "yes",
    }


def test_a_partial_config_keeps_every_other_default():
    found = _decoded(CONFIG, "config_0_partial.json")
    assert found.value == Config(website=WebsiteSettings(enabled=True), local=LocalSettings())
    assert found.value.website.base_url == "https://tinytorch.ai"
    assert msgspec.json.decode(encode(CONFIG, found.value, found.stored))["theme"] == "dark"


def test_a_submission_of_the_course():
    found = _decoded(SUBMISSION, "submission_0_course.json").value
    assert found.raw_metrics == {"tensor_ops_ms": 0.03, "matmul_ms": 0.02, "forward_pass_ms": 0.4}
    assert found.normalized_metrics == {}, "a score against constants is not comparable"
    assert found.verdict == {"status": "not comparable", "reasons": []}
    assert found.system_info is None
    assert found.anonymous_id is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (PROFILE, "profile_1.json"),
        (CONFIG, "config_1.json"),
        (SUBMISSION, "submission_1.json"),
    ],
)
def test_the_present_schema_round_trips_byte_for_byte(kind, name):
    found = _decoded(kind, name)
    assert encode(kind, found.value, found.stored) == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.glob("*_0_*.json")))
def test_a_migrated_file_is_stable(name):
    kinds: dict[str, DocumentKind[Any]] = {
        "profile": PROFILE,
        "config": CONFIG,
        "submission": SUBMISSION,
    }
    kind = kinds[name.partition("_")[0]]
    found = _decoded(kind, name)
    once = encode(kind, found.value, found.stored)
    again = decode(kind, once, name)
    assert again.value == found.value
    assert encode(kind, again.value, again.stored) == once
    assert once.startswith(b'{\n  "schema": 1,')


def _is_part(old: Any, new: Any) -> bool:
    """Whether all of the old document stands in the new one; newer fields may stand beside it."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(
            name in new and _is_part(value, new[name]) for name, value in old.items()
        )
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_is_part, old, new))
    return bool(old == new)


@pytest.mark.parametrize("kind", ["baseline", "capstone"])
def test_a_record_of_before_is_read_and_written_as_before(kind: str) -> None:
    """Written before figures were computed again, and before notes were of one type."""
    data = (GOLDEN / f"record_1_{kind}.json").read_bytes()
    header, record = read_record(data, "old.json", NOW)
    old, new = json.loads(data), json.loads(record_bytes(record))
    assert _is_part(old, new)
    assert [list(note) for note in new["verdict"]["reasons"]] == [
        ["code", "what", "value"] for _ in old["verdict"]["reasons"]
    ]
    metrics = old["normalized_metrics"]
    score = metrics["score"] if kind == "baseline" else metrics["overall"]
    assert (header.kind, header.score, header.created_at) == (
        kind,
        score,
        datetime(2026, 11, 22, 20, 30, tzinfo=UTC),
    )


def test_the_notes_of_an_old_record_keep_their_fields() -> None:
    data = (GOLDEN / "record_1_baseline.json").read_bytes()
    record = decode_record(data)
    assert record.system_info.environment == [
        Note("on_battery", "warning", "battery", "57%"),
        Note("few_cores", "info", "cores", "1"),
    ]
    assert record.verdict.reasons[-1] == reason("blas_threads", "openblas", "4")
    environment = json.loads(record_bytes(record))["system_info"]["environment"]
    assert [list(note) for note in environment] == [["code", "severity", "what", "value"]] * 2


@pytest.mark.parametrize(
    "energy",
    [None, {"type": "energy", "model": "mlp_wide", "joules_per_inference": 2e-5, "inferences": 64}],
    ids=["without a counter", "with one"],
)
def test_a_capstone_record_that_still_had_the_energy_of_an_inference(energy: object) -> None:
    record = made_capstone()
    stored = msgspec.json.decode(encode_capstone(record)) | {"energy": energy}
    assert decode_capstone(msgspec.json.encode(stored)) == record
