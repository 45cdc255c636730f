"""The share card: a score as one picture, with nothing that says whose or which machine.

Built from allowed facts, never by leaving facts out: what is not named here
cannot be on it.
"""

from __future__ import annotations

from tito_bench.errors import StoreError
from tito_bench.report.html.picture import FONTS
from tito_bench.report.sections.record_report import RecordReport, day_text
from tito_bench.report.templating import template
from tito_bench.safe_text import safe_text
from tito_bench.subjects.code_origin import Whose

__all__ = ["share_card"]

# The names that a record may give its subject; anything else could be anybody's words.
_SUBJECTS = {"tinytorch": "my own TinyTorch code", "numpy": "plain NumPy"}
_WHOSE: dict[Whose, str] = {
    "course": "the course's own solution",
    "mixed": "my own and the course's code",
    "unknown": "TinyTorch code",
}
_MEANINGS = {
    "baseline": "100 is native speed on the same machine; every doubling of speed is 10 points.",
    "capstone": "The mean of its tracks; 100 in speed is native speed on the same machine.",
}
_LONGEST_COHORT = 40
_LEFT, _RIGHT = 80, 1120


def share_card(report: RecordReport, cohort: str | None) -> str:
    """Return the card as SVG.

    Parameters
    ----------
    report
        Of it the score, what kind of subject it was, and the day.
    cohort
        The student's cohort, where they allowed it to be shown; else None.

    Raises
    ------
    StoreError
        The record has no score.
    """
    score = report.own.score
    if score is None:
        raise StoreError(
            "this record has no score to share; choose another, or repair what its report names"
        )
    width = _RIGHT - _LEFT
    return template("card.svg.jinja").render(
        kind=report.kind,
        fonts=", ".join(FONTS),
        meaning=_MEANINGS[report.kind],
        score=f"{score:.0f}",
        partial=report.own.score_text != f"{score:.0f}/100",
        score_text=report.own.score_text,
        stable=report.stable,
        subject=_subject(report),
        day=day_text(report.measured_at),
        cohort=None if cohort is None else safe_text(cohort, _LONGEST_COHORT),
        left=_LEFT,
        right=_RIGHT,
        place=round(_LEFT + width * score / 100, 1),
        ticks=[(_LEFT + width * points // 100, points) for points in range(0, 101, 20)],
    )


def _subject(report: RecordReport) -> str:
    code = _SUBJECTS.get(report.subject, "other code")
    return code if report.whose is None else _WHOSE.get(report.whose, code)
