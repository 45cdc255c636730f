"""Statistics of a class from files that its students exported.

Read one by one, so that 100,000 of them need little memory: of each person
only what the tables count is kept.
"""

from __future__ import annotations

import bisect
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tito_bench.community.handed_in import (
    NotHandedIn,
    Person,
    Submission,
    latest_of,
    points_of,
    read_handed_in,
)
from tito_bench.community.small_groups import Bin, merge_bins, suppress_small_groups
from tito_bench.safe_text import safe_text
from tito_bench.statistics import median

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

__all__ = ["SMALLEST_GROUP", "ClassStatistics", "Hardship", "Unread", "hardest_of", "read_class"]

SMALLEST_GROUP = 3
"""No group below this is ever shown, whatever `--min-group` says."""

NOT_GIVEN = "not given"
_WHOSE = {
    "yours": "their own",
    "course": "the course's solution",
    "mixed": "both",
    "unknown": "not to be told",
}
"""By what a submission says; of several submissions of a person the last one counts."""
_LONGEST_NAME = 240
_MODULES = 20
_Spans = tuple[tuple[int, int], ...]
_SCORE_BINS = ((0, 20), (20, 40), (40, 60), (60, 80), (80, 100))
_HIGH_SCORE_BINS = tuple((low, low + 5) for low in range(60, 100, 5))
"""Where nobody is below 60, which would all be in two bins."""
_MODULE_BINS = ((0, 0), (1, 5), (6, 10), (11, 15), (16, _MODULES))
_MOST_SLOWDOWN = 1e9
_MOST_GROUPS = 20


@dataclass(slots=True)
class _Row:
    """What is kept of one person while reading."""

    cohort: str = NOT_GIVEN
    country: str = NOT_GIVEN
    course_type: str = NOT_GIVEN
    whose: str = NOT_GIVEN
    modules: int | None = None
    baseline: float | None = None
    capstone: float | None = None
    slowdowns: dict[str, float] = field(default_factory=dict)
    """Of the best baseline, by group."""


@dataclass(frozen=True)
class Unread:
    """A file that is in no table, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Hardship:
    """How many times longer than native something took: the median of `people`, two digits."""

    name: str
    slowdown: float
    people: int


@dataclass(frozen=True)
class ClassStatistics:
    """The tables. Every one of them counts all `people`; an empty one may not be shown.

    `unidentified` files hold no anonymous id: several may be of one student,
    who would then count as a group, so they are in no table. Medians are of whole points
    and None where too few people have a score; `hardest` begins with the largest slowdown.
    """

    files: int
    unreadable: tuple[Unread, ...]
    unidentified: int
    people: int
    smallest_group: int
    cohorts: dict[str, int]
    countries: dict[str, int]
    course_types: dict[str, int]
    whose_code: dict[str, int]
    modules_completed: tuple[Bin, ...]
    baseline_scores: tuple[Bin, ...]
    capstone_scores: tuple[Bin, ...]
    baseline_median: int | None
    capstone_median: int | None
    hardest: tuple[Hardship, ...]


def read_class(files: Iterable[str], smallest_group: int, now: datetime) -> ClassStatistics:
    """Read every file once and count.

    A file that is none of ours, or says what cannot be at the time `now`, is only named.
    """
    latest = latest_of(now)
    people: dict[str, _Row] = {}
    unreadable: list[Unread] = []
    read = unidentified = 0
    for path in files:
        read += 1
        try:
            found = read_handed_in(path, latest)
        except NotHandedIn as error:
            unreadable.append(Unread(path, str(error)))
            continue
        if found.identifier is None:
            unidentified += 1
            continue
        row = people.setdefault(found.identifier, _Row())
        if found.person is not None:
            _take_profile(found.person, row)
        for submission in found.submissions:
            _take_submission(submission, row)
    rows = people.values()
    smallest = max(smallest_group, SMALLEST_GROUP)

    def groups(of: Callable[[_Row], str]) -> dict[str, int]:
        return suppress_small_groups(Counter(map(of, rows)), smallest)

    def bins(of: Callable[[_Row], float | None], spans: _Spans) -> tuple[Bin, ...]:
        return merge_bins(_histogram(map(of, rows), spans), smallest)

    baselines = [row.baseline for row in rows if row.baseline is not None]
    capstones = [row.capstone for row in rows if row.capstone is not None]
    return ClassStatistics(
        files=read,
        unreadable=tuple(unreadable),
        unidentified=unidentified,
        people=len(people),
        smallest_group=smallest,
        cohorts=groups(lambda row: row.cohort),
        countries=groups(lambda row: row.country),
        course_types=groups(lambda row: row.course_type),
        whose_code=groups(lambda row: row.whose),
        modules_completed=bins(lambda row: row.modules, _MODULE_BINS),
        baseline_scores=bins(lambda row: row.baseline, _spans(baselines)),
        capstone_scores=bins(lambda row: row.capstone, _spans(capstones)),
        baseline_median=_median(baselines, smallest),
        capstone_median=_median(capstones, smallest),
        hardest=hardest_of((row.slowdowns for row in rows), smallest),
    )


def hardest_of(slowdowns: Iterable[Mapping[str, float]], smallest: int) -> tuple[Hardship, ...]:
    """Return the median slowdown of each name that at least `smallest` have, the largest first."""
    by_name: dict[str, list[float]] = {}
    for one in slowdowns:
        for name, slowdown in one.items():
            by_name.setdefault(name, []).append(slowdown)
    shown = [
        Hardship(name, float(f"{median(found):.2g}"), len(found))
        for name, found in by_name.items()
        if len(found) >= smallest
    ]
    return tuple(sorted(shown, key=lambda one: (-one.slowdown, one.name)))


def _take_profile(person: Person, row: _Row) -> None:
    if person.context is not None:
        row.cohort = _name(person.context.cohort, row.cohort)
        row.course_type = _name(person.context.course_type, row.course_type)
    if person.location is not None:
        row.country = _name(person.location.country, row.country)
    if person.progress is not None:
        modules = person.progress.modules_completed
        if isinstance(modules, int) and 0 <= modules <= 99:
            row.modules = min(max(modules, row.modules or 0), _MODULES)
        row.capstone = _best(row.capstone, points_of(person.progress.capstone_score))


def _take_submission(submission: Submission, row: _Row) -> None:
    whose = submission.subject.get("whose") if isinstance(submission.subject, dict) else None
    if isinstance(whose, str):
        row.whose = _WHOSE.get(whose, row.whose)
    if submission.benchmark == "capstone":
        row.capstone = _best(row.capstone, submission.points)
    elif submission.benchmark == "baseline":
        best = _best(row.baseline, submission.points)
        if best != row.baseline:
            row.baseline, row.slowdowns = best, _slowdowns(submission)


def _slowdowns(submission: Submission) -> dict[str, float]:
    metrics = submission.normalized_metrics
    found = None if metrics is None else metrics.slowdowns
    if not isinstance(found, dict):
        return {}
    return {
        _group_name(name[:_LONGEST_NAME]): float(value)
        for name, value in list(found.items())[:_MOST_GROUPS]
        if isinstance(value, int | float) and 0 < value < _MOST_SLOWDOWN
    }


def _median(points: list[float], smallest: int) -> int | None:
    """Return it in whole points, which many can have: one of an odd number is somebody's."""
    return round(median(points)) if len(points) >= smallest else None


def _spans(points: list[float]) -> _Spans:
    return _HIGH_SCORE_BINS if points and min(points) >= _HIGH_SCORE_BINS[0][0] else _SCORE_BINS


def _name(found: Any, before: str) -> str:
    return (_group_name(found[:_LONGEST_NAME]) or before) if isinstance(found, str) else before


@lru_cache(maxsize=1024)
def _group_name(text: str) -> str:
    """Make a group's name harmless; cached, for thousands are in the same cohort."""
    return safe_text(text, 60)


def _best(before: float | None, found: float | None) -> float | None:
    if before is None or found is None:
        return found if before is None else before
    return max(before, found)


def _histogram(values: Iterable[float | None], spans: _Spans) -> list[Bin]:
    """Count the values of each bin: one belongs to the last bin whose lower end it reaches.
    Those without a value come first, where there are any."""
    lows = [low for low, _high in spans]
    counts = [0] * (len(spans) + 1)
    for value in values:
        counts[0 if value is None else bisect.bisect_right(lows, value)] += 1
    found = [Bin(None, 0.0, counts[0])] if counts[0] else []
    return found + [
        Bin(float(low), float(high), n) for (low, high), n in zip(spans, counts[1:], strict=True)
    ]
