"""P1 to P4: what is published, when, and for whom."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from postgres_cluster import Cluster
from tito_bench_server.releases import marking
from tito_bench_server.store import tables
from world import World, add_cohort, add_course, add_members


def _people(**countries: int) -> list[dict[str, Any]]:
    return [{"country": code} for code, count in countries.items() for _ in range(count)]


def _map(world: World, **more: Any) -> dict[str, Any]:
    answer = world.request("GET", "/api/community/map", **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _shown(document: dict[str, Any]) -> dict[str, int]:
    return {one["code"]: one["at_least"] for one in document["countries"]}


def test_before_the_first_release_there_is_no_table(world: World) -> None:
    add_members(world.services.database, _people(KE=19), joined=world.day)
    world.pass_days(5)
    assert world.release().released == 0
    document = _map(world)
    assert (document["countries"], document["people_at_least"]) == ([], 0)
    assert document["note"] == "fewer than 20, no tables yet"
    stats = world.request("GET", "/api/community/stats").json()
    assert stats["people"] == "fewer than 20, no tables yet"


def test_counts_are_floored_and_small_countries_hidden(world: World) -> None:
    add_members(world.services.database, _people(KE=23, DE=11, UG=4, FR=2), joined=world.day)
    world.pass_days(3)
    world.release()
    document = _map(world)
    assert _shown(document) == {"KE": 20, "DE": 10}
    assert document["people_at_least"] == 40
    assert document["other_at_least"] == 5
    stats = world.request("GET", "/api/community/stats").json()
    assert stats["Kenya"] == "20+"
    assert len(stats) <= 50


def test_members_settle_for_three_days_by_the_servers_clock(world: World) -> None:
    add_members(world.services.database, _people(KE=40), joined=world.day)
    world.pass_days(2)
    assert world.release().released == 0
    world.pass_days(1)
    assert world.release().released > 0


def test_nineteen_changes_leave_the_old_table_and_twenty_make_a_new_one(world: World) -> None:
    database = world.services.database
    add_members(database, _people(KE=30), joined=world.day)
    world.pass_days(3)
    world.release()
    first = world.request("GET", "/api/community/map")
    add_members(database, _people(DE=19), joined=world.day)
    world.pass_days(3)
    world.release()
    second = world.request("GET", "/api/community/map")
    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])
    add_members(database, _people(DE=1), joined=world.day)
    world.pass_days(3)
    world.release()
    third = world.request("GET", "/api/community/map")
    assert _shown(third.json()) == {"KE": 30, "DE": 20}
    assert third.json()["release"] == first.json()["release"] + 1


def test_a_table_is_released_once_a_day(world: World) -> None:
    database = world.services.database
    add_members(database, _people(KE=30), joined=world.day)
    world.pass_days(3)
    assert world.release().released > 0
    add_members(database, _people(DE=30), joined=date(2026, 10, 1))
    assert world.release().released == 0
    world.pass_days(1)
    assert world.release().released > 0


def test_moving_to_another_cell_counts_once_and_back_not_at_all(world: World) -> None:
    database = world.services.database
    numbers = add_members(database, _people(KE=60), joined=world.day)
    world.pass_days(3)
    world.release()

    def move(country: str, count: int) -> None:
        with database.write() as connection:
            connection.execute(
                tables.member.update()
                .where(tables.member.c.id.in_(numbers[:count]))
                .values(country=country)
            )

    for country in ("DE", "FR", "UG", "DE"):
        move(country, 19)
        world.pass_days(1)
        assert world.release().released == 0
    move("KE", 19)
    move("DE", 1)
    world.pass_days(1)
    (change,) = [one for one in world.release().changes if one.kind == "country"]
    assert change.changes == 1


def test_who_leaves_is_gone_at_once_and_in_the_table_until_the_next(world: World) -> None:
    members = [world.join(country="Kenya", cohort=None) for _ in range(25)]
    world.pass_days(3)
    world.release()
    for one in members[:19]:
        assert world.leave(*one).status_code == 202
    assert len(world.rows(tables.member)) == 6
    world.pass_days(1)
    assert world.release().released == 0
    assert _shown(_map(world)) == {"KE": 25}
    assert world.leave(*members[19]).status_code == 202
    world.pass_days(1)
    world.release()
    assert _shown(_map(world)) == {"KE": 5}


def test_a_cohort_that_is_not_due_stands_in_the_sum_as_it_was_released(world: World) -> None:
    """Else the sum over all cohorts would tell what the cohort's own table keeps back."""
    database = world.services.database
    one, two = add_cohort(database, "Fall 2026"), add_cohort(database, "Spring 2026")
    add_members(database, [p | {"cohort_id": one} for p in _people(KE=30)], joined=world.day)
    others = [world.join(country="Kenya", cohort="Spring 2026") for _ in range(30)]
    world.pass_days(3)
    world.release()
    assert _shown(_map(world)) == {"KE": 60}
    add_members(database, [p | {"cohort_id": one} for p in _people(DE=20)], joined=world.day)
    add_members(database, [p | {"cohort_id": two} for p in _people(DE=7)], joined=world.day)
    for member in others[:8]:
        assert world.leave(*member).status_code == 202
    world.pass_days(3)
    world.release()
    whole = world.request("GET", "/api/community/map").json()
    assert _shown(whole) == {"KE": 60, "DE": 20}
    assert _shown(_map_of(world, "spring+2026")) == {"KE": 30}
    assert _shown(_map_of(world, "Fall%202026")) == {"KE": 30, "DE": 20}


def _map_of(world: World, cohort: str) -> dict[str, Any]:
    found: dict[str, Any] = world.request("GET", f"/api/community/map?cohort={cohort}").json()
    return found


def test_a_release_that_was_cut_short_goes_on(world: World, monkeypatch: Any) -> None:
    from tito_bench_server.releases import publish

    add_members(world.services.database, _people(KE=30), joined=world.day)
    world.pass_days(3)
    with monkeypatch.context() as patched:
        patched.setattr(publish, "_publish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            world.release()
    assert _map(world)["countries"] == []
    world.pass_days(1)
    assert world.release().released > 0
    assert _shown(_map(world)) == {"KE": 30}


def test_who_leaves_while_it_is_published_is_a_change_of_the_next(
    world: World, monkeypatch: Any
) -> None:
    from tito_bench_server.releases import publish

    members = [world.join(country="Kenya", cohort=None) for _ in range(30)]
    world.pass_days(3)
    count = publish._count

    def leave_meanwhile(*words: Any) -> Any:
        found = count(*words)
        if members:
            world.leave(*members.pop())
        return found

    with monkeypatch.context() as patched:
        patched.setattr(publish, "_count", leave_meanwhile)
        world.release()
    assert len(world.rows(tables.member)) < 30
    left = 30 - len(world.rows(tables.member))
    released = {row["kind"]: row for row in world.rows(tables.release) if row["cohort_id"] == 0}
    for kind, row in released.items():
        with world.services.database.read() as connection:
            shown = tables.member.c[f"shown_{kind}"]
            alive = len(connection.execute(tables.member.select().where(shown.is_not(None))).all())
        counted = sum(n for _, n in json.loads(row["cells"])["counts"])
        assert counted - row["departures"] == alive, (kind, left)


def test_everybody_gets_the_same_bytes(world: World) -> None:
    members = [world.join(country="Kenya", modules_completed=n % 20) for n in range(40)]
    world.pass_days(3)
    world.release()
    for path in ("map", "map?cohort=Fall+2026", "cohort", "cohort?name=Fall+2026"):
        answers = {
            world.request("GET", f"/api/community/{path}", key=key).content
            for _, key in members[:5]
        }
        assert len(answers) == 1


def test_etag(world: World) -> None:
    add_members(world.services.database, _people(KE=30), joined=world.day)
    world.pass_days(3)
    world.release()
    first = world.request("GET", "/api/community/map")
    assert first.headers["cache-control"] == "public, max-age=300"
    again = world.request(
        "GET", "/api/community/map", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_how_far_a_cohort_is_only_members_see(world: World) -> None:
    _, key = world.join()
    for other in (None, "tbk_" + "x" * 43):
        assert world.request("GET", "/api/community/cohort", key=other).status_code == 401
    assert world.request("GET", "/api/community/cohort", key=key).status_code == 200


def test_a_map_for_members_only(world: World) -> None:
    _, key = world.join()
    add_course(world.services.database, "other", "XXXX-YYYY", public_map=False)
    with world.services.database.write() as connection:
        connection.execute(tables.course.update().values(public_map=False))
    world.services.courses.forget()
    assert world.request("GET", "/api/community/map").status_code == 401
    assert world.request("GET", "/api/community/map", key=key).status_code == 200
    assert world.request("GET", "/api/community/map", key=key, code="XXXX-YYYY").status_code == 401
    stats = world.request("GET", "/api/community/stats").json()
    assert stats["map"] == "for members only"


def test_how_far_a_cohort_is(world: World) -> None:
    database = world.services.database
    people = [{"modules": n % 12, "milestones": n % 3, "capstone": float(n)} for n in range(60)]
    add_members(database, people, joined=world.day)
    _, key = world.join()
    world.pass_days(3)
    world.release()
    found = world.request("GET", "/api/community/cohort", key=key).json()
    assert [(one["from"], one["to"], one["at_least"]) for one in found["modules"]] == [
        (0, 0, 5),
        (1, 5, 25),
        (6, 10, 25),
        (11, 15, 5),
    ]
    assert found["capstone"] == {"people_at_least": 60, "quartiles": [10, 25, 40]}
    assert found["people_at_least"] == 60


def test_nineteen_scores_have_no_quartiles(world: World) -> None:
    people = [{"capstone": float(n)} for n in range(19)] + [{} for _ in range(20)]
    add_members(world.services.database, people, joined=world.day)
    _, key = world.join()
    world.pass_days(3)
    world.release()
    assert world.request("GET", "/api/community/cohort", key=key).json()["capstone"] is None


def test_an_institution_is_shown_when_approved_and_of_ten(world: World) -> None:
    from tito_bench_server.members.names import approve_institution

    database = world.services.database
    for name, count in (("ETH Zurich", 12), ("eth  zürich", 8), ("MIT", 9), ("Evil ads", 15)):
        for _ in range(count):
            _, key = world.join(name=name)
    with database.write() as connection:
        assert approve_institution(connection, "ETH Zürich", {"ethzurich"}) == 20
        approve_institution(connection, "MIT", {"mit"})
    world.join(name="ETH Zürich")
    world.pass_days(3)
    world.release()
    found = world.request("GET", "/api/community/cohort", key=key).json()
    assert found["institutions"] == [{"name": "ETH Zürich", "at_least": 20}]
    everything = world.request("GET", "/api/community/cohort?name=Fall+2026", key=key).text
    assert "ETH" not in everything, "over all cohorts only"


def test_a_cohort_is_shown_when_approved(world: World) -> None:
    from tito_bench_server.members.names import approve_cohort

    for _ in range(25):
        world.join(cohort="Night owls")
    world.pass_days(3)
    world.release()
    assert world.request("GET", "/api/community/about").json()["cohorts"] == []
    assert world.request("GET", "/api/community/map?cohort=Night+owls").status_code == 404
    with world.services.database.write() as connection:
        assert approve_cohort(connection, 1, "Night owls") == 25
    world.pass_days(1)
    world.release()
    assert world.request("GET", "/api/community/about").json()["cohorts"] == ["Night owls"]
    assert _map(world)["people_at_least"] == 25


def test_a_release_of_everybody_leaves_each_in_its_page(
    new_world: Callable[..., World], cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL writes rows anew: in the room of their page, else into all indexes once more."""
    world = new_world(cluster.new_database())
    database = world.services.database
    add_course(database)
    monkeypatch.setattr(marking, "_CHUNK", 200)
    people = [
        {"country": "KE", "key_digest": n.to_bytes(16, "big"), "capstone": capstone}
        | {"institution_text": name}
        for n, (capstone, name) in enumerate(
            [(None, None), (50.5, None), (None, "Institution 1234"), (61.5, "Institution 123")]
            * 3200
        )
    ]
    add_members(database, people, joined=world.day)

    def pages() -> dict[int, str]:
        place = sa.text("SELECT id, split_part(ctid::text, ',', 1) FROM member")
        with database.read() as connection:
            return dict(connection.execute(place).all())

    before = pages()
    world.pass_days(3)
    assert world.release().marked == 12800
    assert sum(before[number] != page for number, page in pages().items()) < 0.01 * 12800


def test_a_release_of_everybody_hardly_grows_the_indexes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL writes rows anew: in the room that others left, not into the indexes once more.

    SQLite changes them in place.
    """
    database = world.services.database
    monkeypatch.setattr(marking, "_CHUNK", 200)
    keys = [{"country": "KE", "key_digest": n.to_bytes(16, "big")} for n in range(8000)]
    add_members(database, keys, joined=world.day)

    asked = "PRAGMA page_count" if database.is_sqlite else "SELECT pg_indexes_size('member')"

    def size() -> int:
        with database.read() as connection:
            return int(connection.execute(sa.text(asked)).scalar_one())

    before = size()
    world.pass_days(3)
    assert world.release().marked == 8000
    assert size() < 1.1 * before
