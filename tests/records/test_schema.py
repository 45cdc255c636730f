"""Bytes to typed values and back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tito_bench.errors import NewerSchema
from tito_bench.records.schema import DocumentKind, Unreadable, decode, encode


class Inner(msgspec.Struct, frozen=True):
    size: int = 1
    free: dict[str, int] = {}


class Thing(msgspec.Struct, frozen=True):
    name: str = ""
    inner: Inner = Inner()


THING = DocumentKind("thing", Thing, 1)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
# Characters that UTF-8 can carry.
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(deadline=None)
@given(TEXT, st.integers(-(2**63), 2**64 - 1), st.dictionaries(TEXT, st.integers(0, 9)))
def test_round_trip(name: str, size: int, free: dict[str, int]) -> None:
    thing = Thing(name, Inner(size, free))
    data = encode(THING, thing)
    found = decode(THING, data, "thing.json")
    assert found.value == thing
    assert encode(THING, found.value, found.stored) == data


@settings(deadline=None)
@given(st.dictionaries(TEXT, JSON, max_size=4), st.dictionaries(TEXT, JSON, max_size=4))
def test_unknown_fields_survive_a_change(outer: dict[str, Any], inner: dict[str, Any]) -> None:
    outer = {k: v for k, v in outer.items() if k not in {"schema", "name", "inner"}}
    inner = {k: v for k, v in inner.items() if k not in {"size", "free"}}
    stored = {"schema": 1, **outer, "name": "a", "inner": {**inner, "size": 2, "free": {"x": 1}}}
    found = decode(THING, msgspec.json.encode(stored), "thing.json")
    changed = Thing("b", Inner(3, {"y": 2}))
    again = msgspec.json.decode(encode(THING, changed, found.stored))
    expected = {**stored, "name": "b", "inner": {**inner, "size": 3, "free": {"y": 2}}}
    assert again == msgspec.json.decode(msgspec.json.encode(expected))


def test_every_prefix_of_a_valid_file_is_refused():
    data = encode(THING, Thing("näme", Inner(12345)))
    for length in range(len(data) - 2):  # up to the closing brace
        with pytest.raises(Unreadable):
            decode(THING, data[:length], "thing.json")
    assert decode(THING, data[:-1], "thing.json").value.inner.size == 12345


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "truncated"),
        (b"\0" * 200, "malformed"),
        ('{"schema": 1}'.encode("utf-16"), "UTF-16"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"schema":1,"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested too deeply"),
        (b'{"schema": 1, "inner": {"size": NaN}}', "NaN is not a number of JSON"),
        (b'{"schema": 1, "inner": {"size": Infinity}}', "Infinity is not a number of JSON"),
        (b'{"schema": 1, "inner": {"size": 1e999}}', "out of range|int"),
        (b'{"schema": 1, "inner": {"size": 1' + b"0" * 5000 + b"}}", "integer|digits|range"),
        (b'{"schema": 1, "name": "a", "name": "b"}', "'name' occurs twice"),
        (b'{"schema": 1, "inner": {"size": 1, "size": 1}}', "'size' occurs twice"),
        (b'{"schema": 1, "name": "\\ud800"}', "surrogate|truncated"),
        (b'{"schema": 1, "name": "\xff"}', "utf-8|UTF-8"),
        (b'{"schema": 1, "name": "a\nb"}', "malformed|control"),
        (b'{"schema": 1} {"schema": 1}', "malformed|trailing"),
        (b'["schema", 1]', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"schema": "1"}', "schema is not a whole number"),
        (b'{"schema": true}', "schema is not a whole number"),
        (b'{"schema": 1.0}', "schema is not a whole number"),
        (b'{"schema": -1}', "schema is not a whole number"),
        (b'{"schema": null}', "schema is not a whole number"),
        (b"{}", "schema 0 of a thing is not known"),
        (b'{"schema": 1, "name": 5}', r"Expected `str`, got `int` - at `\$.name`"),
        (b'{"schema": 1, "inner": []}', r"at `\$.inner`"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=f"(?i){reason}") as caught:
        decode(THING, data, "thing.json")
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_no_harm():
    assert decode(THING, b"\xef\xbb\xbf" + encode(THING, Thing("a")), "").value == Thing("a")


@pytest.mark.parametrize("schema", ["2", "9" * 30])
def test_a_newer_schema_is_refused(schema: str) -> None:
    data = b'{"schema": %s, "name": 5}' % schema.encode()
    with pytest.raises(NewerSchema, match=r"thing.json was written by a newer.*upgrade") as caught:
        decode(THING, data, "thing.json")
    assert len(str(caught.value)) < 150


def test_migrations_go_one_step_at_a_time():
    steps: list[int] = []

    def step(number: int) -> Any:
        def migrate(found: dict[str, Any]) -> dict[str, Any]:
            assert found.get("schema", 0) == number
            steps.append(number)
            return found | {"name": found.get("name", "") + str(number)}

        return migrate

    kind = DocumentKind("thing", Thing, 3, {n: step(n) for n in range(3)})
    assert decode(kind, b"{}", "").value.name == "012"
    assert decode(kind, b'{"schema": 2}', "").value.name == "2"
    assert steps == [0, 1, 2, 2]
    found = decode(kind, b'{"schema": 3, "name": "x"}', "")
    assert found.stored["schema"] == 3
    with pytest.raises(Unreadable, match="schema 1 of a thing is not known"):
        decode(DocumentKind("thing", Thing, 3, {0: step(0)}), b'{"schema": 1}', "")
