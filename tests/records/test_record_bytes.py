"""The text of a record: the same document, with columns that can be read across."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from records.made_record import made_record
from tito_bench.records.schema import record_bytes

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False)
TEXTS = st.text() | st.sampled_from(["[\n 1,\n 2\n]", '"[', "]", "[\r\n1\r\n]", '\\"[\n1\n]'])
DOCUMENTS = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20
)


class Holder(msgspec.Struct):
    value: Any


@given(DOCUMENTS)
def test_any_document_is_the_same_document(value: Any) -> None:
    whole = msgspec.json.encode(Holder(value))
    assert msgspec.json.decode(record_bytes(Holder(value))) == msgspec.json.decode(whole)


def test_a_column_of_samples_is_one_line() -> None:
    lines = record_bytes(made_record()).decode().splitlines()
    columns = [line for line in lines if '"subject_loops"' in line]
    assert len(columns) == 7
    assert all(column.endswith("],") for column in columns)
    assert '  "schema": 1,' in lines
