"""What students hand in: exports, profiles and submissions, each read as far as it is needed."""

from __future__ import annotations

import math
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tito_bench.errors import StoreError
from tito_bench.foreign_json import NOT_JSON, NotJson, decode_foreign_json, without_bom
from tito_bench.records.store import FIRST_TIME, latest_time
from tito_bench.safe_text import safe_text
from tito_bench.score import score

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "HandedIn",
    "NotHandedIn",
    "Person",
    "Submission",
    "exported_files",
    "latest_of",
    "points_of",
    "read_handed_in",
]

_LARGEST_FILE = 4 * 2**20
_LONGEST_IDENTIFIER = 80
_FIRST = f"{FIRST_TIME:%Y}"
_ROUNDING = 1e-6


class NotHandedIn(ValueError):
    """A file is none that can be counted; the message says why, in a few harmless words."""


class Location(msgspec.Struct, gc=False):
    """The place of a profile."""

    country: Any = None


class Context(msgspec.Struct, gc=False):
    """The course of a profile."""

    cohort: Any = None
    course_type: Any = None


class Progress(msgspec.Struct, gc=False):
    """How far a profile says that its student is."""

    modules_completed: Any = 0
    milestones_passed: Any = None
    capstone_score: Any = None


class Metrics(msgspec.Struct, gc=False):
    """The normalised figures of a submission."""

    composite: Any = None
    score: Any = None
    overall: Any = None
    slowdowns: Any = None
    tracks: Any = None


class Submission(msgspec.Struct, gc=False):
    """What one submission says; nothing of it has been checked."""

    anonymous_id: Any = None
    benchmark: Any = None
    measured_at: Any = None
    subject: Any = None
    verdict: Any = None
    normalized_metrics: Metrics | None = None

    @property
    def points(self) -> float | None:
        """The score of a baseline or the overall of a capstone, 0 to 100; None without one."""
        metrics = self.normalized_metrics
        if metrics is None:
            return None
        return points_of(metrics.score if metrics.overall is None else metrics.overall)

    def impossible(self, latest: str) -> str | None:
        """Return what in it cannot be, or None; it cannot have been measured after `latest`."""
        time = self.measured_at
        if isinstance(time, str) and not _FIRST <= time <= latest:
            return f"it cannot have been measured on {safe_text(time[:10])}"
        metrics = self.normalized_metrics
        if metrics is None:
            return None
        points, overall = _number(metrics.score), _number(metrics.overall)
        for name, found in (("score", points), ("overall", overall)):
            if found is not None and points_of(found) is None:
                return f"{name} is {found:g}, not 0 to 100"
        composite = _number(metrics.composite)
        if composite is not None and points is not None:
            right = score(composite) if composite > 0 else 0.0
            if abs(points - right) > _ROUNDING:
                return f"score is {points:g}, not {right:g}"
        return None


class Person(msgspec.Struct, gc=False):
    """What a profile says; nothing of it has been checked."""

    anonymous_id: Any = None
    location: Location | None = None
    context: Context | None = None
    progress: Progress | None = None


class _File(Person, gc=False):
    """Any of the files that can be handed in; what they hold besides is skipped."""

    kind: Any = None
    benchmark: Any = None
    measured_at: Any = None
    subject: Any = None
    verdict: Any = None
    normalized_metrics: Metrics | None = None
    profile: Person | None = None
    submissions: list[Submission] | None = None


class HandedIn(msgspec.Struct, gc=False):
    """One file: who handed it in, as far as it says, and their submissions."""

    person: Person | None
    submissions: list[Submission]

    @property
    def identifier(self) -> str | None:
        """The anonymous id; None where none of it has one."""
        return next(filter(None, map(_identifier, [self.person, *self.submissions])), None)


_DECODER = msgspec.json.Decoder(_File)


def latest_of(now: datetime) -> str:
    """Return the latest time of a submission, as it is written."""
    return latest_time(now).isoformat()


def read_handed_in(path: str, latest: str) -> HandedIn:
    """Read one file, in which nothing is of after `latest`.

    Raises
    ------
    NotHandedIn
        It cannot be read, is no export, profile or submission, or says what cannot be.
    """
    try:
        # Straight to the system: for 100,000 small files half of the time is Python's layers.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            data = os.read(descriptor, _LARGEST_FILE + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NotHandedIn(f"cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST_FILE:
        raise NotHandedIn("larger than 4 MiB")
    try:
        found = _DECODER.decode(without_bom(data))
    except NOT_JSON as error:
        raise NotHandedIn(_why_not(data)) from error
    handed_in = _handed_in(found)
    for submission in handed_in.submissions:
        impossible = submission.impossible(latest)
        if impossible is not None:
            raise NotHandedIn(impossible)
    return handed_in


def _why_not(data: bytes) -> str:
    try:
        decode_foreign_json(data, unique_keys=False)
    except NotJson as error:
        return f"no JSON: {error}"
    return "no export, profile or submission"


def _handed_in(found: _File) -> HandedIn:
    submissions = list(found.submissions or ())
    person: Person | None = found.profile
    if found.kind == "submission":
        submissions.append(
            Submission(
                found.anonymous_id,
                found.benchmark,
                found.measured_at,
                found.subject,
                found.verdict,
                found.normalized_metrics,
            )
        )
    elif person is None and (found.progress or found.context or found.location):
        person = found
    if person is None and not submissions:
        raise NotHandedIn("no export, profile or submission")
    return HandedIn(person, submissions)


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


def _number(found: Any) -> float | None:
    """Return a number as a float, one beyond all of these as infinite; None for anything else."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        return float(found)
    except OverflowError:
        return math.inf if found > 0 else -math.inf


def points_of(found: Any) -> float | None:
    """Return a score as it must be, 0 to 100; None for anything else."""
    points = _number(found)
    return points if points is not None and 0 <= points <= 100 else None


def _identifier(found: Person | Submission | None) -> str | None:
    identifier = found.anonymous_id if found is not None else None
    if not isinstance(identifier, str) or not identifier:
        return None
    return identifier[:_LONGEST_IDENTIFIER]
