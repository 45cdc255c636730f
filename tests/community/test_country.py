"""Countries in many spellings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tito_bench.community.country import (
    UnknownCountry,
    _countries,
    flag_of,
    key_of,
    resolve_country,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("us", "United States"),
        ("USA", "United States"),
        ("U.S.A.", "United States"),
        ("the United States of America", "United States"),
        ("uk", "United Kingdom"),
        ("England", "United Kingdom"),
        ("turkey", "Türkiye"),
        ("TÜRKİYE", "Türkiye"),
        ("cote d'ivoire", "Côte d'Ivoire"),
        ("Ivory  Coast", "Côte d'Ivoire"),
        ("bosnia & herzegovina", "Bosnia and Herzegovina"),
        ("st lucia", "Saint Lucia"),
        ("South Korea", "Korea, Republic of"),
        ("Republic of Korea", "Korea, Republic of"),
        ("Iran", "Iran, Islamic Republic of"),
        ("Vietnam", "Viet Nam"),
        ("Deutschland", "Germany"),
        ("España", "Spain"),
        ("日本", "Japan"),
        ("भारत", "India"),
        ("대한민국", "Korea, Republic of"),
        ("Rusia", "Russian Federation"),
        ("Sverige", "Sweden"),
        ("Ελλάδα", "Greece"),
        ("Magyarország", "Hungary"),
        ("Қазақстан", "Kazakhstan"),
        ("台灣", "Taiwan, Province of China"),
        ("Allemagne", "Germany"),
        (" che ", "Switzerland"),
    ],
)
def test_spellings(text: str, name: str) -> None:
    assert resolve_country(text) == name


@pytest.mark.parametrize("country", _countries(), ids=lambda one: one.alpha_2)
def test_every_country_by_every_name_of_its_own(country) -> None:
    names = [*country.names, country.alpha_2, country.alpha_3.lower()]
    assert {resolve_country(name) for name in names} == {country.names[0]}
    assert len(flag_of(country.names[0])) == 2


def test_the_table_is_whole() -> None:
    assert len(_countries()) == 249
    for country in _countries():
        assert re.fullmatch("[A-Z]{2} [A-Z]{3}", f"{country.alpha_2} {country.alpha_3}")
        assert len(country.keys) >= 3, country.alpha_2
        assert [key_of(key) for key in country.keys] == list(country.keys)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("Germny", "Germany"),
        ("Untied States", "United States"),
        ("Rusian", "Russian Federation"),
        ("Switzerlnd", "Switzerland"),
    ],
)
def test_the_nearest_are_offered(text: str, offered: str) -> None:
    with pytest.raises(UnknownCountry, match=f"no country is called '{text}'") as caught:
        resolve_country(text)
    assert offered in caught.value.nearest
    assert offered in str(caught.value)


@pytest.mark.parametrize("text", ["", " ", "zz", "😀", "Atlantis!!", "1", "x" * 10_000])
def test_what_is_no_country(text: str) -> None:
    with pytest.raises(UnknownCountry) as caught:
        resolve_country(text)
    assert len(str(caught.value)) < 300


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=40))
def test_any_text_is_a_country_or_a_line(text: str) -> None:
    try:
        assert flag_of(resolve_country(text))
    except UnknownCountry as error:
        line = str(error)
    else:
        line = ""
    assert "\n" not in line
    assert "\x1b" not in line


def test_no_flag_for_no_country():
    assert flag_of("Atlantis") == ""
