"""What waits to be sent is not lost, keeps its order and is sent once in effect."""

from __future__ import annotations

import errno
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tito_bench.community.consent import Consent, with_answer
from tito_bench.community.place import Place
from tito_bench.community.profile import Context, Profile
from tito_bench.errors import FileBusy, StoreError
from tito_bench.records.documents import Documents
from tito_bench.records.filesystem import OsFileSystem
from tito_bench.records.store import locked
from tito_bench.records.submission import Submission, shared_part, submission_bytes
from tito_bench.website.client import Answer
from tito_bench.website.outbox import Outbox
from tito_bench.website.payload import body_bytes, leave_payload, profile_payload
from tito_bench.website.sender import deliver

URL = "https://api.example.org"
ACCEPTED = Answer("accepted", "accepted", {}, 200)
REFUSED = Answer("refused", "status 422: no", status=422)
AWAY = Answer("unreachable", "timed out")


@pytest.fixture
def consent(now):
    both = with_answer(None, "profile", True, URL, now)
    return with_answer(both, "benchmarks", True, URL, now)


class Website:
    """Remembers what it was told: every call, and the effects by key."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, str]] = []
        self.effects: dict[str, bytes] = {}

    def post(self, path: str, body: bytes, key: str) -> Answer:
        self.calls.append((path, key))
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if answer.outcome == "accepted":
            assert self.effects.get(key, body) == body, "a key stands for one body"
            self.effects[key] = body
        return answer


def _deliver(outbox, website, consent, before=lambda _queued: None):
    return deliver(outbox, website, consent, URL, before)


KEYS = [str(uuid.UUID(int=0xABC + number)) for number in range(9)]


def _body(action: str, number: int) -> bytes:
    if action == "submit":
        made = Submission(created_at="", tito_bench_version=str(number), benchmark="baseline")
        return submission_bytes(shared_part(made))
    if action == "leave":
        return body_bytes(leave_payload(KEYS[number]))
    return body_bytes(profile_payload(Profile(context=Context(cohort=f"cohort {number}"))))


def _fill(outbox, now, *actions):
    for number, action in enumerate(actions):
        data = "benchmarks" if action == "submit" else "profile"
        outbox.add(action, data, URL, _body(action, number), KEYS[number], now)


def _bodies(*actions: str) -> list[str]:
    return [_body(action, number).decode() for number, action in enumerate(actions)]


def test_items_keep_their_order(outbox, now):
    _fill(outbox, now, "join", "profile", "submit")
    items, problems = outbox.items()
    assert [one.path.name for one in items] == [
        "000001_join.json",
        "000002_profile.json",
        "000003_submit.json",
    ]
    assert [one.item.body for one in items] == _bodies("join", "profile", "submit")
    assert problems == []
    outbox.remove(items[0])
    _fill(outbox, now, "leave")
    assert [one.path.name for one in outbox.items()[0]][-1] == "000004_leave.json"


def test_no_folder_is_an_empty_outbox(outbox):
    assert outbox.items() == ([], [])


def test_all_is_sent_in_order_and_removed(outbox, now, consent):
    _fill(outbox, now, "join", "profile", "submit", "leave")
    website = Website()
    told = []
    delivery = _deliver(outbox, website, consent, lambda queued: told.append(queued.item.action))
    assert website.calls == [
        ("/api/community/join", KEYS[0]),
        ("/api/community/profile", KEYS[1]),
        ("/api/benchmarks/submit", KEYS[2]),
        ("/api/community/leave", KEYS[3]),
    ]
    assert told == ["join", "profile", "submit", "leave"]
    assert len(delivery.sent) == 4
    assert outbox.items() == ([], [])


def test_nothing_overtakes_what_cannot_be_delivered(outbox, now, consent):
    _fill(outbox, now, "join", "profile", "submit")
    website = Website(ACCEPTED, AWAY)
    delivery = _deliver(outbox, website, consent)
    assert (len(delivery.sent), len(delivery.waiting)) == (1, 2)
    assert delivery.stopped_by == "timed out"
    assert len(website.calls) == 2
    assert len(_deliver(outbox, website, consent).sent) == 2
    assert website.calls[1] == website.calls[2]


def test_what_is_refused_is_parked_and_the_rest_goes_on(outbox, now, consent):
    _fill(outbox, now, "join", "submit")
    website = Website(REFUSED)
    delivery = _deliver(outbox, website, consent)
    assert [reason for _, reason in delivery.refused] == ["status 422: no"]
    (parked,), _ = outbox.items()
    assert parked.item.refused == "status 422: no"
    again = _deliver(outbox, website, consent)
    assert not again.sent
    assert len(website.calls) == 2, "a parked item is not sent again"


@pytest.mark.parametrize(
    "gone",
    [
        Answer("unreachable", "status 404: unknown", {"detail": "unknown"}, 404),
        Answer("refused", "status 410: left", {"detail": "left"}, 410),
    ],
)
def test_a_profile_unknown_to_the_website_is_forgotten(outbox, now, consent, gone):
    _fill(outbox, now, "leave")
    assert len(_deliver(outbox, Website(gone), consent).sent) == 1
    assert outbox.items() == ([], [])


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_missing_has_forgotten_nobody(outbox, now, consent, status):
    _fill(outbox, now, "leave")
    elsewhere = Answer("unreachable", f"status {status}: <html>", None, status)
    assert len(_deliver(outbox, Website(elsewhere), consent).waiting) == 1
    assert len(outbox.items()[0]) == 1


def test_what_is_parked_can_be_offered_again_in_its_old_place(outbox, now, consent):
    _fill(outbox, now, "join")
    _deliver(outbox, Website(REFUSED), consent)
    outbox.add("submit", "benchmarks", URL, _body("submit", 1), KEYS[1], now)
    (parked, _waiting), _ = outbox.items()
    outbox.offer_again(parked)
    website = Website()
    assert len(_deliver(outbox, website, consent).sent) == 2
    assert website.calls == [("/api/community/join", KEYS[0]), ("/api/benchmarks/submit", KEYS[1])]


@pytest.mark.parametrize("again", [False, True])
def test_what_was_withdrawn_meanwhile_does_not_come_back(outbox, now, again):
    _fill(outbox, now, "join")
    (queued,), _ = outbox.items()
    outbox.remove(queued)
    if again:
        outbox.offer_again(queued)
    else:
        outbox.park(queued, "no")
    assert outbox.items() == ([], [])


@pytest.mark.parametrize("kind", ["profile", "benchmarks"])
def test_without_consent_nothing_of_that_kind_goes(outbox, now, kind):
    _fill(outbox, now, "join", "submit")
    website = Website()
    delivery = _deliver(outbox, website, with_answer(None, kind, True, URL, now))
    assert [one.item.data for one in delivery.sent] == [kind]
    assert len(delivery.held) == len(website.calls) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda now: Consent(),
        lambda now: with_answer(None, "profile", False, URL, now),
        lambda now: with_answer(None, "profile", True, "https://other.example.org", now),
    ],
)
def test_no_other_yes_and_no_no_is_a_yes(outbox, now, make):
    _fill(outbox, now, "join")
    website = Website()
    assert len(_deliver(outbox, website, make(now)).held) == 1
    assert website.calls == []


def test_an_item_for_another_address_stays(outbox, now, consent):
    outbox.add("leave", "profile", "https://old.example.org", _body("leave", 0), KEYS[0], now)
    website = Website()
    assert len(_deliver(outbox, website, consent).held) == 1
    assert website.calls == []


def test_leaving_needs_no_consent(outbox, now):
    _fill(outbox, now, "leave")
    assert len(_deliver(outbox, Website(), Consent()).sent) == 1


def test_an_unreadable_item_is_set_aside_and_the_rest_goes(outbox, now, consent):
    _fill(outbox, now, "join", "submit")
    (outbox.folder / "000001_join.json").write_bytes(b"{")
    delivery = _deliver(outbox, Website(), consent)
    assert [one.item.action for one in delivery.sent] == ["submit"]
    assert len(delivery.unreadable) == 1
    assert "moved to 000001_join.json" in delivery.unreadable[0]


def test_two_do_not_send_at_once(outbox, now, consent):
    _fill(outbox, now, "join")
    website = Website()
    with locked(outbox.folder / "sending"), pytest.raises(FileBusy):
        _deliver(outbox, website, consent)
    assert website.calls == []


class _Failing(OsFileSystem):
    """The real disk, whose Nth operation raises instead of being done."""

    def __init__(self, fail_at: int, error: Callable[[], BaseException]) -> None:
        self.left = fail_at
        self.error = error
        self.failed_in: str | None = None

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in _OPERATIONS:
            return found

        def operation(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == -1:
                self.failed_in = name
                raise self.error()
            return found(*arguments)

        return operation


_OPERATIONS = frozenset(
    [
        "read",
        "make_folder",
        "create",
        "write",
        "sync",
        "replace",
        "rename_new",
        "remove",
        "sync_folder",
        "list_folder",
    ]
)


@pytest.mark.parametrize("error", [lambda: OSError(errno.ENOSPC, "full"), KeyboardInterrupt])
def test_adding_fails_whole_or_not_at_all(tmp_path, place, now, error):
    for fail_at in range(30):
        disk = _Failing(fail_at, error)
        outbox = Outbox(tmp_path / str(fail_at), Documents(lambda: now, disk), place)
        calm = Outbox(outbox.folder, Documents(lambda: now), place)
        try:
            _fill(outbox, now, "join")
        except (StoreError, KeyboardInterrupt):
            assert disk.failed_in is not None
        items, problems = calm.items()
        assert problems == []
        assert [one.item.body for one in items] in ([], _bodies("join"))
        if disk.failed_in is None:
            assert len(items) == 1
            break
    assert 5 < fail_at < 30


@pytest.mark.parametrize("error", [lambda: OSError(errno.EIO, "bad"), KeyboardInterrupt])
@pytest.mark.parametrize("answer", [ACCEPTED, REFUSED])
def test_killed_anywhere_each_is_sent_once_in_effect(tmp_path, place, now, consent, answer, error):
    for fail_at in range(60):
        calm = Outbox(tmp_path / str(fail_at), Documents(lambda: now), place)
        _fill(calm, now, "join", "submit")
        disk = _Failing(fail_at, error)
        website = Website(answer)
        try:
            _deliver(Outbox(calm.folder, Documents(lambda: now, disk), place), website, consent)
        except (StoreError, KeyboardInterrupt):
            assert disk.failed_in is not None
        _deliver(calm, website, consent)
        assert {key: website.effects[key] for key in (KEYS[1],)} == {KEYS[1]: _body("submit", 1)}
        assert set(website.effects) <= {KEYS[0], KEYS[1]}
        if answer is ACCEPTED:
            assert set(website.effects) == {KEYS[0], KEYS[1]}
            assert calm.items() == ([], [])
        if disk.failed_in is None:
            break
    assert 8 < fail_at < 60


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([ACCEPTED, REFUSED, AWAY]), max_size=12))
def test_any_weather(tmp_path_factory, answers) -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 11, 22, tzinfo=UTC)
    home = tmp_path_factory.mktemp("home")
    place = Place(home, {"HOME": str(home)})
    box = Outbox(tmp_path_factory.mktemp("outbox"), Documents(lambda: now), place)
    consent = with_answer(
        with_answer(None, "profile", True, URL, now), "benchmarks", True, URL, now
    )
    _fill(box, now, "join", "submit", "profile")
    website = Website(*answers)
    refused = 0
    for _ in range(len(answers) + 1):
        refused += len(_deliver(box, website, consent).refused)
    first_tries = list(dict.fromkeys(key for _, key in website.calls))
    assert first_tries == [KEYS[0], KEYS[1], KEYS[2]]
    assert len(website.effects) + refused == 3
    assert len(box.items()[0]) == refused


def _edit(outbox, name, **changes):
    path = outbox.folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"idempotency_key": "../../etc"},
        {"idempotency_key": "k\r\nX-Evil: 1"},
        {"idempotency_key": KEYS[5]},
        {"body": _body("join", 5).decode()},
        {"body": _body("leave", 5).decode()},
        {"body": '{"schema": 1, "home": "/home/anna"}'},
        {"action": "leave", "body": _body("leave", 5).decode()},
        {"action": "leave", "body": '{"schema": 1, "anonymous_id": null}'},
        {"data": "benchmarks"},
        {"seal": None},
        {"seal": "0" * 64},
        {"seal": "\u00e9"},
    ],
)
def test_what_this_person_did_not_put_there_is_set_aside_and_the_rest_goes(
    outbox, now, consent, changes
):
    _fill(outbox, now, "join", "submit")
    _edit(outbox, "000001_join.json", **changes)
    website = Website()
    delivery = _deliver(outbox, website, consent)
    assert website.calls == [("/api/benchmarks/submit", KEYS[1])]
    (problem,) = delivery.unreadable
    assert "000001_join.json" in problem
    assert len(list(outbox.folder.glob("000001_join.json.*.corrupt"))) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"idempotency_key": "k\r\nX-Evil: 1"}, "no UUID"),
        ({"idempotency_key": KEYS[5].upper()}, "no UUID"),
        ({"body": '{"schema": 1, "home": "/home/anna"}'}, "its body is none of a join"),
    ],
)
def test_a_seal_makes_no_item_of_what_is_none(outbox, now, consent, changes, said):
    """Were it sealed by a tito-bench that has been changed, it would still not be sent."""
    _fill(outbox, now, "join")
    found = json.loads((outbox.folder / "000001_join.json").read_text()) | changes
    names = ("action", "data", "api_url", "idempotency_key", "body")
    seal = outbox.place.seal("outbox item", *(found[name] for name in names))
    _edit(outbox, "000001_join.json", **changes, seal=seal)
    website = Website()
    (problem,) = _deliver(outbox, website, consent).unreadable
    assert said in problem
    assert website.calls == []


def test_an_item_for_one_address_does_not_go_to_another(outbox, now, consent):
    outbox.add("join", "profile", "https://old.example.org", _body("join", 0), KEYS[0], now)
    _edit(outbox, "000001_join.json", api_url=URL)
    website = Website()
    assert len(_deliver(outbox, website, consent).unreadable) == 1
    assert website.calls == []


def test_the_number_after_999_999_is_read_last(outbox, now):
    _fill(outbox, now, "join")
    (outbox.folder / "000001_join.json").rename(outbox.folder / "999999_join.json")
    _fill(outbox, now, "leave")
    assert [one.path.name for one in outbox.items()[0]] == [
        "999999_join.json",
        "1000000_leave.json",
    ]
