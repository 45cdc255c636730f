"""Cards are seen by those who have one, and by nobody else; the ladder is off twice over."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tito_bench_server.store import tables
from world import World


def _allow(world: World, **flags: bool) -> None:
    with world.services.database.write() as connection:
        connection.execute(sa.update(tables.course).values(**flags))


def _card(world: World, key: str, handle: str, **more: bool) -> None:
    world.peer(key, "PUT", "roster", handle=handle, **more)


def test_cards_are_for_those_who_have_one(world: World) -> None:
    (_, ada), (_, ben), (_, cem) = (world.join(modules_completed=n) for n in (0, 7, 20))
    _card(world, ada, "Ada")
    _card(world, ben, "Ben", show_country=True)
    assert world.peer(cem, "GET", "roster") == {"card": None, "cards": []}
    found = world.peer(ada, "GET", "roster")
    assert found["card"]["handle"] == "Ada"
    assert found["cards"] == [
        {"handle": "Ben", "modules": {"from": 6, "to": 10}, "country": "Kenya"}
    ]
    assert world.peer(ben, "GET", "roster")["cards"][0]["country"] is None
    world.peer(ada, "DELETE", "roster")
    assert world.peer(ada, "GET", "roster")["cards"] == []
    assert world.peer(ben, "GET", "roster")["cards"] == []


def test_a_handle_is_had_once_and_is_only_a_name(world: World) -> None:
    (_, ada), (_, ben) = world.join(), world.join()
    _card(world, ada, "Ada L")
    world.peer(ben, "PUT", "roster", 409, handle="ada  l".replace("  ", " "))
    for bad in ("a", "x" * 25, "see evil.example", "call 0176 123 4567", "me@home", "<b>", " Al"):
        world.peer(ben, "PUT", "roster", 422, handle=bad)
    _card(world, ada, "Ada")
    assert world.peer(ada, "GET", "roster")["card"]["handle"] == "Ada"
    assert len(world.rows(tables.roster_card)) == 1


@pytest.mark.parametrize("flags", [{"roster_on": False}, {"code_digest": None}])
def test_a_course_without_a_roster(world: World, flags: dict) -> None:
    _, key = world.join()
    _allow(world, **flags)
    code = None if "code_digest" in flags else "AB12-CD34"
    answer = world.request(
        "PUT", "/api/community/roster", code=code, key=key, json_body={"handle": "Ada"}
    )
    assert answer.status_code == 403


def test_the_ladder_needs_course_and_member_and_eight_people(world: World) -> None:
    keys = [world.join(modules_completed=n, capstone_score=99.0 - n)[1] for n in range(9)]
    world.peer(keys[0], "PUT", "roster", 403, handle="Zero", on_ladder=True)
    world.peer(keys[0], "GET", "ladder", 403)
    _allow(world, ladder_on=True)
    for n, key in enumerate(keys[:7]):
        _card(world, key, f"No {n}", on_ladder=True)
    assert world.peer(keys[0], "GET", "ladder") == {
        "on_ladder": True,
        "enough": False,
        "rungs": [],
    }
    _card(world, keys[8], "No 8", on_ladder=False)
    assert world.peer(keys[8], "GET", "ladder")["on_ladder"] is False
    _card(world, keys[7], "No 7", on_ladder=True)
    found = world.peer(keys[0], "GET", "ladder")
    assert [one["modules"] for one in found["rungs"]] == [7, 6, 5, 4, 3, 2, 1, 0]
    assert "No 8" not in str(found)
    assert "9" not in str(found).replace("milestones", ""), "no score is in it"
    _card(world, keys[0], "No 0", on_ladder=False)
    assert world.peer(keys[1], "GET", "ladder")["enough"] is False


def test_leagues_are_of_similar_progress(world: World) -> None:
    _allow(world, ladder_on=True)
    keys = [world.join(modules_completed=n)[1] for n in range(16)]
    for n, key in enumerate(keys):
        _card(world, key, f"No {n}", on_ladder=True)
    low = world.peer(keys[0], "GET", "ladder")["rungs"]
    high = world.peer(keys[15], "GET", "ladder")["rungs"]
    assert [one["modules"] for one in high] == list(range(15, 7, -1))
    assert [one["modules"] for one in low] == list(range(7, -1, -1))


def test_two_reports_hide_a_card_and_one_does_for_the_reporter(world: World) -> None:
    keys = [world.join()[1] for _ in range(4)]
    for n, key in enumerate(keys):
        _card(world, key, f"No {n}")
    report = {"kind": "card", "ref": "No 0", "reason": "unkind"}
    seen = lambda key: [one["handle"] for one in world.peer(key, "GET", "roster")["cards"]]  # noqa: E731
    world.peer(keys[1], "POST", "reports", **report)
    assert "No 0" not in seen(keys[1])
    assert "No 0" in seen(keys[2])
    world.peer(keys[1], "POST", "reports", **report)
    assert "No 0" in seen(keys[3]), "the same person counts once"
    world.peer(keys[2], "POST", "reports", **report)
    assert "No 0" not in seen(keys[3])
    assert world.peer(keys[0], "GET", "roster")["card"]["handle"] == "No 0", "silently"
    _card(world, keys[0], "New name")
    assert "New name" not in seen(keys[3]), "it comes back by a moderator only"


def test_a_block_hides_both_ways(world: World) -> None:
    (_, ada), (_, ben) = world.join(), world.join()
    _card(world, ada, "Ada")
    _card(world, ben, "Ben")
    world.peer(ada, "POST", "blocks", kind="card", ref="Ben")
    assert world.peer(ada, "GET", "roster")["cards"] == []
    assert world.peer(ben, "GET", "roster")["cards"] == []
    world.peer(ben, "POST", "blocks", 404, kind="card", ref="Ada")
