"""Any order of messages, with lost answers, replays and reordering: the state is that of a dict.

The model keeps what each key did the first time it arrived; the server must end
in the same state and say the same about every message, in groups of any size.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tito_bench_server.courses import code_digest
from tito_bench_server.members import account
from tito_bench_server.members.decide import Outcome
from tito_bench_server.members.messages import Action, read_message
from tito_bench_server.store import migrate, tables
from tito_bench_server.store.database import open_database
from tito_bench_server.store.group import GroupStore
from world import CODE, SECRET, START, add_course, profile_body, submission_body

_IDS = [uuid.UUID(int=n, version=4) for n in range(1, 5)]
_KEYS = [None, *(f"tbk_{letter * 43}" for letter in "abc")]
_COUNTRIES = ("Kenya", "Germany", "Uganda")


@dataclass(frozen=True)
class Sent:
    """A message as the sender keeps it: it may go out again at any time."""

    action: Action
    idempotency: uuid.UUID
    identifier: uuid.UUID
    key: str | None
    body: bytes
    country: str


@cache
def _empty_database() -> Path:
    """A database with one course, to be copied: made once."""
    file = Path(tempfile.mkdtemp()) / "empty.db"
    atexit.register(shutil.rmtree, file.parent)
    database = open_database(f"sqlite:///{file}")
    migrate.upgrade(database)
    add_course(database)
    database.close()
    return file


class Model:
    """What the server has to be, in words of a dict."""

    def __init__(self) -> None:
        self.members: dict[uuid.UUID, dict[str, Any]] = {}
        self.seen: dict[uuid.UUID, bytes] = {}
        self.gone: set[uuid.UUID] = set()

    def take(self, sent: Sent) -> Outcome:
        before = self.seen.get(sent.idempotency)
        if before is not None:
            return Outcome.STORED_BEFORE if before == sent.body else Outcome.KEY_REUSED
        outcome = self._act(sent)
        if outcome is Outcome.STORED:
            self.seen[sent.idempotency] = sent.body
        return outcome

    def _act(self, sent: Sent) -> Outcome:
        member = self.members.get(sent.identifier)
        if sent.action is Action.LEAVE:
            if member is None:
                already = sent.identifier in self.gone
                self.gone.add(sent.identifier)
                return Outcome.GONE if already else Outcome.NOT_KNOWN
            if member["key"] not in (None, sent.key):
                return Outcome.WRONG_KEY
            del self.members[sent.identifier]
            self.gone.add(sent.identifier)
            return Outcome.STORED
        if sent.identifier in self.gone:
            return Outcome.GONE
        if member is not None and member["key"] not in (None, sent.key):
            return Outcome.WRONG_KEY
        if sent.action is Action.SUBMIT:
            if member is not None:
                member["submissions"] += 1
            return Outcome.STORED
        holder = next(
            (one for one, m in self.members.items() if sent.key and m["key"] == sent.key), None
        )
        if member is None and holder is not None:
            member = self.members.pop(holder)
            self.gone.add(holder)
        if member is None:
            member = {"key": None, "submissions": 0}
        self.members[sent.identifier] = member
        member["country"] = sent.country
        if member["key"] is None and (holder is None or holder == sent.identifier):
            member["key"] = sent.key
        return Outcome.STORED


class Exchange(RuleBasedStateMachine):
    """Students who send, lose answers, send again, and send late."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.sent: list[Sent] = []
        self.waiting: list[Sent] = []
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "community.db"
        shutil.copyfile(_empty_database(), file)
        self.database = open_database(f"sqlite:///{file}")
        self.store = GroupStore(SECRET, lambda: START)

    @rule(
        action=st.sampled_from(list(Action)),
        identifier=st.sampled_from(_IDS),
        key=st.sampled_from(_KEYS),
        country=st.sampled_from(_COUNTRIES),
        reused=st.booleans(),
        data=st.data(),
    )
    def compose(
        self,
        action: Action,
        identifier: uuid.UUID,
        key: str | None,
        country: str,
        reused: bool,
        data: st.DataObject,
    ) -> None:
        """Write a message; seldom under a key that another one had."""
        idempotency = uuid.uuid4()
        if reused and self.sent:
            idempotency = data.draw(st.sampled_from(self.sent)).idempotency
        if action is Action.SUBMIT:
            body = submission_body(identifier, score=float(len(self.sent) % 100))
        elif action is Action.LEAVE:
            body = {"schema": 1, "anonymous_id": str(identifier)}
        else:
            body = profile_body(identifier, country=country)
        encoded = json.dumps(body | {}).encode() + b" " * len(self.sent)
        one = Sent(action, idempotency, identifier, key, encoded, country)
        self.sent.append(one)
        self.waiting.append(one)

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """The answer was lost, or an old message turns up late."""
        if self.sent:
            self.waiting.append(data.draw(st.sampled_from(self.sent)))

    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        """Some of what waits arrives, in any order, as one group."""
        if not self.waiting:
            return
        order = data.draw(st.permutations(range(len(self.waiting))))
        group = [self.waiting[place] for place in order[: data.draw(st.integers(1, 8))]]
        for one in group:
            self.waiting.remove(one)
        messages = [
            read_message(
                one.action,
                one.idempotency,
                one.body,
                None if one.key is None else account.key_digest(one.key),
                code_digest(SECRET, CODE),
            )
            for one in group
        ]
        with self.database.write() as connection:
            outcomes = self.store.apply(connection, messages)
        assert outcomes == [self.model.take(one) for one in group]

    @invariant()
    def same_state(self) -> None:
        with self.database.read() as connection:
            found = {
                uuid.UUID(bytes=row.anonymous_id): (row.country, row.key_digest)
                for row in connection.execute(tables.member.select())
            }
            submissions = connection.execute(tables.submission.select()).all()
        expected = {
            identifier: (
                {"Kenya": "KE", "Germany": "DE", "Uganda": "UG"}[member["country"]],
                None if member["key"] is None else account.key_digest(member["key"]),
            )
            for identifier, member in self.model.members.items()
        }
        assert found == expected
        owned = sum(row.member_id is not None for row in submissions)
        assert owned == sum(m["submissions"] for m in self.model.members.values())

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


TestExchange = Exchange.TestCase
TestExchange.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
