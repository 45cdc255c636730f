"""How far a student has come, read from the files that TinyTorch's commands keep.

Those files are the course's: they are read in every shape they ever had and
never written, moved or repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from tito_bench.errors import StoreError
from tito_bench.foreign_json import NotJson, decode_foreign_json
from tito_bench.records.read import CourseFile, RecordHeader, Skipped, read_history
from tito_bench.records.store import DISK, parse_time, read_bytes

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from tito_bench.community.profile import Progress
    from tito_bench.records.filesystem import FileSystem
    from tito_bench.records.project_layout import Layout

__all__ = [
    "MILESTONES",
    "Course",
    "Finished",
    "entry_number",
    "finished_since",
    "read_course",
    "refreshed",
]

_ENTRY = re.compile(r"(?:(?:module|milestone)[ _-]?)?0*([1-9]\d?)(?:[^\d].*)?", re.DOTALL)
_HIGHEST = 99
MILESTONES: Mapping[int, str] = MappingProxyType(
    dict(
        enumerate(
            ("Perceptron", "XOR", "MLP", "CNN", "Transformer", "MLPerf", "Custom Kernels"), start=1
        )
    )
)
_OF_SEVERAL_PARTS = frozenset({3, 4, 6})


@dataclass(frozen=True)
class Finished:
    """A module or a milestone of the course, by its number."""

    what: str
    number: int


@dataclass(frozen=True)
class Course:
    """What the project's files say. `modules` or `milestones` is None where a
    file that might hold them cannot be read: what was known before then stays.

    `milestone_parts` are the parts passed of milestones that are not complete, by number;
    `unreadable` holds one sentence for each such file, `skipped` the files among the
    records that are none and that the course did not make.
    """

    modules: frozenset[int] | None
    milestones: frozenset[int] | None
    records: tuple[RecordHeader, ...]
    course_files: tuple[CourseFile, ...]
    skipped: tuple[Skipped, ...]
    active_days: frozenset[date]
    milestone_parts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


def read_course(layout: Layout, now: datetime, disk: FileSystem = DISK) -> Course:
    """Read the progress and milestone files and all benchmark records of a project.

    `now` is an aware time, after which no record was made. Raises `StoreError` where the
    folder of the records cannot be read.
    """
    problems: list[str] = []
    modules: set[int] | None = set()
    days: set[date] = set()
    for path in layout.course_progress:
        found = _object(path, layout, problems, disk)
        if found is None:
            modules = None
        elif modules is not None:
            modules |= _numbers(found.get("completed_modules"))
            days |= _days(found.get("completion_dates"))
    milestones: set[int] | None = None
    parts: dict[int, tuple[int, ...]] = {}
    found = _object(layout.course_milestones, layout, problems, disk)
    if found is not None:
        milestones = _milestones(found)
        parts = _parts_passed(found, milestones)
        days |= _days(found.get("completion_dates"))
    history = read_history(layout.benchmarks, now, disk)
    days |= {entry.created_at.date() for entry in history.entries}
    days |= {file.measured_at.date() for file in history.course if file.measured_at}
    of_course = {file.file for file in history.course}
    return Course(
        modules=None if modules is None else frozenset(modules),
        milestones=None if milestones is None else frozenset(milestones),
        records=history.entries,
        course_files=history.course,
        skipped=tuple(one for one in history.skipped if one.file not in of_course),
        active_days=frozenset(days),
        milestone_parts=parts,
        unreadable=tuple(problems),
    )


def finished_since(
    layout: Layout, since: datetime, disk: FileSystem = DISK
) -> tuple[Finished, ...]:
    """Return the modules and milestones that the course's files date after `since`, in order.

    The newest course dates its last module only; a file that cannot be read says nothing.
    """
    found: set[Finished] = set()
    modules = [(path, "module") for path in layout.course_progress]
    for path, what in (*modules, (layout.course_milestones, "milestone")):
        document = _object(path, layout, [], disk) or {}
        dated = document.get("completion_dates")
        dates = list(dated.items()) if isinstance(dated, Mapping) else []
        if what == "module":
            dates.append((document.get("last_completed"), document.get("last_updated")))
        for entry, date in dates:
            number, at = entry_number(entry), parse_time(date)
            if number is not None and at is not None and at > since:
                found.add(Finished(what, number))
    return tuple(sorted(found, key=lambda one: (one.what, one.number)))


def refreshed(before: Progress, course: Course) -> Progress:
    """Return the progress that the files show; what could not be read stays as it was."""
    counted = [record for record in course.records if record.verdict != "invalid"]
    scores = [one.score for one in counted if one.kind == "capstone" and one.score is not None]
    progress = msgspec.structs.replace(
        before,
        setup_verified=any(record.kind == "baseline" for record in counted),
        capstone_score=max(scores, default=None),  # 0 is a score, None is none
    )
    if course.modules is not None:
        progress = msgspec.structs.replace(progress, modules_completed=len(course.modules))
    if course.milestones is not None:
        progress = msgspec.structs.replace(progress, milestones_passed=len(course.milestones))
    return progress


def entry_number(entry: Any) -> int | None:
    """Return the number of a module or milestone: 1, "1", "01", "01_tensor" are all 1."""
    if isinstance(entry, bool):
        return None
    if isinstance(entry, int):
        return entry if 1 <= entry <= _HIGHEST else None
    match = _ENTRY.fullmatch(entry.strip().lower()) if isinstance(entry, str) else None
    return int(match[1]) if match else None


def _milestones(found: Mapping[str, Any]) -> set[int]:
    """Return the milestones that count by the rule of TinyTorch 0.2.0.

    Those of several parts were once noted after the first part alone: they count only in a
    file of its schema 2, which notes them when all parts that are required have passed.
    """
    completed = _numbers(found.get("completed_milestones"))
    if found.get("schema_version") is None:
        completed -= _OF_SEVERAL_PARTS
    return {number for number in completed if number in MILESTONES}


def _parts_passed(found: Mapping[str, Any], complete: set[int]) -> dict[int, tuple[int, ...]]:
    """Return the parts that ever passed, of the milestones that are not complete."""
    results = found.get("part_results")
    passed: dict[int, tuple[int, ...]] = {}
    for name, parts in results.items() if isinstance(results, Mapping) else ():
        milestone = entry_number(name)
        if milestone is None or milestone not in MILESTONES or milestone in complete:
            continue
        numbers = [
            number
            for part, result in (parts.items() if isinstance(parts, Mapping) else ())
            if isinstance(result, Mapping) and result.get("passed_at")
            if (number := entry_number(part)) is not None
        ]
        if numbers:
            passed[milestone] = tuple(sorted(numbers))
    return passed


def _numbers(entries: Any) -> set[int]:
    if isinstance(entries, Mapping):  # {"01": true}
        entries = [name for name, done in entries.items() if done]
    if not isinstance(entries, Iterable) or isinstance(entries, str):
        return set()
    return {number for number in map(entry_number, entries) if number is not None}


def _days(dates: Any) -> set[date]:
    if not isinstance(dates, Mapping):
        return set()
    return {time.date() for time in map(parse_time, dates.values()) if time is not None}


def _object(
    path: Path, layout: Layout, problems: list[str], disk: FileSystem
) -> Mapping[str, Any] | None:
    """Return the JSON object in a file of the course, empty where there is no file."""
    try:
        data = read_bytes(path, disk)
        found = {} if data is None else decode_foreign_json(data)
    except StoreError as error:
        problems.append(str(error))
        return None
    except NotJson:
        found = None
    if not isinstance(found, Mapping):
        problems.append(f"{layout.shown(path)} cannot be read; what was known before stays")
        return None
    return found
