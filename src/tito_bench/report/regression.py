"""Whether a comparison is a regression, for a check that may fail a build."""

from __future__ import annotations

from collections.abc import Iterator

from tito_bench.report.comparison_view import ComparisonView

__all__ = ["regressions"]


def regressions(view: ComparisonView, percent: float) -> tuple[str, ...]:
    """Return what is worse after than before by more than `percent`, one line each.

    A scored operation, or all together, must be separated and slower
    by more than that; where there are too few rounds for an interval, slower
    is enough, for so few is what very slow code gets. What was measured before
    and could not be after is a regression however much is allowed, and so is a score that
    was lost: otherwise breaking the code would pass. So is another subject: NumPy,
    measured where the package is gone, says nothing of it. Nothing to compare at all
    is one too, for then nothing was checked. An operation that is defined
    otherwise is none.
    """
    return tuple(_regressions(view, percent))


def _regressions(view: ComparisonView, percent: float) -> Iterator[str]:
    if view.before.subject != view.after.subject:
        yield f"{view.after.subject} was measured, and {view.before.subject} before"
    for row in view.rows:
        if row.scored and row.lost:
            yield f"{row.operation}: {row.reason}"
        elif row.scored and row.ratio is not None:
            slower = 100 * (row.ratio.value - 1)
            unsure = row.ratio.low is None
            if slower > percent and (unsure or row.ratio.change == "slower"):
                doubt = " in too few rounds to tell" if unsure else ""
                yield f"{row.operation}: {slower:.1f}% slower{doubt}, {percent:g}% are allowed"
    if view.before.score is not None and view.after.score is None:
        yield f"no score after ({view.after.verdict}), where there was one before"
    if view.overall is None:
        yield "no scored operation could be compared"
