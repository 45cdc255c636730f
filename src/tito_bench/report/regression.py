"""Whether a comparison is a regression, for a check that may fail a build."""

from __future__ import annotations

from collections.abc import Iterator

from tito_bench.report.comparison_view import ComparisonView

__all__ = ["regressions"]


def regressions(view: ComparisonView, percent: float) -> tuple[str, ...]:
    """Return what of B is worse than in A by more than `percent`, a line each; empty: nothing.

    A scored operation, or all together, must be separated from A and slower
    by more than that; where there are too few rounds for an interval, slower
    is enough, for so few is what very slow code gets. What A measured and B
    could not is a regression however much is allowed, and so is a score that
    B lost: otherwise breaking the code would pass. Nothing to compare at all
    is one too, for then nothing was checked, and so is another subject: NumPy in the
    place of a package that is gone would be faster. An operation that is defined
    otherwise is none.
    """
    return tuple(_regressions(view, percent))


def _regressions(view: ComparisonView, percent: float) -> Iterator[str]:
    for row in view.rows:
        if row.scored and row.lost:
            yield f"{row.operation}: {row.reason}"
        elif row.scored and row.ratio is not None:
            slower = 100 * (row.ratio.value - 1)
            unsure = row.ratio.low is None
            if slower > percent and (unsure or row.ratio.change == "slower"):
                doubt = " in too few rounds to tell" if unsure else ""
                yield f"{row.operation}: {slower:.1f}% slower{doubt}, {percent:g}% are allowed"
    if view.before.subject != view.after.subject:
        yield f"B is {view.after.subject} and A is {view.before.subject}: another subject"
    if view.before.score is not None and view.after.score is None:
        yield f"no score in B ({view.after.verdict}), where A has one"
    if view.overall is None:
        yield "no scored operation could be compared"
