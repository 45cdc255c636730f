"""Refusals as problem+json (RFC 9457), with words that a student can act on.

What the client makes of a status decides which one is used: it parks a message
for good on 4xx other than 408, 425 and 429. So whatever may pass is 429 or 503
with Retry-After, and 401 is only said where no message can be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from tito_bench_server.members.decide import Outcome

__all__ = ["REFUSALS", "Problem", "Refusal", "busy", "problem_response"]

RETRY_S = 10
"""The longest that the client waits by itself between two tries."""


@dataclass(frozen=True)
class Problem:
    """What is said; `retry_after_s` where coming again helps."""

    status: int
    title: str
    detail: str
    retry_after_s: int | None = None

    def raised(self) -> Refusal:
        return Refusal(self)


class Refusal(Exception):
    """Ends a request with a problem."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.headers = dict(headers or {})


def busy(detail: str, retry_after_s: int = 5) -> Problem:
    """Return the answer to whoever has to come again."""
    return Problem(503, "Not now", detail, min(retry_after_s, RETRY_S))


REFUSALS: Mapping[Outcome, Problem] = {
    Outcome.KEY_REUSED: Problem(
        422,
        "Key used before",
        "this Idempotency-Key came with another body before; a new message needs a new key",
    ),
    Outcome.UNKNOWN_COURSE: Problem(
        422,
        "Unknown course",
        "no course has this address; ask your instructor for the present one, "
        "for its code may have been changed",
    ),
    Outcome.COURSE_CLOSED: Problem(
        422, "Course closed", "this course takes no new members; ask your instructor"
    ),
    Outcome.JOINS_SPENT: Problem(
        429,
        "Too many joined today",
        "this course has taken as many members as it may in one day; it goes on tomorrow",
        RETRY_S,
    ),
    Outcome.WRONG_KEY: Problem(
        422,
        "Not your profile",
        "this profile belongs to another member key; leave and join again if yours is lost",
    ),
    Outcome.GONE: Problem(
        410, "Forgotten", "this profile was forgotten; joining again makes a new one"
    ),
    Outcome.NOT_KNOWN: Problem(
        404, "Not known", "this profile is not known here; nothing to forget"
    ),
}


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer of a problem."""
    found = dict(headers or {})
    if problem.retry_after_s is not None:
        found["Retry-After"] = str(problem.retry_after_s)
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    found["Cache-Control"] = "no-store"
    return Response(msgspec.json.encode(body), problem.status, found, "application/problem+json")
