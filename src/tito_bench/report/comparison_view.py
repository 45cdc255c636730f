"""The view model of a comparison: the rows, words and notes that every form of it shows.

A ratio is that of the slowdowns, after over before: above 1 it takes longer now. For people it
is turned so that it is at least 1, with the word: "20.5x faster", "1.22x slower".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tito_bench.measure.comparison import Drift, Estimate, Ratio, combine, compare
from tito_bench.records.benchmark import OperationRecord
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.records.comparable import differences, same_definition
from tito_bench.records.read import Record, RecordHeader
from tito_bench.records.repeated_runs import estimate_of, same_code
from tito_bench.report.history_view import HistoryRow, history_row
from tito_bench.report.record_wording import comparison_note, no_ratio
from tito_bench.report.table import Column
from tito_bench.safe_text import safe_text
from tito_bench.score import POINTS_PER_DOUBLING
from tito_bench.statistics import FEWEST_FOR_INTERVAL

__all__ = ["COLUMNS", "ComparedRow", "ComparisonView", "Note", "TrackRow", "comparison_view"]

_OVERALL = "all scored"
_End = Literal["value", "low", "high"]


@dataclass(frozen=True)
class ComparedRow:
    """One operation, or the geometric mean of all that are scored.

    `before` and `after` are slowdowns, None where they were not measured.
    `ratio` is None where the two are not to be compared; `reason` says why, or
    why a ratio says little. `lost` is what A measured and B could not.
    """

    operation: str
    scored: bool
    before: float | None
    after: float | None
    ratio: Ratio | None
    reason: str
    lost: bool = False

    @property
    def change(self) -> str:
        """The one word: faster, slower or not separated; else that there is none."""
        return "not compared" if self.ratio is None else self.ratio.change


@dataclass(frozen=True)
class TrackRow:
    """The score of one track of a capstone in both records."""

    track: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Note:
    """What to know of the two records; `before` and `after` are harmless foreign text."""

    code: str
    before: str = ""
    after: str = ""

    def text(self, mark: Callable[[str], str] = str) -> str:
        """Return the sentence, its foreign texts marked as the form of the output needs it."""
        return comparison_note(self.code, mark(self.before), mark(self.after))


@dataclass(frozen=True)
class ComparisonView:
    """What a comparison shows.

    `overall` is over the scored operations that both records have, None
    without any; `points` is what its ratio is worth on the scale of the score.
    """

    before: HistoryRow
    after: HistoryRow
    operations: tuple[ComparedRow, ...]
    overall: ComparedRow | None
    points: float | None
    tracks: tuple[TrackRow, ...]
    notes: tuple[Note, ...]

    @property
    def summary(self) -> str:
        """All of it in one sentence."""
        if self.overall is None or self.points is None:
            return "No scored operation could be compared."
        points = f"{round(self.points, 1) + 0.0:+.1f}"  # no negative zero
        scale = "score" if self.after.kind == "baseline" else "speed track"
        factor, low, high = _factor(self.overall), *_factor_ends(self.overall)
        interval = f"95% interval {low} to {high}" if low else "no 95% interval"
        said = f"{self.overall.operation.capitalize()}: "
        if self.overall.change == "not separated":
            return (
                f"{said}not separated. The figures say {factor} ({interval}), worth {points} "
                f"points of the {scale}: that may be noise."
            )
        return f"{said}{factor} ({interval}): worth {points} points of the {scale}."

    @property
    def rows(self) -> tuple[ComparedRow, ...]:
        """All lines of the table: what is scored, all of that together, then what is not."""
        scored = [row for row in self.operations if row.scored]
        others = [row for row in self.operations if not row.scored]
        return (*scored, *([] if self.overall is None else [self.overall]), *others)


def comparison_view(
    before: Record,
    after: Record,
    before_entry: RecordHeader,
    after_entry: RecordHeader,
    drifts: Mapping[str, Drift] = {},
) -> ComparisonView:
    """Compare two records of one kind.

    The entries are theirs; `drifts` is what was learned of each operation from other runs.
    """
    was = {op.name: op for op in before.operations}
    now = {op.name: op for op in after.operations}
    names = dict.fromkeys((*was, *now))
    rows = {
        name: _row(safe_text(name), was.get(name), now.get(name), drifts.get(name))
        for name in names
    }
    overall = _overall(rows, was, now, drifts)
    ratio = None if overall is None else overall.ratio
    return ComparisonView(
        before=history_row(before_entry),
        after=history_row(after_entry),
        operations=tuple(rows.values()),
        overall=overall,
        points=None if ratio is None else -POINTS_PER_DOUBLING * math.log2(ratio.value),
        tracks=tuple(_tracks(before, after)),
        notes=tuple(_notes(before_entry, after_entry, was, now, rows, drifts)),
    )


def _row(
    name: str, was: OperationRecord | None, now: OperationRecord | None, drift: Drift | None
) -> ComparedRow:
    before, after = estimate_of(was), estimate_of(now)
    code, detail, ratio = "", "", None
    if was is None or now is None:
        code = "only_after" if was is None else "only_before"
    elif not same_definition(was, now):
        code = "definition"
    elif before is None or after is None:
        code = "not_after" if before else "not_before" if after else "neither"
        failed = was if after else now
        detail = failed.failure.reason if failed.failure else ""
    else:
        ratio = compare(before, after, drift)
        few = min(before.rounds, after.rounds) < FEWEST_FOR_INTERVAL
        code = "no_interval" if ratio.low is None else "few_rounds" if few else ""
    return ComparedRow(
        operation=name,
        scored=any(op is not None and op.scored for op in (was, now)),
        before=None if before is None else before.value,
        after=None if after is None else after.value,
        ratio=ratio,
        reason=no_ratio(code, detail) if code else "",
        lost=code == "not_after",
    )


def _overall(
    rows: Mapping[str, ComparedRow],
    was: Mapping[str, OperationRecord],
    now: Mapping[str, OperationRecord],
    drifts: Mapping[str, Drift],
) -> ComparedRow | None:
    """Return the geometric mean over groups of the scored operations that both records have.

    Unlike the score, it takes no group as at least 1: a change is one on
    either side of native speed.
    """
    scored = [name for name, row in rows.items() if row.scored]
    groups: dict[str, list[tuple[Estimate, Estimate]]] = {}
    drifting: dict[str, list[Drift | None]] = {}
    for name in scored:
        if rows[name].ratio is not None:
            before, after = estimate_of(was[name]), estimate_of(now[name])
            if before is not None and after is not None:
                groups.setdefault(now[name].group, []).append((before, after))
                drifting.setdefault(now[name].group, []).append(drifts.get(name))
    if not groups:
        return None
    compared = sum(map(len, groups.values()))
    part = "" if compared == len(scored) else f" ({compared} of {len(scored)})"
    ratio = combine(list(groups.values()), list(drifting.values()))
    few = [rows[name].operation for name in scored if rows[name].ratio and rows[name].reason]
    code = "no_interval" if ratio.low is None else "few_rounds"
    reason = no_ratio(code, ", ".join(few)) if few else ""
    return ComparedRow(_OVERALL + part, True, None, None, ratio, reason)


def _tracks(before: Record, after: Record) -> Iterator[TrackRow]:
    if isinstance(before, CapstoneRecord) and isinstance(after, CapstoneRecord):
        was, now = before.normalized_metrics.tracks, after.normalized_metrics.tracks
        for track in dict.fromkeys((*was, *now)):
            yield TrackRow(safe_text(track), was.get(track), now.get(track))


def _notes(
    before: RecordHeader,
    after: RecordHeader,
    was: Mapping[str, OperationRecord],
    now: Mapping[str, OperationRecord],
    rows: Mapping[str, ComparedRow],
    drifts: Mapping[str, Drift],
) -> Iterator[Note]:
    """Yield what may explain a ratio other than the code, and what only one of both has."""
    if before == after:
        yield Note("same")
    elif same_code(before, after):
        claimed = any(row.change in {"faster", "slower"} for row in rows.values())
        yield Note("same_code_apart" if claimed else "same_code")
    if before.subject == after.subject:
        yield from _parts(rows)
    if drifts:
        yield Note("learned", after=str(max(drift.pairs for drift in drifts.values())))
    differing = differences(before, after)
    said = [history_row(entry) for entry in (before, after)]
    for code, differs, values in (
        ("subject", "subject" in differing, [row.subject for row in said]),
        ("kernels", "kernels" in differing, [row.kernels_version for row in said]),
        ("target", said[0].kernel_target != said[1].kernel_target, [r.kernel_target for r in said]),
        ("machine", said[0].cpu_model != said[1].cpu_model, [row.cpu_model for row in said]),
    ):
        if differs:
            yield Note(code, *values)
    if any(name in was and not same_definition(was[name], op) for name, op in now.items()):
        yield Note("definition")
    if before.verdict != "stable":
        yield Note("verdict_before", before=before.verdict)
    if after.verdict != "stable":
        yield Note("verdict_after", after=after.verdict)


def _parts(rows: Mapping[str, ComparedRow]) -> Iterator[Note]:
    """Yield how many scored operations each has, where one has more."""
    scored = [row for row in rows.values() if row.scored]
    was, now = (sum(end(row) is not None for row in scored) for end in (_before, _after))
    both = [row for row in scored if row.ratio is not None]
    if was == now or not both:
        return
    still = all(row.change == "not separated" for row in both)
    more = "more" if now > was else "fewer"
    yield Note(f"{more}_unchanged" if still else more, str(was), str(now))


def _before(row: ComparedRow) -> float | None:
    return row.before


def _after(row: ComparedRow) -> float | None:
    return row.after


# -- the cells --------------------------------------------------------------------


def _times(slowdown: float | None) -> str:
    if slowdown is None:
        return ""
    return f"{slowdown:.2f}" if slowdown < 100 else f"{slowdown:.0f}"


def _ratio_cell(row: ComparedRow, end: _End) -> str:
    if row.ratio is None:
        return ""
    value: float | None = getattr(row.ratio, end)
    if value is None:
        return ""
    return f"{value:.3f}" if value >= 0.1 else f"{value:.5f}"


def _factor(row: ComparedRow) -> str:
    """Return the ratio for people: at least 1, with the word; empty without a ratio."""
    if row.ratio is None:
        return ""
    value = row.ratio.value
    return f"{_digits(max(value, 1 / value))}x {'slower' if value > 1 else 'faster'}"


def _factor_ends(row: ComparedRow) -> tuple[str, str]:
    """Return the 95% interval of that factor; an end below 1 lies on the other side of equal."""
    ratio = row.ratio
    if ratio is None or ratio.low is None or ratio.high is None:
        return "", ""
    low, high = (ratio.low, ratio.high) if ratio.value > 1 else (1 / ratio.high, 1 / ratio.low)
    return _digits(low), _digits(high)


def _digits(factor: float) -> str:
    if factor < 0.1:
        return f"{factor:.4f}"
    return f"{factor:.3f}" if factor < 10 else f"{factor:.1f}" if factor < 100 else f"{factor:.0f}"


COLUMNS: Sequence[Column[ComparedRow]] = (
    Column("operation", "operation", lambda row: row.operation, foreign=True),
    Column("slowdown_before", "before", lambda row: _times(row.before), right=True),
    Column("slowdown_after", "after", lambda row: _times(row.after), right=True),
    Column("ratio", "after/before", lambda row: _ratio_cell(row, "value"), right=True),
    Column("ratio_low", "from", lambda row: _ratio_cell(row, "low"), right=True),
    Column("ratio_high", "to", lambda row: _ratio_cell(row, "high"), right=True),
    Column("change", "it is", lambda row: row.change),
    Column("factor", "by", _factor, right=True),
    Column("factor_low", "from", lambda row: _factor_ends(row)[0], right=True),
    Column("factor_high", "to", lambda row: _factor_ends(row)[1], right=True),
    Column("reason", "because", lambda row: row.reason, foreign=True),
    Column("scored", "scored", lambda row: "yes" if row.scored else "no"),
)
"""The columns of every table of a comparison; `before` and `after` are slowdowns, `ratio` is that
of them and `factor` the same for people, each with its 95% interval."""
