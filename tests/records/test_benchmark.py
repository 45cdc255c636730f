"""The benchmark record: complete, the same bytes again, null with a reason."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.made_record import made_record
from tito_bench.measure.results import Failure
from tito_bench.note import Note
from tito_bench.records.benchmark import decode_record, encode_record
from tito_bench.workloads.baseline import BASELINE


def test_a_record_says_what_was_measured_on_what() -> None:
    finding = Note("on_battery", "warning", "battery", "")
    record = made_record(environment=[finding], name="tinytorch", files={"Tensor": "t/core.py"})
    stored = json.loads(encode_record(record))
    assert next(iter(stored)) == "schema"
    assert stored["schema"] == 1
    assert stored["kind"] == "baseline"
    assert stored["created_at"] == "2026-11-22T20:30:00Z"
    assert stored["subject"]["files"] == {"Tensor": "t/core.py"}
    assert stored["system_info"]["machine"]["ram_gib"] == 16
    assert stored["system_info"]["environment"][0]["code"] == "on_battery"
    assert set(stored["raw_metrics"]) == {"tensor_ops_ms", "matmul_ms", "forward_pass_ms"}
    assert stored["normalized_metrics"]["composite"] == pytest.approx(2.0)
    assert stored["normalized_metrics"]["score"] == pytest.approx(90.0)
    assert stored["verdict"] == {"status": "stable", "reasons": []}


def test_an_operation_keeps_its_figures_and_its_raw_samples() -> None:
    operation = json.loads(encode_record(made_record()))["operations"][5]
    assert operation["name"] == "mlp_batch_256"
    assert operation["subject_ns"] == 2500
    assert operation["native_ns"] == 1000
    assert operation["dispatch_ns"] == 50
    assert operation["reference_ns"] == 1250
    assert operation["slowdown"] == pytest.approx(2.0)
    assert (operation["rounds_kept"], operation["rounds_dropped"]) == (6, 3)
    columns = operation["samples"]
    assert {len(column) for column in columns.values()} == {9}
    assert columns["subject_cpu_ns"] == [25_000] * 9


def test_what_was_not_measured_is_null_with_its_reason() -> None:
    missing = Failure("missing", "module 03 layers: Linear not found")
    record = made_record({"mlp_batch_256": missing, "mlp_batch_1": missing})
    stored = json.loads(encode_record(record))
    operation = stored["operations"][5]
    assert operation["failure"] == {"kind": "missing", "reason": missing.reason}
    for name in ("subject_ns", "native_ns", "slowdown", "slowdown_interval", "mdape"):
        assert operation[name] is None
    assert stored["raw_metrics"]["forward_pass_ms"] is None
    assert stored["normalized_metrics"]["slowdowns"]["forward_pass"] is None
    assert stored["normalized_metrics"]["score"] == pytest.approx(90.0)


@given(
    st.floats(0.5, 1e6),
    st.dictionaries(st.sampled_from([op.name for op in BASELINE]), st.text(max_size=40)),
    st.one_of(st.none(), st.text(max_size=40)),
)
def test_a_record_is_the_same_bytes_again(
    slowdown: float, failed: dict[str, str], note: str | None
) -> None:
    failures = {name: Failure("raised", reason) for name, reason in failed.items()}
    data = encode_record(made_record(failures, slowdown=slowdown, note=note))
    assert encode_record(decode_record(data)) == data
    assert data.endswith(b"}\n")


@pytest.mark.parametrize("data", [b"", b"{}", b'{"schema":2,"kind":"baseline"}', b"[1]", b"\xff"])
def test_anything_else_is_no_record(data: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode_record(data)
