"""JSON from elsewhere is a value, or a few words on why it is none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.foreign_json import NotJson, decode_foreign_json, read_file

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES, st.booleans(), st.booleans())
def test_a_document_is_its_value_with_or_without_a_mark(
    value: object, marked: bool, unique: bool
) -> None:
    data = json.dumps(value).encode("utf-8-sig" if marked else "utf-8")
    assert decode_foreign_json(data, unique_keys=unique) == value


@given(st.binary(), st.booleans())
def test_any_bytes_are_a_value_or_no_json(data: bytes, unique: bool) -> None:
    said = ""
    try:
        decode_foreign_json(data, unique_keys=unique)
    except NotJson as error:
        said = str(error)
    assert said.isprintable()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"name": "\xff"}', "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": 1, "a": 2}', "occurs twice"),
        (b'{"a": ', "truncated"),
        (b'{"a": NaN}', "^NaN is not a number of JSON$"),
        (b"[1, -Infinity]", "^-Infinity is not a number of JSON$"),
        (b'["NaN" 1]', "malformed"),
        (b"", "truncated"),
    ],
)
def test_what_is_none_says_why(data: bytes, words: str) -> None:
    with pytest.raises(NotJson, match=words):
        decode_foreign_json(data)


def test_a_key_given_twice_is_passed_over_where_it_does_not_matter() -> None:
    assert decode_foreign_json(b'{"a": 1, "a": 2}', unique_keys=False) == {"a": 2}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
@pytest.mark.timeout(20)
def test_what_is_no_regular_file_is_neither_waited_for_nor_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zeros").symlink_to("/dev/zero")
    for name in ("pipe", "zeros"):
        with pytest.raises(OSError, match="not a regular file"):
            read_file(tmp_path / name, 10)
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path, 10)
    (tmp_path / "file").write_bytes(bytes(20))
    assert read_file(tmp_path / "file", 10) == bytes(10)
