"""Which records can be compared, and what keeps the others from it."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from records.made_record import NOW, made_capstone, made_record
from tito_bench.measure.results import Failure
from tito_bench.records.benchmark import BenchmarkRecord, decode_record
from tito_bench.records.comparable import differences, newest_scored
from tito_bench.records.read import Record, RecordHeader, header_of

MISSING = Failure("missing", "module 03 layers: Linear not found")


def entry_of(record: Record) -> RecordHeader:
    return header_of(record, "x.json")


def test_records_of_the_first_version_are_read_and_stay_comparable() -> None:
    record = made_record()
    stored = msgspec.to_builtins(record)
    for operation in stored["operations"]:
        del operation["definition"]
    old = msgspec.json.encode(stored)
    assert decode_record(old).operations[0].definition is None
    assert differences(header_of(decode_record(old), "old.json"), entry_of(record)) == ()


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (made_record(slowdown=9.0, now=NOW - timedelta(days=300)), ()),
        (made_record(ran_on={"kernel_target": "avx2", "python": "3.13.0"}), ()),
        (made_record(fingerprint="edited", version="0.2"), ()),
        (made_record(ran_on={"kernels_version": "2"}), ("kernels",)),
        (made_record(name="tinytorch"), ("subject",)),
        (made_record({"mlp_batch_256": MISSING}), ("parts",)),
        (made_record({"mlp_batch_1": MISSING}), ()),
        (
            made_record({"matmul_100": MISSING}, name="tinytorch", ran_on={"kernels_version": ""}),
            ("kernels", "subject", "parts"),
        ),
    ],
)
def test_why_scores_cannot_be_compared(record: BenchmarkRecord, expected: tuple[str, ...]) -> None:
    one, other = entry_of(record), entry_of(made_record())
    assert differences(one, other) == differences(other, one) == expected


@pytest.mark.parametrize("change", [{"version": 3}, {"definition": "0" * 12}, {"scored": False}])
@pytest.mark.parametrize("changed", range(7))
def test_another_definition_of_a_scored_operation_is_another_workload(
    change: dict[str, object], changed: int
) -> None:
    record = made_record()
    operations = list(record.operations)
    operations[changed] = msgspec.structs.replace(operations[changed], **change)
    other = msgspec.structs.replace(record, operations=operations)
    expected = ("workload",) if record.operations[changed].scored else ()
    assert differences(entry_of(record), entry_of(other)) == expected


def test_the_newest_scored_is_the_newest_of_its_kind_with_a_score() -> None:
    broken = Failure("raised", "ValueError")
    entries = [
        entry_of(record)
        for record in (made_record(), made_capstone(), made_record({"matmul_100": broken}))
    ]
    assert newest_scored(entries, "baseline") is entries[0]
    assert newest_scored(entries, "capstone") is entries[1]
    assert newest_scored(entries[2:], "baseline") is None
