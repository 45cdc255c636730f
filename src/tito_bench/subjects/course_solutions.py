"""The solutions that the course has published, as short hashes of their functions.

Made by `tools/course_solutions.py`; none of the course's text is in it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

__all__ = ["CourseSolutions", "PublishedVersion", "course_solutions"]


class PublishedVersion(msgspec.Struct, frozen=True, array_like=True):
    """A version of the course, and the first and last day (UTC) of the commits looked at."""

    name: str
    first_day: str
    last_day: str


class CourseSolutions(msgspec.Struct, frozen=True):
    """The hashes (`function_hashes`) of functions with substance, each in one of two sets.

    `handed_out` are functions that every student is given: they say nothing of anybody.
    """

    versions: list[PublishedVersion]
    solutions: frozenset[str]
    handed_out: frozenset[str]

    @property
    def newest(self) -> PublishedVersion:
        """The newest version that is known."""
        return max(self.versions, key=lambda version: version.last_day)


@cache
def course_solutions() -> CourseSolutions:
    """Return what is shipped with this package."""
    data = (files("tito_bench") / "data" / "course_solutions.json").read_bytes()
    return msgspec.json.decode(data, type=CourseSolutions)
