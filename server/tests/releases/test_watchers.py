"""What someone who keeps every release can learn: sixty days, and the newcomer's country."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tito_bench_server.releases.kinds import SMALLEST_GROUP, floored
from tito_bench_server.releases.marking import enough
from tito_bench_server.releases.suppression import suppress
from tito_bench_server.store import tables
from world import World, add_cohort, add_course, add_members

_COUNTRIES = ("KE", "DE", "US", "IN", "BR", "FR", "UG", "MT", "SG", "NZ")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sixty_days_of_comings_and_goings(
    tmp_path: Path, new_world: Callable[..., World], seed: int
) -> None:
    """Every released row changed by at least 20 memberships, and shows no group below five."""
    world = new_world(f"sqlite:///{tmp_path / 'community.db'}")

    database = world.services.database
    add_course(database)
    cohorts = [add_cohort(database, name) for name in ("Fall 2026", "Spring 2026")]
    rng = random.Random(seed)
    alive: list[int] = []
    before: dict[int, dict[int, str]] = {cohort: {} for cohort in cohorts}
    released = 0
    for _ in range(60):
        people = [
            {
                "country": rng.choices(_COUNTRIES, weights=range(len(_COUNTRIES), 0, -1))[0],
                "cohort_id": rng.choice(cohorts),
                "modules": rng.randrange(21),
            }
            for _ in range(rng.randrange(6))
        ]
        alive += add_members(database, people, joined=world.day)
        _live(database, rng, alive)
        world.pass_days(1)
        numbers = _numbers(world)
        world.release()
        for cohort in cohorts:
            if _numbers(world).get((cohort, "country"), 0) == numbers.get((cohort, "country"), 0):
                continue
            released += 1
            now = _shown(world, cohort)
            changed = sum(now.get(one) != before[cohort].get(one) for one in now | before[cohort])
            assert changed >= 20
            before[cohort] = now
            _check_document(world, cohort, Counter(now.values()))
    assert released >= 4, "the test saw too few releases to mean anything"


def _live(database: Any, rng: random.Random, alive: list[int]) -> None:
    """Some leave, some move, some get on; as the writer does it, departures counted."""
    with database.write() as connection:
        for _ in range(rng.randrange(3)):
            if not alive:
                return
            number = alive.pop(rng.randrange(len(alive)))
            member = tables.member
            row = connection.execute(member.select().where(member.c.id == number)).one()
            for kind in ("country", "modules", "milestones", "course_type", "capstone"):
                if getattr(row, f"shown_{kind}") is not None:
                    release = tables.release
                    connection.execute(
                        release.update()
                        .where(
                            release.c.cohort_id == row.cohort_id,
                            release.c.kind == kind,
                        )
                        .values(departures=release.c.departures + 1)
                    )
            connection.execute(member.delete().where(member.c.id == number))
        for number in rng.sample(alive, min(3, len(alive))):
            connection.execute(
                tables.member.update()
                .where(tables.member.c.id == number)
                .values(country=rng.choice(_COUNTRIES))
            )


def _numbers(world: World) -> dict[tuple[int, str], int]:
    return {(row["cohort_id"], row["kind"]): row["number"] for row in world.rows(tables.release)}


def _shown(world: World, cohort: int) -> dict[int, str]:
    return {
        row["id"]: row["shown_country"]
        for row in world.rows(tables.member)
        if row["cohort_id"] == cohort and row["shown_country"] is not None
    }


def _check_document(world: World, cohort: int, counts: Counter[str]) -> None:
    (row,) = [
        row
        for row in world.rows(tables.document)
        if row["cohort_id"] == cohort and row["name"] == "map"
    ]
    document = msgspec.json.decode(bytes(row["body"]))
    shown = {one["code"]: one["at_least"] for one in document["countries"]}
    for code, at_least in shown.items():
        assert counts[code] >= SMALLEST_GROUP
        assert at_least == floored(counts[code])
    assert document["people_at_least"] == floored(counts.total())
    hidden = counts.total() - sum(counts[code] for code in shown)
    assert hidden == 0 or hidden >= SMALLEST_GROUP


def _attack(people: int, changes: int, rng: random.Random, guess: str) -> bool:
    """One newcomer among so many changes; guess their country by what rose."""
    names = [f"c{n}" for n in range(30)]
    weights = [1 / (n + 1) for n in range(30)]
    before = Counter(rng.choices(names, weights, k=people))
    target = rng.choice(names[15:])
    after = before + Counter([target, *rng.choices(names, weights, k=changes - 1)])

    def published(counts: Counter[str]) -> dict[str, int]:
        visible = suppress({0: counts}, SMALLEST_GROUP).visible[0]
        return {str(name): floored(counts[str(name)]) for name in visible}

    first, second = published(before), published(after)
    rise = {name: second[name] - first.get(name, 0) for name in sorted(second)}
    risen = [name for name in rise if rise[name] > 0]
    if guess == "most":
        risen = [name for name in risen if rise[name] == max(rise.values())]
    return bool(risen) and rng.choice(risen) == target


@pytest.mark.parametrize("guess", ["any", "most"])
@pytest.mark.parametrize("people", [40, 400, 2000])
def test_a_watcher_of_two_releases_hardly_tells_a_newcomers_country(
    people: int, guess: str
) -> None:
    rng = random.Random(7)
    tries = 1500
    right = sum(_attack(people, enough(20, people), rng, guess) for _ in range(tries))
    assert right / tries <= 0.05


def test_with_one_change_the_watcher_would_often_be_right() -> None:
    """The attack is a real one: what protects is that so many change at once."""
    rng = random.Random(7)
    tries = 1500
    assert sum(_attack(400, 1, rng, "any") for _ in range(tries)) / tries > 0.15
