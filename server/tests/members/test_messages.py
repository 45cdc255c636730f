"""The four messages: in effect once, whoever sends them how often."""

from __future__ import annotations

import uuid

import pytest

from tito_bench_server.store import tables
from world import CODE, World, add_course, new_key, profile_body, run_aside, submission_body


def test_join_update_submit_and_leave(world: World) -> None:
    identifier, key = world.join(country="Kenya", modules_completed=2)
    update = profile_body(identifier, country="Uganda", modules_completed=9)
    assert world.post("profile", update, key=key).json() == {"status": "stored"}
    assert world.post("submit", submission_body(identifier), key=key).status_code == 202
    (member,) = world.rows(tables.member)
    assert (member["country"], member["modules"]) == ("UG", 9)
    (submission,) = world.rows(tables.submission)
    assert (submission["score"], submission["verdict"]) == (61.5, "stable")
    assert world.leave(identifier, key).status_code == 202
    assert world.rows(tables.member) == []
    assert world.rows(tables.submission) == []


@pytest.mark.parametrize("action", ["join", "profile", "submit"])
def test_a_message_comes_twice(world: World, action: str) -> None:
    body = submission_body(None) if action == "submit" else profile_body()
    once = uuid.uuid4()
    first = world.post(action, body, idempotency=once)
    assert first.json() == {"status": "stored"}
    assert world.post(action, body, idempotency=once).json() == {"status": "stored before"}
    table = tables.submission if action == "submit" else tables.member
    assert len(world.rows(table)) == 1
    other = world.post(action, profile_body(), idempotency=once)
    assert other.status_code == 422


def test_a_late_join_does_not_bring_back_who_left(world: World) -> None:
    identifier, key = uuid.uuid4(), new_key()
    join, late = profile_body(identifier), uuid.uuid4()
    assert world.post("join", join, key=key, idempotency=late).status_code == 202
    assert world.leave(identifier, key).status_code == 202
    assert world.post("join", join, key=key, idempotency=late).json() == {"status": "stored before"}
    gone = world.post("join", join, key=key)
    assert gone.status_code == 410
    assert world.post("profile", join, key=key).status_code == 410
    assert world.post("submit", submission_body(identifier), key=key).status_code == 410
    assert world.rows(tables.member) == []


def test_leaving_before_the_join_arrives(world: World) -> None:
    identifier = uuid.uuid4()
    assert world.leave(identifier, None).status_code == 404
    assert world.leave(identifier, None).status_code == 410
    assert world.post("join", profile_body(identifier)).status_code == 410


def test_a_profile_of_an_unknown_id_is_a_join(world: World) -> None:
    assert world.post("profile", profile_body()).status_code == 202
    assert len(world.rows(tables.member)) == 1


def test_without_the_key_nobody_changes_or_erases(world: World) -> None:
    identifier, _key = world.join(country="Kenya")
    for key in (None, new_key()):
        assert world.post("profile", profile_body(identifier), key=key).status_code == 422
        assert world.post("submit", submission_body(identifier), key=key).status_code == 422
        assert world.leave(identifier, key).status_code == 422
    (member,) = world.rows(tables.member)
    assert member["modules"] == 3
    assert world.rows(tables.submission) == []


def test_a_key_is_bound_to_an_old_clients_profile_later(world: World) -> None:
    identifier, key = uuid.uuid4(), new_key()
    assert world.post("join", profile_body(identifier)).status_code == 202
    assert world.post("profile", profile_body(identifier), key=key).status_code == 202
    assert world.leave(identifier, None).status_code == 422
    assert world.leave(identifier, key).status_code == 202


def test_who_lost_the_profile_but_not_the_key_is_counted_once(world: World) -> None:
    old, key = world.join()
    new = uuid.uuid4()
    assert world.post("join", profile_body(new), key=key).status_code == 202
    (member,) = world.rows(tables.member)
    assert member["anonymous_id"] == new.bytes
    assert world.post("join", profile_body(old)).status_code == 410


def test_the_key_is_kept_as_a_digest_only(world: World) -> None:
    _identifier, key = world.join()
    (member,) = world.rows(tables.member)
    assert len(member["key_digest"]) == 16
    assert key[4:].encode() not in member["key_digest"]


def test_a_changed_code_keeps_members_in_and_strangers_out(world: World) -> None:
    identifier, key = world.join()
    keyless = uuid.uuid4()
    world.post("join", profile_body(keyless))
    assert (
        world.post("profile", profile_body(identifier), key=key, code="ZZZZ-ZZZZ").status_code
        == 202
    )
    assert world.post("profile", profile_body(keyless), code="ZZZZ-ZZZZ").status_code == 202
    stranger = world.post("join", profile_body(), code="ZZZZ-ZZZZ")
    assert stranger.status_code == 422
    assert "ask your instructor" in stranger.json()["detail"]
    assert world.post("join", profile_body(), code=None).status_code == 422


def test_a_code_may_be_typed_anyhow(world: World) -> None:
    for code in ("ab12-cd34", "AB12CD34", "Ab12Cd34"):
        assert world.post("join", profile_body(), code=code).status_code == 202


def test_joining_another_course_moves_the_member(world: World) -> None:
    other = add_course(world.services.database, "other", "XXXX-YYYY")
    identifier, key = world.join()
    world.pass_days(10)
    assert (
        world.post("join", profile_body(identifier), key=key, code="XXXX-YYYY").status_code == 202
    )
    (member,) = world.rows(tables.member)
    assert member["course_id"] == other
    assert member["joined_day"] == tables.day_of(world.day)


def test_a_closed_course_takes_nobody_and_keeps_its_members(world: World) -> None:
    identifier, key = world.join()
    with world.services.database.write() as connection:
        connection.execute(tables.course.update().values(takes_members=False))
    assert world.post("join", profile_body()).status_code == 422
    assert world.post("profile", profile_body(identifier), key=key).status_code == 202


def test_a_course_takes_so_many_a_day(world: World) -> None:
    with world.services.database.write() as connection:
        connection.execute(tables.course.update().values(joins_per_day=2))
    members = [world.join() for _ in range(2)]
    full = world.post("join", profile_body())
    assert full.status_code == 429
    assert 0 < int(full.headers["retry-after"]) <= 10
    assert world.leave(*members[0]).status_code == 202
    assert world.post("join", profile_body()).status_code == 429, "leaving makes no room"
    world.pass_days(1)
    assert world.post("join", profile_body()).status_code == 202


def test_a_submission_without_id_is_nobodys(world: World) -> None:
    assert world.post("submit", submission_body(None)).status_code == 202
    unknown = uuid.uuid4()
    assert world.post("submit", submission_body(unknown)).status_code == 202
    rows = world.rows(tables.submission)
    assert [row["member_id"] for row in rows] == [None, None]
    bodies = [bytes(row["body"]) for row in world.rows(tables.submission_body)]
    assert len(bodies) == 2
    assert str(unknown).encode() not in b"".join(bodies)


def test_cohorts_of_a_term_are_made_and_others_wait(world: World) -> None:
    for cohort in ("fall 2026", "Fall 2026", "Autumn-2026", "My gang", "Fall 1999", None):
        name = {"cohort": cohort}
        assert world.post("join", profile_body(**name)).status_code == 202
    assert [row["name"] for row in world.rows(tables.cohort)] == ["Fall 2026"]
    waiting = sorted(row["cohort_text"] or "" for row in world.rows(tables.member))
    assert waiting == ["", "", "", "", "Fall 1999", "My gang"]


def test_hostile_text_is_made_harmless(world: World) -> None:
    hostile = "\x1b[31m<script>\u202eevil</script>"
    assert world.post("join", profile_body(name=hostile, cohort=hostile)).status_code == 202
    (member,) = world.rows(tables.member)
    for text in (member["institution_text"], member["cohort_text"]):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_many_senders_at_once_are_one_group(world: World) -> None:
    """What waits while the writer is busy goes into one transaction."""
    import asyncio
    import json

    from tito_bench_server.courses import code_digest
    from tito_bench_server.members.messages import Action, read_message
    from world import SECRET

    code = code_digest(SECRET, CODE)
    messages = [
        read_message(Action.JOIN, uuid.uuid4(), json.dumps(profile_body()).encode(), None, code)
        for _ in range(300)
    ]
    writer = world.services.writer

    async def send() -> None:
        await asyncio.gather(*(writer.deliver(one) for one in messages))

    before = writer.groups
    run_aside(send())
    assert len(world.rows(tables.member)) == 300
    assert writer.groups - before < 20
