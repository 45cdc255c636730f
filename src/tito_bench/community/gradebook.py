"""A gradebook: one row a file that was handed in, for the instructor who has the files."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tito_bench.community.classroom import Unread
from tito_bench.community.handed_in import (
    HandedIn,
    NotHandedIn,
    Submission,
    latest_of,
    points_of,
    read_handed_in,
)
from tito_bench.errors import StoreError
from tito_bench.safe_text import safe_text

__all__ = ["GradebookRow", "read_gradebook", "read_roster"]

_LONGEST = 120
_LONGEST_ROSTER = 16 * 2**20
_Points = float | None


@dataclass(frozen=True)
class GradebookRow:
    """What a file says of its student. Figures are as they were handed in: nothing is proved.

    Attributes
    ----------
    name
        By the instructor's own roster; empty where it has none.
    baseline_best, baseline_latest, capstone_best, capstone_latest
        Points, 0 to 100; None without a score.
    subject, verdict, measured_at
        Of the latest submission that was measured.
    at_least
        Whether the best score reaches what was asked; None where nothing was asked.
    problem
        Why nothing could be read; empty where it could.
    """

    file: str
    name: str
    modules: int | None
    milestones: int | None
    baseline_best: _Points
    baseline_latest: _Points
    capstone_best: _Points
    capstone_latest: _Points
    subject: str
    verdict: str
    measured_at: str
    at_least: bool | None
    problem: str


def read_gradebook(
    files: Iterable[str], roster: Mapping[str, str], at_least: float | None, now: datetime
) -> Iterator[GradebookRow]:
    """Yield a row for each file, in their order.

    `roster` gives names by anonymous id, or by the name of a file with or without `.json`;
    `at_least` is the score that the best of baseline and capstone is to reach.
    A file that says what cannot be at the time `now` has that as its problem.
    """
    latest = latest_of(now)
    for path in files:
        file = os.path.basename(path)  # noqa: PTH119 - of 100,000 files it is a third of the time
        try:
            found = read_handed_in(path, latest)
        except NotHandedIn as error:
            yield _row(Unread(file, str(error)), HandedIn(None, []), roster, at_least)
        else:
            yield _row(Unread(file, ""), found, roster, at_least)


def read_roster(data: bytes, shown: str) -> dict[str, str]:
    """Return names by what the first column holds: an anonymous id or the name of a file.

    `data` is CSV of two columns in UTF-8, with or without a head.

    Raises
    ------
    StoreError
        It is not UTF-8, or a line has not two columns; `shown` names the file.
    """
    if len(data) > _LONGEST_ROSTER:
        raise StoreError(f"{shown} is larger than 16 MiB; a roster has two columns: file, name")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StoreError(f"{shown} is not UTF-8; save it as CSV UTF-8") from error
    names: dict[str, str] = {}
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1):
            if not row:
                continue
            if len(row) < 2:
                raise StoreError(
                    f"{shown}, line {number}: one column; a roster has two: file or id, name"
                )
            names[row[0].strip()] = safe_text(row[1].strip(), _LONGEST)
    except csv.Error as error:
        raise StoreError(f"{shown} is no CSV: {error}") from error
    return names


def _row(
    file: Unread, found: HandedIn, roster: Mapping[str, str], at_least: float | None
) -> GradebookRow:
    progress = None if found.person is None else found.person.progress
    submissions = sorted(found.submissions, key=_moment)
    baselines = _scores(submissions, "baseline")
    capstones = _scores(submissions, "capstone")
    if not capstones and progress is not None:
        stated = points_of(progress.capstone_score)
        capstones = [] if stated is None else [stated]
    latest = submissions[-1] if submissions else None
    best = max([*baselines, *capstones], default=None)
    return GradebookRow(
        file=safe_text(file.file, _LONGEST),
        name=_name(file.file, found.identifier, roster),
        modules=None if progress is None else _count(progress.modules_completed),
        milestones=None if progress is None else _count(progress.milestones_passed),
        baseline_best=max(baselines, default=None),
        baseline_latest=baselines[-1] if baselines else None,
        capstone_best=max(capstones, default=None),
        capstone_latest=capstones[-1] if capstones else None,
        subject="" if latest is None else _text(latest.subject, "name"),
        verdict="" if latest is None else _text(latest.verdict, "status"),
        measured_at="" if latest is None else safe_text(_moment(latest), 40),
        at_least=None if at_least is None else best is not None and best >= at_least,
        problem=file.reason,
    )


def _scores(submissions: Iterable[Submission], benchmark: str) -> list[float]:
    """Return the scores of one benchmark, in the order of `submissions`."""
    points = [one.points for one in submissions if one.benchmark == benchmark]
    return [one for one in points if one is not None]


def _moment(submission: Submission) -> str:
    """Return when it was measured, as text that sorts by time; "" where it does not say."""
    found = submission.measured_at
    return found if isinstance(found, str) else ""


def _name(file: str, identifier: str | None, roster: Mapping[str, str]) -> str:
    for key in (identifier, file, file.removesuffix(".json")):
        if key is not None and key in roster:
            return roster[key]
    return ""


def _count(found: Any) -> int | None:
    """Return a number of modules or milestones; profiles hold a number or the list of them."""
    if isinstance(found, list):
        return min(len(found), 99)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= 99:
        return None
    return found


def _text(found: Any, key: str) -> str:
    value = found.get(key) if isinstance(found, dict) else None
    return safe_text(value, 40) if isinstance(value, str) else ""
