"""Statistics of a class from files that its students exported.

Read one by one, so that 100,000 of them need little memory: of each person
only what the tables count is kept.
"""

from __future__ import annotations

import bisect
import os
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tito_bench.community.small_groups import Bin, merge_bins, suppress_small_groups
from tito_bench.errors import StoreError
from tito_bench.foreign_json import NOT_JSON, without_bom
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["SMALLEST_GROUP", "ClassStatistics", "exported_files", "read_class"]

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
_Outcome = Literal["counted", "unidentified", "unreadable"]
_LONGEST_NAME = 240
_LARGEST_FILE = 4 * 2**20
_MODULES = 20
_Spans = tuple[tuple[int, int], ...]
_SCORE_BINS = ((0, 20), (20, 40), (40, 60), (60, 80), (80, 100))
_MODULE_BINS = ((0, 0), (1, 5), (6, 10), (11, 15), (16, _MODULES))


class _Location(msgspec.Struct, gc=False):
    country: Any = None


class _Context(msgspec.Struct, gc=False):
    cohort: Any = None
    course_type: Any = None


class _Progress(msgspec.Struct, gc=False):
    modules_completed: Any = 0
    capstone_score: Any = None


class _Metrics(msgspec.Struct, gc=False):
    score: Any = None
    overall: Any = None


class _Subject(msgspec.Struct, gc=False):
    whose: Any = None


class _Submission(msgspec.Struct, gc=False):
    anonymous_id: Any = None
    benchmark: Any = None
    subject: _Subject | None = None
    normalized_metrics: _Metrics | None = None


class _Person(msgspec.Struct, gc=False):
    anonymous_id: Any = None
    location: _Location | None = None
    context: _Context | None = None
    progress: _Progress | None = None


class _File(_Person, gc=False):
    """Any of the files a student can hand in; what they hold besides is skipped."""

    kind: Any = None
    benchmark: Any = None
    subject: _Subject | None = None
    normalized_metrics: _Metrics | None = None
    profile: _Person | None = None
    submissions: list[_Submission] | None = None


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


@dataclass(frozen=True)
class ClassStatistics:
    """The tables. Every one of them counts all `people`; an empty one may not be shown.

    `unidentified` files hold no anonymous id: several may be of one student,
    who would then count as a group, so they are in no table.
    """

    files: int
    unreadable: int
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


def exported_files(sources: Iterable[Path]) -> Iterator[str]:
    """Yield the files named, and all `.json` files in and below the folders named.

    Raises `StoreError` for a name that is neither.
    """
    for source in sources:
        if source.is_dir():
            yield from _below(str(source))
        elif source.is_file():
            yield str(source)
        else:
            shown = safe_text(str(source))
            raise StoreError(f"--from: {shown} is no file or folder; check the name")


def _below(folder: str) -> Iterator[str]:
    """Yield regular files only (a pipe would never end), in the order of their names."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise StoreError(f"--from: cannot read {safe_text(folder)}: {error.strerror}") from error
    for entry in entries:
        if entry.name.endswith(".json") and entry.is_file():
            yield entry.path
        elif entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from _below(entry.path)


def read_class(files: Iterable[str], smallest_group: int) -> ClassStatistics:
    """Read every file once and count. A file that is none of ours is only counted."""
    decoder = msgspec.json.Decoder(_File)
    people: dict[str, _Row] = {}
    outcomes: Counter[_Outcome] = Counter()
    for path in files:
        outcomes[_take_file(path, decoder, people)] += 1
    rows = people.values()
    smallest = max(smallest_group, SMALLEST_GROUP)

    def groups(of: Callable[[_Row], str]) -> dict[str, int]:
        return suppress_small_groups(Counter(map(of, rows)), smallest)

    def bins(of: Callable[[_Row], float | None], spans: _Spans) -> tuple[Bin, ...]:
        return merge_bins(_histogram(map(of, rows), spans), smallest)

    return ClassStatistics(
        files=outcomes.total(),
        unreadable=outcomes["unreadable"],
        unidentified=outcomes["unidentified"],
        people=len(people),
        smallest_group=smallest,
        cohorts=groups(lambda row: row.cohort),
        countries=groups(lambda row: row.country),
        course_types=groups(lambda row: row.course_type),
        whose_code=groups(lambda row: row.whose),
        modules_completed=bins(lambda row: row.modules, _MODULE_BINS),
        baseline_scores=bins(lambda row: row.baseline, _SCORE_BINS),
        capstone_scores=bins(lambda row: row.capstone, _SCORE_BINS),
    )


def _take_file(
    path: str, decoder: msgspec.json.Decoder[_File], people: dict[str, _Row]
) -> _Outcome:
    try:
        # Straight to the system: for 100,000 small files half of the time is Python's layers.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            data = os.read(descriptor, _LARGEST_FILE + 1)
        finally:
            os.close(descriptor)
        if len(data) > _LARGEST_FILE:
            return "unreadable"
        return _take(decoder.decode(without_bom(data)), people)
    except (OSError, *NOT_JSON):
        return "unreadable"


def _take(found: _File, people: dict[str, _Row]) -> _Outcome:
    """Put what a file says into its person's row."""
    submissions = list(found.submissions or ())
    person: _Person | None = found.profile
    if found.kind == "submission":
        submissions.append(
            _Submission(
                found.anonymous_id, found.benchmark, found.subject, found.normalized_metrics
            )
        )
    elif person is None and (found.progress or found.context or found.location):
        person = found
    if person is None and not submissions:
        return "unreadable"
    key = _identifier(person) or next(filter(None, map(_identifier, submissions)), None)
    if key is None:
        return "unidentified"
    row = people.setdefault(key, _Row())
    if person is not None:
        _take_profile(person, row)
    for submission in submissions:
        _take_submission(submission, row)
    return "counted"


def _take_profile(person: _Person, row: _Row) -> None:
    if person.context is not None:
        row.cohort = _name(person.context.cohort, row.cohort)
        row.course_type = _name(person.context.course_type, row.course_type)
    if person.location is not None:
        row.country = _name(person.location.country, row.country)
    if person.progress is not None:
        modules = person.progress.modules_completed
        if isinstance(modules, int) and 0 <= modules <= 99:
            row.modules = min(max(modules, row.modules or 0), _MODULES)
        row.capstone = _best(row.capstone, person.progress.capstone_score)


def _take_submission(submission: _Submission, row: _Row) -> None:
    if submission.subject is not None and isinstance(submission.subject.whose, str):
        row.whose = _WHOSE.get(submission.subject.whose, row.whose)
    metrics = submission.normalized_metrics
    if metrics is None:
        return
    score = metrics.score if metrics.overall is None else metrics.overall
    if submission.benchmark == "capstone":
        row.capstone = _best(row.capstone, score)
    elif submission.benchmark == "baseline":
        row.baseline = _best(row.baseline, score)


def _identifier(found: _Person | _Submission | None) -> str | None:
    identifier = found.anonymous_id if found is not None else None
    return identifier[:80] if isinstance(identifier, str) and identifier else None


def _name(found: Any, before: str) -> str:
    return (_group_name(found[:_LONGEST_NAME]) or before) if isinstance(found, str) else before


@lru_cache(maxsize=1024)
def _group_name(text: str) -> str:
    """Make a group's name harmless; cached, for thousands are in the same cohort."""
    return safe_text(text, 60)


def _best(before: float | None, found: Any) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 100:
        return before
    return float(found) if before is None else max(before, float(found))


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
