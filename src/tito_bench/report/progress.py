"""What a score is made of now and was not before: a new module is no step back.

Whoever exports module 09 has their convolutions measured from then on, and the score can
fall although nothing has become slower. So the number of models is said, and what became
of those that were there before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from tito_bench.records.comparable import differences
from tito_bench.score import POINTS_PER_DOUBLING

if TYPE_CHECKING:
    from tito_bench.records.read import RecordHeader

__all__ = ["Since", "beside_course", "part_change", "since"]

_FAIR_POINTS = 1.0
"""The same code is measured to within this from run to run (docs/design/fairness.md)."""
_NOT_A_MODEL = "tensor"
_NAMES: Mapping[str, str] = {"baseline": "parts", "capstone": "models"}


def part_change(
    kind: Literal["baseline", "capstone"],
    before: Mapping[str, float | None],
    after: Mapping[str, float | None],
) -> str:
    """Return e.g. "now of 4 models, was 2; the others did not change".

    `before` and `after` are the slowdowns of two records by group, None where there is
    none. Empty where both are of the same groups, or one of them of nothing.
    """
    was, now = _measured(before), _measured(after)
    if was.keys() == now.keys() or not was or not now:
        return ""
    names = _NAMES[kind]
    counts = [len(groups.keys() - {_NOT_A_MODEL}) for groups in (now, was)]
    if counts[0] == counts[1]:
        said = f"now of other {names} than before"
    else:
        said = f"now of {counts[0]} {names}, was {counts[1]}"
    common = was.keys() & now.keys()
    if not common:
        return said
    change = math.fsum(math.log2(now[group] / was[group]) for group in common) / len(common)
    if abs(change) * POINTS_PER_DOUBLING <= _FAIR_POINTS:
        return f"{said}; the others did not change"
    word = "slower" if change > 0 else "faster"
    return f"{said}; the others are {2 ** abs(change):.2f}x {word}"


@dataclass(frozen=True)
class Since:
    """What became of the score since the record `at` that it can be compared with, and `until`
    which it was so; aware times.

    `note` says what the score is made of now and was not before; empty where that is the same.
    """

    before: float
    after: float
    at: datetime
    until: datetime
    note: str = ""

    @property
    def change(self) -> Literal["better", "worse", "unchanged"]:
        """What to call it: the same code is not measured to the point from run to run."""
        if abs(self.after - self.before) <= _FAIR_POINTS:
            return "unchanged"
        return "better" if self.after > self.before else "worse"


def since(entries: Sequence[RecordHeader], now: RecordHeader) -> Since | None:
    """Return what became of the score since the newest of the other records that say the same
    of the same package; None where there is none, or no score. The course's own solution is
    nobody's step: a student's first own code is not worse than it was."""
    if now.score is None:
        return None
    for entry in reversed(entries):
        if entry.file == now.file or (entry.kind, entry.package) != (now.kind, now.package):
            continue
        if (entry.whose == "course") != (now.whose == "course"):
            continue
        differing = differences(entry, now)
        note = part_change(now.kind, entry.slowdowns, now.slowdowns)
        if entry.score is not None and (not differing or (differing == ("parts",) and note)):
            return Since(entry.score, now.score, entry.created_at, now.created_at, note)
    return None


def beside_course(earlier: Sequence[RecordHeader], now: RecordHeader) -> str:
    """Return the slowdowns of the course's own solution beside those of now, in one line.

    Only what was measured is said: of the `earlier` records of the project, the oldest first,
    the newest of the course's whole solution with the same operations, on the same
    processor and kernels. Empty where there is none, or `now` is no code of the student's.
    """
    if now.whose not in {"yours", "mixed"}:
        return ""
    same = [one for one in earlier if one.whose == "course" and _is_alike(one, now)]
    if not same:
        return ""
    course, yours = _measured(same[-1].slowdowns), _measured(now.slowdowns)
    figures = [
        f"{group.replace('_', ' ')} {course[group]:.1f}x, yours {yours[group]:.1f}x"
        for group in course
        if group in yours
    ]
    day = f"{same[-1].created_at:%Y-%m-%d}"
    return f"The course's own solution, measured here on {day}: {'; '.join(figures)}."


def _is_alike(one: RecordHeader, other: RecordHeader) -> bool:
    """Say whether two records are of the same operations, processor and kernels."""
    return (
        one.kind == other.kind
        and one.verdict != "invalid"
        and one.operations == other.operations
        and one.cpu_model == other.cpu_model
        and one.kernels_version == other.kernels_version
        and any(group in _measured(other.slowdowns) for group in _measured(one.slowdowns))
    )


def _measured(slowdowns: Mapping[str, float | None]) -> dict[str, float]:
    return {
        group: slowdown
        for group, slowdown in slowdowns.items()
        if slowdown is not None and 0 < slowdown < math.inf
    }
