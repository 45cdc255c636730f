"""Bringing the progress in a profile up to date, with a word on what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tito_bench.community.progress import Course, read_course, refreshed
from tito_bench.safe_text import safe_text

if TYPE_CHECKING:
    from tito_bench.cli.community.community_context import CommunityContext
    from tito_bench.community.profile import Progress

__all__ = ["course_of", "refreshed_progress"]


def course_of(session: CommunityContext) -> Course:
    """Return what the project's files say; say which cannot be read, or are not believed."""
    from tito_bench.report.record_wording import explain_skipped

    course = read_course(session.layout, session.streams.now(), session.documents.disk)
    for problem in course.unreadable:
        session.say(f"Note: {safe_text(problem)}")
    for one in course.skipped:
        session.say(f"Note: {safe_text(one.file)}: {explain_skipped(one.skip, one.detail)}")
    return course


def refreshed_progress(session: CommunityContext, before: Progress) -> Progress:
    """Return the progress as the project's files show it now."""
    return refreshed(before, course_of(session))
