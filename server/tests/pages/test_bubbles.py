"""The map: every country has a place, no bubble hides another, names do not collide."""

from __future__ import annotations

import math

import hypothesis.strategies as st
from hypothesis import given, settings

from tito_bench_server.client_package import country_name
from tito_bench_server.pages.bubbles import LABELLED, place_bubbles, place_labels
from tito_bench_server.pages.render import load_world

WORLD = load_world()
_EUROPE = "DE FR GB IT ES NL BE CH AT PL CZ DK SE NO PT IE LU SI HR HU SK"
counts = st.dictionaries(
    st.sampled_from(sorted(WORLD.places)), st.integers(1, 20_000).map(lambda n: 5 * n), max_size=80
)


def test_all_249_countries_have_a_place_on_the_map() -> None:
    from importlib.resources import files

    table = files("tito_bench").joinpath("data", "countries.tsv").read_text(encoding="utf-8")
    codes = {line[:2] for line in table.splitlines() if not line.startswith("#")}
    assert len(codes) == 249
    assert set(WORLD.places) == codes
    for code, (x, y) in WORLD.places.items():
        assert country_name(code)
        assert 0 <= x <= WORLD.width, code
        assert 0 <= y <= WORLD.height, code


def test_countries_lie_where_people_look_for_them() -> None:
    x = {code: place[0] for code, place in WORLD.places.items()}
    y = {code: place[1] for code, place in WORLD.places.items()}
    assert x["US"] < x["BR"] < x["GB"] < x["DE"] < x["IN"] < x["CN"] < x["JP"] < x["NZ"]
    assert y["NO"] < y["DE"] < y["EG"] < y["KE"] < y["ZA"]
    assert math.dist(WORLD.places["AU"], (855, 330)) < 40, "not Ashmore and Cartier Islands"


@given(counts)
@settings(max_examples=60, deadline=None)
def test_no_bubble_hides_another(found: dict[str, int]) -> None:
    bubbles = place_bubbles(found, WORLD)
    assert {one.code for one in bubbles} == set(found)
    for place, one in enumerate(bubbles):
        for other in bubbles[:place]:
            apart = math.hypot(one.x - other.x, one.y - other.y)
            assert apart >= max(one.radius, other.radius), "one lies within the other"
        assert one.radius - 1 <= one.x <= WORLD.width - one.radius + 1
        assert one.radius - 1 <= one.y <= WORLD.height - one.radius + 1
    assert bubbles == place_bubbles(found, WORLD), "the same counts, the same map"


def test_crowded_europe_is_told_apart() -> None:
    europe = _EUROPE.split()
    bubbles = place_bubbles(dict.fromkeys(europe, 50), WORLD)
    for place, one in enumerate(bubbles):
        for other in bubbles[:place]:
            assert math.hypot(one.x - other.x, one.y - other.y) >= one.radius + other.radius - 1


def test_areas_are_as_counts() -> None:
    large, small = place_bubbles({"US": 400, "AU": 100}, WORLD)
    assert large.radius / small.radius == 2


@given(counts)
@settings(max_examples=60, deadline=None)
def test_the_five_largest_bear_names_that_do_not_collide(found: dict[str, int]) -> None:
    bubbles = place_bubbles(found, WORLD)
    names = {code: country_name(code) for code in found}
    labels = place_labels(bubbles, names, WORLD, 22.0)
    assert len(labels) <= LABELLED
    largest = {names[one.code] for one in bubbles[:LABELLED]}
    assert {label.text for label in labels} <= largest
    for place, one in enumerate(labels):
        for other in labels[:place]:
            width = 22 * 0.56 * (len(one.text) + len(other.text)) / 2
            assert abs(one.x - other.x) >= width - 1 or abs(one.y - other.y) >= 20
