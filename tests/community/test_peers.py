"""Where one is in a cohort: certain whatever the floored and hidden counts leave open."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.community.peers import Span, band_of_score, peers_at

BINS = ((0, 0), (1, 5), (6, 10), (11, 15), (16, 20))


def _published(people: list[int], hidden: frozenset[int]) -> tuple[list[Span], int]:
    """What a server shows of people by bin: floors of five, some bins held back."""
    spans = [
        Span(low=low, high=high, at_least=people[place] - people[place] % 5)
        for place, (low, high) in enumerate(BINS)
        if place not in hidden
    ]
    other = sum(people[place] for place in hidden)
    return spans, other - other % 5


def test_who_is_where():
    spans, other = _published([80, 160, 290, 200, 139], frozenset())
    found = peers_at(spans, other, 9)
    assert (found.span.text, found.alike, found.beyond) == ("6-10", 290, 335)
    assert (found.next_figure, found.band) == (11, "middle half")
    first = peers_at(spans, other, 18)
    assert (first.alike, first.beyond, first.next_figure) == (135, 0, None)
    assert first.band == "first quarter"
    behind = peers_at(spans, other, 2)
    assert (behind.band, behind.next_figure) == (None, 6)


def test_nothing_is_said_where_ones_own_count_is_held_back():
    spans, other = _published([80, 160, 3, 200, 139], frozenset({2}))
    found = peers_at(spans, other, 9)
    assert (found.span, found.alike, found.next_figure) == (None, 0, 11)


def test_nothing_at_all():
    assert peers_at([], 0, 4) == peers_at([], 0, 0)
    assert peers_at([], 0, 4).band is None


@given(
    people=st.lists(st.integers(0, 60), min_size=5, max_size=5),
    hidden=st.frozensets(st.integers(0, 4), max_size=3),
    figure=st.integers(0, 20),
)
def test_what_is_said_is_true_of_the_people_behind_the_counts(people, hidden, figure):
    """The student is one of the people, as on a server; `beyond` is in a higher bin."""
    own = next(place for place, (low, high) in enumerate(BINS) if low <= figure <= high)
    people = [count + (place == own) for place, count in enumerate(people)]
    spans, other = _published(people, hidden)
    found = peers_at(spans, other, figure)
    total, beyond, below = sum(people), sum(people[own + 1 :]), sum(people[:own])
    assert found.alike <= people[own]
    assert found.beyond <= beyond
    if found.band == "first quarter":
        assert beyond * 4 <= total
    if found.band == "middle half":
        assert below * 4 >= total
    if found.next_figure is not None:
        assert found.next_figure > figure


@pytest.mark.parametrize(
    ("score", "band"),
    [(39.9, None), (40, "middle half"), (74.9, "middle half"), (75, "first quarter")],
)
def test_bands_of_a_score(score, band):
    assert band_of_score([40, 60, 75], score) == band


@pytest.mark.parametrize(
    ("low", "high", "text"), [(0, 0, "0"), (6, 10, "6-10"), (6, None, "6+"), (3, 3, "3")]
)
def test_a_span_as_people_write_it(low, high, text):
    assert Span(low=low, high=high, at_least=5).text == text


@pytest.mark.parametrize(
    "found",
    [
        {"from": -1, "to": 5, "at_least": 5},
        {"from": 0, "to": 5, "at_least": -5},
        {"from": 0, "to": 5, "at_least": 10**30},
        {"from": 0, "to": 5, "at_least": True},
        {"from": 0, "to": 5},
        {"from": "0", "to": 5, "at_least": 5},
    ],
)
def test_what_is_no_span(found):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(found, Span)
