"""Laws of documents and of what leaves the machine, held against generated ones (hypothesis)."""

from __future__ import annotations

import json
import random
import re
import traceback
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from capstone.test_submission_check import GOOD
from machine.facts import card
from records.made_record import made_capstone, made_record
from robustness.commands import Outcome
from tito_bench.capstone.submission_check import check_submission
from tito_bench.community.consent import CONSENT, Answer, Consent
from tito_bench.community.handed_in import NotHandedIn, latest_of, read_handed_in
from tito_bench.community.place import Place
from tito_bench.community.profile import PROFILE, Context, Institution, Location, Profile
from tito_bench.errors import NewerSchema, StoreError
from tito_bench.foreign_json import NotJson, decode_foreign_json
from tito_bench.records.calibration import CALIBRATION
from tito_bench.records.project_config import CONFIG, Config
from tito_bench.records.read import NotARecord, read_record
from tito_bench.records.schema import DocumentKind, Unreadable, decode, encode, record_bytes
from tito_bench.records.submission import (
    SUBMISSION,
    Submission,
    SubmissionChoices,
    build_submission,
    shared_part,
    submission_bytes,
)
from tito_bench.website.member_key import MEMBER_KEYS, KeyRing, MemberKey, new_member_key
from tito_bench.website.outbox import ITEM, Item
from tito_bench.website.payload import body_bytes, is_body, profile_payload
from tito_bench.website.sync_state import SYNC_STATE, SyncState

__all__ = ["LAWS", "try_laws"]

NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
_ID = "00000000-0000-4000-8000-000000000007"
_ANSWER = Answer(granted=True, answered_at="2026-11-22T20:00:00Z", api_url="https://a.example")
_PROFILE = Profile(
    anonymous_id=_ID,
    joined_at="2026-11-22T20:00:00Z",
    location=Location(country="Kenya"),
    institution=Institution(name="University"),
    context=Context(cohort="Fall 2026", course_type="university"),
)
_BODY = body_bytes(profile_payload(_PROFILE)).decode()
_RECORD: dict[str, Any] = json.loads(record_bytes(made_record()))
_CAPSTONE: dict[str, Any] = json.loads(record_bytes(made_capstone()))
_SUBMITTED = build_submission(_RECORD, SubmissionChoices(True, True), NOW, _ID)
_ITEM = Item(
    action="join",
    data="profile",
    api_url="https://a.example",
    idempotency_key=_ID,
    created_at="2026-11-22T20:00:00Z",
    body=_BODY,
    seal="0" * 64,
)
_KEYS = KeyRing(keys=[MemberKey(origin="https://a.example:443", key=new_member_key(), seal="00")])
_HEALTHY: tuple[tuple[DocumentKind[Any], msgspec.Struct], ...] = (
    (CONFIG, Config()),
    (PROFILE, _PROFILE),
    (CONSENT, Consent(profile=_ANSWER, benchmarks=_ANSWER, seal="0" * 64)),
    (SYNC_STATE, SyncState(api_url="https://a.example", known_id=_ID, submission_digests=["00"])),
    (ITEM, _ITEM),
    (MEMBER_KEYS, _KEYS),
    (SUBMISSION, _SUBMITTED),
    (CALIBRATION, card({"add": 1200.0, "matmul": 14_000.0})),
)
_UNKNOWN = "a field of tomorrow"
_PRIVATE = "/home/anna-zq/secret"
_SHOWN_AS_ONE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that can drive a terminal or a reader."""

_LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.sampled_from(["", "latest", "1e999", "2026-11-22T20:00:00Z", _ID, _PRIVATE])
    | st.just("\x1b[2J\u202e") | st.sampled_from([10**400, -(10**400)])  # beyond all floats
)  # fmt: skip
_TREES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def _places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(tree, dict):
        pairs: Any = tree.items()
    else:
        pairs = enumerate(tree) if isinstance(tree, list) else ()
    for key, inner in pairs:
        found += _places(inner, (*path, key))
    return found


@st.composite
def _changed(draw: st.DrawFn, tree: Any, most: int = 3) -> Any:
    """Return a copy of a JSON document with some of it replaced, removed or added."""
    tree = json.loads(json.dumps(tree))
    for _ in range(draw(st.integers(0, most))):
        places = _places(tree)
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        inner = tree
        for key in way:
            inner = inner[key]
        what = draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "replace":
            inner[last] = draw(_TREES)
        elif what == "remove":
            del inner[last]
        elif isinstance(inner, dict):
            inner[draw(st.text(max_size=8))] = draw(_TREES)
    return tree


def _json(tree: Any) -> bytes:
    return json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace")


def _or_refused(read: Callable[[], Any], *refusals: type[Exception]) -> Any:
    """Return what `read` does, None where it refuses, which it must do with a word."""
    try:
        return read()
    except refusals as error:
        said = str(error)
    assert said
    return None


def _decoded(kind: DocumentKind[Any], data: bytes) -> Any:
    return _or_refused(lambda: decode(kind, data, "x.json"), Unreadable, NewerSchema)


# -- the laws: each takes `data`, and is told how often it is tried ---------------------------


def state_files(data: st.DataObject) -> None:
    """A changed file is refused by name, or read, and then nothing of it is lost by writing."""
    kind, healthy = data.draw(st.sampled_from(_HEALTHY))
    stored = json.loads(encode(kind, healthy)) | {_UNKNOWN: [1]}
    tree = data.draw(_changed(stored))
    document = _decoded(kind, _json(tree))
    if document is None:
        return
    written = encode(kind, document.value, document.stored)
    again = decode(kind, written, "x.json")
    assert again.value == document.value
    assert written == encode(kind, again.value, again.stored)
    assert document.stored.keys() <= json.loads(written).keys()
    if isinstance(tree, dict) and tree.get("schema") == kind.schema and _UNKNOWN in tree:
        assert again.stored[_UNKNOWN] == document.stored[_UNKNOWN]


def bytes_of_any_kind(data: st.DataObject) -> None:
    """Whatever the bytes are, every reader has a word for it."""
    healthy = data.draw(
        st.sampled_from([b"", _json(_RECORD)[:400], b'{"schema": 1}', b"[[[[", b"\xef\xbb\xbf"])
    )
    given_bytes = healthy + data.draw(st.binary(max_size=60))
    _or_refused(lambda: decode_foreign_json(given_bytes), NotJson)
    for kind, _ in _HEALTHY:
        _decoded(kind, given_bytes)
    _or_refused(lambda: read_record(given_bytes, "x.json", NOW), NotARecord)


def records(data: st.DataObject) -> None:
    """A changed record is refused, or says what its samples say."""
    whole = data.draw(st.sampled_from([_RECORD, _CAPSTONE]))
    tree = data.draw(_changed(whole))
    found = _or_refused(lambda: read_record(_json(tree), "x.json", NOW), NotARecord)
    if found is None:
        return
    header, record = found
    assert header.score is None or 0 <= header.score <= 100
    assert read_record(record_bytes(record), "x.json", NOW)[0] == header


def what_is_handed_in(data: st.DataObject, folder: Path) -> None:
    """A changed export, profile or submission is counted, or refused by name."""
    export = {
        "kind": "community_export",
        "profile": json.loads(_BODY),
        "submissions": [json.loads(submission_bytes(_SUBMITTED))],
    }
    path = folder / "one.json"
    path.write_bytes(_json(data.draw(_changed(export))))
    found = _or_refused(lambda: read_handed_in(str(path), latest_of(NOW)), NotHandedIn)
    if found is None:
        return
    assert found.identifier is None or len(found.identifier) <= 80
    for submission in found.submissions:
        assert submission.points is None or 0 <= submission.points <= 100


def module_20(data: st.DataObject) -> None:
    """A changed submission of the course has its faults named, whatever they are."""
    tree = data.draw(_changed(GOOD, most=4))
    for found in check_submission(tree):
        assert found


def profiles_that_leave(data: st.DataObject) -> None:
    """Of a profile go the named fields, short and harmless; an id only if it is a random one."""
    stored = json.loads(encode(PROFILE, _PROFILE)) | {"path": _PRIVATE}
    document = _decoded(PROFILE, _json(data.draw(_changed(stored))))
    if document is None:
        return
    body = body_bytes(profile_payload(document.value))
    assert is_body("join", body)
    found = json.loads(body)
    assert {key: set(found[key]) if isinstance(found[key], dict) else None for key in found} == {
        key: set(inner) if isinstance(inner, dict) else None
        for key, inner in json.loads(_BODY).items()
    }
    _assert_harmless(found)
    _assert_random_id(found["anonymous_id"])


def submissions_that_leave(data: st.DataObject) -> None:
    """Of a record go the named fields; no path, no address, no text that drives a reader."""
    whole = data.draw(st.sampled_from([_RECORD, _CAPSTONE]))
    tree = data.draw(_changed(whole, most=6))
    choices = SubmissionChoices(data.draw(st.booleans()), data.draw(st.booleans()))
    identifier = data.draw(st.sampled_from([None, _ID, "anna", "anna@example.com"]))
    made = _or_refused(lambda: build_submission(tree, choices, NOW, identifier), StoreError)
    if made is not None:
        _assert_may_go(made)


def edited_submissions_that_leave(data: st.DataObject) -> None:
    """The same of a submission's file that somebody has edited."""
    stored = json.loads(submission_bytes(_SUBMITTED))
    document = _decoded(SUBMISSION, _json(data.draw(_changed(stored, most=5))))
    if document is not None:
        _assert_may_go(document.value)


def seals(data: st.DataObject, folder: Path) -> None:
    """What was changed after it was sealed is not this person's any more."""
    place = Place(folder, {"HOME": str(folder / "home")})
    seal = place.seal("outbox item", *_ITEM.sealed_parts)
    item = msgspec.structs.replace(_ITEM, seal=seal)
    tree = data.draw(_changed(json.loads(encode(ITEM, item))))
    document = _decoded(ITEM, _json(tree))
    if document is None:
        return
    found = document.value
    mine = place.is_sealed(found.seal, "outbox item", *found.sealed_parts)
    assert mine == (found.seal == seal and found.sealed_parts == item.sealed_parts)


def _assert_may_go(made: Submission) -> None:
    body = submission_bytes(shared_part(made))
    assert is_body("submit", body)
    found = json.loads(body)
    assert set(found) == set(json.loads(submission_bytes(_SUBMITTED)))
    assert _PRIVATE not in body.decode()
    _assert_harmless(found)
    _assert_random_id(found["anonymous_id"])


def _assert_harmless(tree: Any) -> None:
    if isinstance(tree, dict):
        for key, inner in tree.items():
            _assert_harmless(key)
            _assert_harmless(inner)
    elif isinstance(tree, list):
        for inner in tree:
            _assert_harmless(inner)
    elif isinstance(tree, str):
        assert len(tree) <= 125, tree
        assert not [c for c in tree if unicodedata.category(c) in _SHOWN_AS_ONE], tree


def _assert_random_id(found: str | None) -> None:
    assert found is None or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found), found


LAWS: Mapping[str, Callable[..., None]] = {
    law.__name__.replace("_", " "): law
    for law in (
        state_files, bytes_of_any_kind, records, what_is_handed_in, module_20, profiles_that_leave,
        submissions_that_leave, edited_submissions_that_leave, seals,
    )
}  # fmt: skip


def try_laws(part: str, root: Path, count: int, rng: random.Random) -> Outcome:
    """Hold one law against `count` generated documents."""
    root.mkdir(parents=True)
    law, outcome = LAWS[part], Outcome()
    needs_folder = "folder" in law.__annotations__

    @seed(rng.getrandbits(32))
    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def held(data: st.DataObject) -> None:
        outcome.tried += 1
        law(data, root) if needs_folder else law(data)

    try:
        held()
    except Exception as error:
        where = "".join(traceback.format_tb(error.__traceback__)[-2:])
        drawn = "\n".join(getattr(error, "__notes__", ()))
        said = f"{type(error).__name__}: {str(error)[:500]}"
        outcome.failed.append(f"{part}: {said}\n{where}{drawn[-2000:]}")
    return outcome
