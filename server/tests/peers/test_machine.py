"""Any order of groups, matches, cards, blocks and departures: nobody sees what is not for them.

The model knows for each pair what each may see, by rules so plain that they can be
read: a contact of a group with a seat that says "in"; a contact of a match when both
said yes; a card with a card of one's own; nothing of those one blocked or was blocked
by. After every step all that every member can see is looked at.

`PEERS_STEPS=100000 python -m pytest tests/peers/test_machine.py` takes so many steps.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from tito_bench_server.contract.peers import (
    AnswerAskBody,
    AnswerMatchBody,
    AskBody,
    CardBody,
    GroupBody,
    ObjectBody,
    OfferBody,
    RequestBody,
    WishBody,
)
from tito_bench_server.peers import groups, mentors, moderation, roster
from tito_bench_server.peers.caller import Caller, caller_of, new_id
from tito_bench_server.peers.departing import erase_peers, lapse
from tito_bench_server.problems import Refusal
from tito_bench_server.store import migrate, tables
from tito_bench_server.store.database import Database, open_database
from world import PEER_TABLES, START, add_course, add_members

_PEOPLE = 7
_STEPS = int(os.environ.get("PEERS_STEPS", "400"))
_EPISODE = 250  # steps from an empty course on
_NAMES_A_MEMBER = {"member_id", "other_id", "maker_id", "learner_id", "mentor_id", "about_id"}


class Course:
    """Seven people and all they can do; and what each may see."""

    def __init__(self, database: Database, rng: random.Random) -> None:
        self.database, self.rng = database, rng
        self.today = tables.day_of(START)
        self.people: dict[int, str] = {}  # by number: the mark that stands in their contacts
        self.cards: set[int] = set()
        self.blocks: set[tuple[int, int]] = set()  # who blocked whom
        self.let_in: dict[str, set[int]] = {}  # who was let in, by group
        self.makers: dict[str, int] = {}
        self.yes: dict[str, set[int]] = {}  # who said yes, by match
        self.done: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        with database.write() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                if table is not tables.course:
                    connection.execute(sa.delete(table))
        for _ in range(_PEOPLE):
            self.arrive()

    def arrive(self) -> None:
        modules = self.rng.choice((0, 3, 6, 9, 12, 20))
        (number,) = add_members(self.database, [{"modules": modules}], joined=START)
        self.people[number] = f"mark{number}x{self.rng.random()}"

    def leave(self, who: int) -> None:
        with self.database.write() as connection:
            erase_peers(connection, [who], self.today)
            connection.execute(sa.delete(tables.member).where(tables.member.c.id == who))
            for table in PEER_TABLES:
                for column in table.c:
                    if column.name in _NAMES_A_MEMBER:
                        left = sa.select(sa.func.count()).where(column == who)
                        assert connection.execute(left).scalar_one() == 0, column
        del self.people[who]
        self.cards.discard(who)
        self.blocks = {pair for pair in self.blocks if who not in pair}
        for group, maker in list(self.makers.items()):
            self.let_in[group].discard(who)
            if maker == who:
                del self.makers[group], self.let_in[group]
        self.arrive()

    def act(self, who: int, work: Callable[..., None], *about: Any) -> bool:
        """Do one write as a request would; False where it was refused."""
        try:
            with self.database.write() as connection:
                work(connection, caller_of(connection, who, self.today), *about)
        except Refusal:
            return False
        self.done[f"{work.__module__}.{work.__name__}"] += 1
        return True

    def step(self) -> None:
        kind = self.rng.choices(
            (*self._MOVES, "day", "leave"), (*(w for _, w in self._MOVES.values()), 1, 1)
        )[0]
        who = self.rng.choice(sorted(self.people))
        if kind == "leave":
            self.leave(who)
        elif kind == "day":
            self.today += self.rng.choice((1, 1, 2, 8, 31))
            with self.database.write() as connection:
                lapse(connection, self.today)
        else:
            self._MOVES[kind][0](self, who)

    def card(self, who: int) -> None:
        if self.rng.random() < 0.3:
            if self.act(who, roster.remove):
                self.cards.discard(who)
        elif self.act(who, roster.keep, CardBody(handle=f"Person {who}")):
            self.cards.add(who)

    def make(self, who: int) -> None:
        low = self.rng.randint(1, 12)
        group_id = new_id()
        body = GroupBody(
            from_module=low,
            to_module=low + 3,
            language="en",
            utc_hours=self.rng.choice((0, 6)),
            places=3,
            contact=self.people[who],
        )
        if self.act(who, groups.open_group, body, group_id):
            self.makers[group_id] = who
            self.let_in[group_id] = {who}

    def ask(self, who: int) -> None:
        if group := self._group():
            self.act(who, groups.ask, AskBody(language="en", utc_hours=0), group)

    def answer_ask(self, _who: int) -> None:
        group = self._group()
        if group is None or self.makers[group] not in self.people:
            return
        maker = self.makers[group]
        shown = self.look(maker, lambda c, one: groups.view(c, one, group))
        asks = [] if shown is None else [s for s in shown["seats"] if s["state"] == "asked"]
        if asks:
            handle = self.rng.choice(asks)["handle"]
            accept = self.rng.random() < 0.8
            asker = self._behind(group, handle)
            body = AnswerAskBody(handle=handle, accept=accept)
            if self.act(maker, groups.answer, body, group) and accept:
                self.let_in[group].add(asker)

    def leave_group(self, who: int) -> None:
        if (group := self._group()) and self.act(who, groups.leave, group):
            self.let_in[group].discard(who)
            if self.makers[group] == who:
                del self.makers[group], self.let_in[group]

    def offer(self, who: int) -> None:
        if self.rng.random() < 0.15:
            self.act(who, mentors.take_offer_back)
            return
        body = OfferBody(languages=["en"], utc_hours=0, places=self.rng.randint(1, 3))
        self.act(who, mentors.offer, body)

    def request(self, who: int) -> None:
        if self.rng.random() < 0.1:
            self.act(who, mentors.take_request_back)
            return
        body = RequestBody(module=self.rng.choice((1, 3, 5)), language="en", utc_hours=0)
        self.act(who, mentors.request_mentor, body)

    def answer_match(self, who: int) -> None:
        shown = self.look(who, mentors.view)
        if shown and shown["matches"]:
            match = self.rng.choice(shown["matches"])["id"]
            accept = self.rng.random() < 0.8
            contact = self.people[who] if accept else None
            body = AnswerMatchBody(accept=accept, contact=contact)
            if self.act(who, mentors.answer, body, match):
                said = self.yes.setdefault(match, set())
                said.add(who) if accept else said.clear()

    def block(self, who: int) -> None:
        kind = self.rng.choice(("card", "group", "seat", "match"))
        other: int | None = None
        ref, group = "nothing", None
        if kind == "card":
            other = self.rng.choice(sorted(self.people))
            ref = f"Person {other}"
        elif kind == "group" and (group_id := self._group()):
            ref, other = group_id, self.makers[group_id]
        elif kind == "seat" and (group := self._group()):
            shown = self.look(who, lambda c, one: groups.view(c, one, group))
            if shown and shown["seats"]:
                ref = self.rng.choice(shown["seats"])["handle"]
                other = self._behind(group, ref)
        elif kind == "match":
            shown = self.look(who, mentors.view)
            if shown and shown["matches"]:
                ref = self.rng.choice(shown["matches"])["id"]
                with self.database.read() as connection:
                    row = connection.execute(
                        sa.select(tables.pairing).where(tables.pairing.c.id == ref)
                    ).one()
                other = row.mentor_id if row.learner_id == who else row.learner_id
        body = ObjectBody(kind=kind, ref=ref, group=group)
        if self.act(who, moderation.block, body):
            assert other is not None
            assert other != who
            self.blocks.add((who, other))
            for group_id, maker in self.makers.items():
                if maker == who:
                    self.let_in[group_id].discard(other)
                elif maker == other:
                    self.let_in[group_id].discard(who)

    def unblock(self, who: int) -> None:
        shown = self.look(who, moderation.blocked)
        assert len(shown["blocks"]) == sum(by == who for by, _ in self.blocks)
        if shown["blocks"]:
            block = self.rng.choice(shown["blocks"])["id"]
            with self.database.read() as connection:
                row = connection.execute(
                    sa.select(tables.block).where(tables.block.c.id == block)
                ).one()
            assert not self.act(row.other_id, moderation.unblock, block), "it is not theirs"
            assert self.act(who, moderation.unblock, block)
            self.blocks.remove((who, row.other_id))

    _MOVES: ClassVar[dict[str, tuple[Callable[..., None], int]]] = {
        "card": (card, 2),
        "make": (make, 2),
        "ask": (ask, 6),
        "answer_ask": (answer_ask, 6),
        "leave_group": (leave_group, 1),
        "offer": (offer, 3),
        "request": (request, 5),
        "answer_match": (answer_match, 9),
        "block": (block, 3),
        "unblock": (unblock, 2),
    }

    def look(self, who: int, view: Callable[..., Any], *about: Any) -> Any:
        try:
            with self.database.read() as connection:
                return view(connection, caller_of(connection, who, self.today), *about)
        except Refusal:
            return None

    def check(self, *, everybody: bool) -> None:
        """Look at what two members see, and at two of the groups, or at everything."""
        with self.database.read() as connection:
            there = set(connection.execute(sa.select(tables.study_group.c.id)).scalars())
            for group in self.makers.keys() - there:
                del self.makers[group], self.let_in[group]
            seats = connection.execute(sa.select(tables.seat)).all()
            matches = connection.execute(
                sa.select(tables.pairing).where(tables.pairing.c.state.in_(("proposed", "met")))
            ).all()
            self._check_places(connection, seats, matches)
            watchers, looked_at = sorted(self.people), sorted(self.makers)
            if not everybody:
                watchers = self.rng.sample(watchers, 2)
                looked_at = self.rng.sample(looked_at, min(2, len(looked_at)))
            behind = {(row.group_id, row.handle): row.member_id for row in seats}
            for who in watchers:
                caller = caller_of(connection, who, self.today)
                by_id = {row.id: row for row in matches}
                self._check_one(connection, caller, looked_at, behind, by_id)

    def _check_one(
        self,
        connection: sa.Connection,
        caller: Caller,
        looked_at: Sequence[str],
        behind: dict[tuple[str, str], int],
        matches: dict[str, sa.Row[Any]],
    ) -> None:
        who = caller.id
        blocked = {other for pair in self.blocks if who in pair for other in pair} - {who}
        may_see: set[int] = {who}
        everything: list[Any] = [groups.find(connection, caller, WishBody())]
        assert not any(self.people[n] in str(everything) for n in self.people), (
            "no contact in a list"
        )
        for group in looked_at:
            maker = self.makers[group]
            try:
                shown = groups.view(connection, caller, group)
            except Refusal:
                continue
            assert maker not in blocked, "a group of one who is blocked"
            everything.append(shown)
            is_in = who in self.let_in[group]
            if is_in:
                may_see.add(maker)
            assert (shown["contact"] is not None) == is_in, "a contact for each seat, no other"
            self.seen["group contact"] += who != maker and shown["contact"] is not None
            assert not {behind[group, seat["handle"]] for seat in shown["seats"]} & blocked
        shown = mentors.view(connection, caller)
        everything.append(shown)
        for match in shown["matches"]:
            row = matches[match["id"]]
            other = row.mentor_id if row.learner_id == who else row.learner_id
            assert other not in blocked, "a match with one who is blocked"
            both = self.yes.get(match["id"], set()) == {who, other}
            assert (match["contact"] is not None) == both
            self.seen["match contact"] += both
            if both:
                may_see.add(other)
        cards = roster.view(connection, caller)
        handles = {int(one["handle"].split()[1]) for one in cards["cards"]}
        expected = self.cards - {who} - blocked if who in self.cards else set()
        assert handles == expected
        self.seen["card"] += len(handles)
        text = msgspec.json.encode(everything).decode()
        for other, mark in self.people.items():
            if mark in text:
                assert other in may_see - (blocked if other != who else set()), "a contact leaked"

    def _check_places(
        self,
        connection: sa.Connection,
        rows: Sequence[sa.Row[Any]],
        active: Sequence[sa.Row[Any]],
    ) -> None:
        """Nobody has more than their places or two mentors; contacts belong to matches."""
        mentor = tables.mentor
        learners = Counter(row.learner_id for row in active)
        assert max(learners.values(), default=0) <= 1, "matched twice"
        taken = Counter(row.mentor_id for row in active)
        for row in connection.execute(sa.select(mentor)):
            assert row.free == max(0, row.places - taken[row.member_id])
        seats: dict[str, set[int]] = {group: set() for group in self.makers}
        for row in rows:
            maker = self.makers[row.group_id]
            assert not {(row.member_id, maker), (maker, row.member_id)} & self.blocks, (
                "a block leaves a seat, and a place that nobody has"
            )
            if row.state == "in":
                seats[row.group_id].add(row.member_id)
        assert seats == self.let_in
        assert max(map(len, seats.values()), default=0) <= 3
        owners = set(connection.execute(sa.select(tables.match_contact.c.pairing_id)).scalars())
        assert owners <= {row.id for row in active}, "a contact of a match that is over"
        pairs = [(row.learner_id, row.mentor_id) for row in active]
        assert len(set(pairs)) == len(pairs)

    def _group(self) -> str | None:
        return self.rng.choice(sorted(self.makers)) if self.makers else None

    def _behind(self, group: str, handle: str) -> int:
        with self.database.read() as connection:
            return connection.execute(
                sa.select(tables.seat.c.member_id).where(
                    tables.seat.c.group_id == group, tables.seat.c.handle == handle
                )
            ).scalar_one()


def _without_waiting(connection: Any, _record: Any) -> None:
    """Have commits not wait for the disk: what is looked for is not what outlives a power cut."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.mark.timeout(0)
def test_nobody_sees_what_is_not_for_them(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(database_url)
    if database.is_sqlite:  # as the tests' PostgreSQL is
        event.listen(database.writers, "connect", _without_waiting)
    migrate.upgrade(database)
    add_course(database)
    done: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for episode in range(-(-_STEPS // _EPISODE)):
        seed = int(os.environ.get("PEERS_SEED", "0")) + episode
        rng = random.Random(seed)
        # Names and words are drawn of it, too, so that a seed is the same course again.
        monkeypatch.setattr("secrets.token_bytes", rng.randbytes)
        monkeypatch.setattr("secrets.choice", rng.choice)
        course = Course(database, rng)
        for step in range(min(_EPISODE, _STEPS - episode * _EPISODE)):
            try:
                course.step()
                course.check(everybody=step % 20 == 19)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, step {step}: {error}") from error
        done += course.done
        seen += course.seen
    database.close()
    told = ", ".join(f"{what} {count}" for what, count in sorted(seen.items()))
    print(f"\n{_STEPS} steps, {done.total()} acts of {len(done)} kinds; seen and allowed: {told}")
    assert len(done) == 13, "every kind of act succeeded"
    assert all(seen[what] for what in ("group contact", "match contact", "card"))
