"""What is published of a released row: counts as "at least", in steps of five.

Pure: counts and what may be shown of them come in, a document goes out. The
same document goes to everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tito_bench_server.client_package import country_name
from tito_bench_server.members.messages import COURSE_TYPE_NAMES
from tito_bench_server.releases.kinds import (
    CAPSTONE_STEP,
    MILESTONES_TOP,
    MODULE_BINS,
    NO_SCORE,
    NOT_GIVEN,
    floored,
)

__all__ = ["FEWEST_PEOPLE", "RowFigures", "cohort_document", "map_document"]

FEWEST_PEOPLE = 20
"""No score bands of fewer, and no tables of a course below."""

RowFigures = tuple[Mapping[Any, int], frozenset[Any]]
"""The people of a row by cell, and the cells that may be shown."""

_NOTHING: RowFigures = ({}, frozenset())


def map_document(
    number: int, released_on: str | None, cohort: str | None, country: RowFigures
) -> dict[str, Any]:
    """Return the document behind the map: countries by size."""
    counts, visible = country
    shown = sorted(
        ((counts[code], code) for code in visible if code != NOT_GIVEN),
        key=lambda one: (-floored(one[0]), one[1]),
    )
    document: dict[str, Any] = {
        "release": number,
        "released_on": released_on,
        "cohort": cohort,
        "people_at_least": floored(sum(counts.values())),
        "countries": [
            {"country": country_name(code), "code": code, "at_least": floored(count)}
            for count, code in shown
        ],
        "not_given_at_least": floored(counts[NOT_GIVEN]) if NOT_GIVEN in visible else 0,
        "other_at_least": _rest(country),
    }
    if not counts:
        document["note"] = f"fewer than {FEWEST_PEOPLE}, no tables yet"
    return document


def cohort_document(
    number: int,
    released_on: str | None,
    cohort: str | None,
    figures: Mapping[str, RowFigures],
    institutions: Mapping[int, str],
) -> dict[str, Any]:
    """Return how far a cohort is; for members only."""
    modules, milestones = figures.get("modules", _NOTHING), figures.get("milestones", _NOTHING)
    types = figures.get("course_type", _NOTHING)
    document: dict[str, Any] = {
        "release": number,
        "released_on": released_on,
        "cohort": cohort,
        "people_at_least": max((floored(sum(c.values())) for c, _ in figures.values()), default=0),
        "modules": [
            {"from": low, "to": high, "at_least": floored(modules[0][place])}
            for place, (low, high) in enumerate(MODULE_BINS)
            if place in modules[1]
        ],
        "modules_other_at_least": _rest(modules),
        "milestones": [
            {
                "from": place,
                "to": None if place == MILESTONES_TOP else place,
                "at_least": floored(n),
            }
            for place, n in sorted(milestones[0].items())
            if place in milestones[1]
        ],
        "milestones_other_at_least": _rest(milestones),
        "course_types": [
            {"course_type": COURSE_TYPE_NAMES[place], "at_least": floored(n)}
            for place, n in sorted(types[0].items())
            if place in types[1]
        ],
        "course_types_other_at_least": _rest(types),
        "capstone": _capstone(figures.get("capstone", _NOTHING)[0]),
    }
    if institutions:
        counts, visible = figures.get("institution", _NOTHING)
        document["institutions"] = [
            {"name": institutions[place], "at_least": floored(n)}
            for place, n in sorted(counts.items(), key=lambda item: (-floored(item[1]), item[0]))
            if place in visible and place in institutions
        ]
    if not any(counts for counts, _ in figures.values()):
        document["note"] = f"fewer than {FEWEST_PEOPLE}, no tables yet"
    return document


def _rest(figures: RowFigures) -> int:
    counts, visible = figures
    return floored(sum(n for cell, n in counts.items() if cell not in visible))


def _capstone(counts: Mapping[int, int]) -> dict[str, Any] | None:
    """Return the quartile edges of the capstone scores, each the lower end of a band."""
    scores = {band: n for band, n in counts.items() if band != NO_SCORE and n > 0}
    people = sum(scores.values())
    if people < FEWEST_PEOPLE:
        return None
    return {"people_at_least": floored(people), "quartiles": _quartiles(scores, people)}


def _quartiles(scores: Mapping[int, int], people: int) -> Sequence[int]:
    edges = []
    for quarter in (1, 2, 3):
        reached = 0
        for band in sorted(scores):
            reached += scores[band]
            if reached * 4 >= people * quarter:
                edges.append(band * CAPSTONE_STEP)
                break
    return edges
