"""Submissions: what is taken from a record, and the file that is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tito_bench import __version__
from tito_bench.errors import StoreError
from tito_bench.records.schema import decode
from tito_bench.records.submission import (
    SUBMISSION,
    SubmissionChoices,
    build_submission,
    shared_part,
    write_submission,
)

ID = "00000000-0000-4000-8000-000000000007"
RECORD: dict[str, Any] = {
    "schema": 1,
    "kind": "baseline",
    "created_at": "2026-11-22T20:00:00Z",
    "subject": {"name": "tinytorch", "version": "0.1.10", "file": "tinytorch/core/tensor.py"},
    "system_info": {
        "machine": {"cpu_model": "AMD EPYC", "os": "Darwin 24.1.0", "cores_logical": None},
        "runtime": {"python": "3.12.1", "numpy": "2.1.0", "kernels_compiler": "/opt/gcc"},
    },
    "raw_metrics": {"tensor_ops_ms": 0.01, "matmul_ms": None},
    "normalized_metrics": {
        "slowdowns": {"matmul": 1.1, "tensor_ops": None},
        "composite": 1.05,
        "score": 99.3,
        "score_interval": [99.0, 99.5],
    },
    "verdict": {
        "status": "unstable",
        "reasons": [{"code": "wide_interval", "what": "score", "value": "90.0 to 95.0"}],
    },
}


def test_the_file_that_is_written(tmp_path, now):
    path = write_submission(tmp_path, RECORD, SubmissionChoices(True, True), now, ID)
    assert path.parent == tmp_path / ".tinytorch" / "submissions"
    assert path.name.startswith("baseline_20261122T203000Z_")
    assert json.loads(path.read_bytes()) == {
        "schema": 1,
        "kind": "submission",
        "created_at": "2026-11-22T20:30:00Z",
        "tito_bench_version": __version__,
        "benchmark": "baseline",
        "measured_at": "2026-11-22T20:00:00Z",
        "anonymous_id": ID,
        "subject": {"name": "tinytorch", "version": "0.1.10"},
        "raw_metrics": {"tensor_ops_ms": 0.01, "matmul_ms": None},
        "normalized_metrics": RECORD["normalized_metrics"],
        "verdict": RECORD["verdict"],
        "system_info": {
            "machine": {"cpu_model": "AMD EPYC", "cores_logical": None, "os": "Darwin 24.1"},
            "runtime": {"python": "3.12.1", "numpy": "2.1.0"},
        },
    }


@pytest.mark.parametrize("os", [None, "Darwin 24.1.0", "???", 5, True, "", ["Linux"]])
def test_a_submission_that_is_passed_through_the_lists_again_stays_as_it_is(os: Any, now) -> None:
    record = RECORD | {"system_info": {"machine": {"os": os}, "runtime": {}}}
    made = build_submission(record, SubmissionChoices(True, True), now, ID)
    assert shared_part(made) == made
    assert made.system_info is not None
    assert made.system_info["machine"]["os"] != "None"


@pytest.mark.parametrize("name", ["anna", "anna@example.com", ID.replace("7", "G"), f"{ID}\n"])
def test_an_id_that_is_none_is_left_out(now, name) -> None:
    made = build_submission(RECORD, SubmissionChoices(True, True), now, name)
    assert made.anonymous_id is None
    edited = replace(made, anonymous_id=name)
    assert shared_part(edited).anonymous_id is None


def test_a_record_as_bytes_is_the_same(tmp_path, now):
    choices = SubmissionChoices()
    one = write_submission(tmp_path, RECORD, choices, now)
    two = write_submission(tmp_path, json.dumps(RECORD).encode(), choices, now)
    assert one != two, "never overwritten"
    assert one.read_bytes() == two.read_bytes()
    found = json.loads(one.read_bytes())
    assert (found["anonymous_id"], found["system_info"]) == (None, None), "left out unless chosen"


@pytest.mark.parametrize("record", [b"{", b"[1]", b"", {"kind": "other"}, {}])
def test_what_is_no_record(tmp_path, now, record):
    with pytest.raises(StoreError, match=r"record"):
        write_submission(tmp_path, record, SubmissionChoices(), now)
    assert not (tmp_path / ".tinytorch").exists()


@pytest.mark.parametrize("odd", [None, 5, "x", [1], {"a": {"b": {"c": 1}}}, True])
def test_odd_blocks_become_empty_ones(now, odd):
    record = dict.fromkeys(RECORD, odd) | {"kind": "capstone"}
    found = build_submission(record, SubmissionChoices(True), now)
    assert found.benchmark == "capstone"
    assert found.subject == found.raw_metrics == found.normalized_metrics == {}
    assert not found.verdict.get("reasons")


@pytest.mark.parametrize("odd", [[], {}, [["baseline"]], 7, None, True])
def test_a_kind_may_be_anything(now, odd) -> None:
    """What cannot be hashed, too."""
    with pytest.raises(StoreError, match="neither a baseline nor a capstone"):
        build_submission(RECORD | {"kind": odd}, SubmissionChoices(), now)
    of_the_course = json.dumps({"benchmark_type": odd, "metrics": {}}).encode()
    assert decode(SUBMISSION, of_the_course, "old.json").value.benchmark == "other"


def test_no_boolean_is_a_figure(now):
    record = RECORD | {"raw_metrics": {"matmul_ms": True, "tensor_ops_ms": [1.0, True, "x", None]}}
    found = build_submission(record, SubmissionChoices(), now)
    assert found.raw_metrics == {"tensor_ops_ms": [1.0, None]}
