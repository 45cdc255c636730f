"""Which course an address means, remembered for some seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import sqlalchemy as sa

from tito_bench_server.settings import keyed_digest
from tito_bench_server.store import tables
from tito_bench_server.store.database import Database

__all__ = ["CourseDirectory", "CourseInfo", "code_digest", "features_of"]

_KEPT_S = 5.0


@dataclass(frozen=True)
class CourseInfo:
    """What is known of a course beside its members."""

    id: int
    slug: str
    name: str
    takes_members: bool
    public_map: bool
    school: bool
    has_code: bool
    roster_on: bool
    ladder_on: bool
    groups_on: bool
    mentors_on: bool

    @property
    def features(self) -> dict[str, bool]:
        """Return in which ways members may find each other here."""
        return features_of(
            roster=bool(self.roster_on) and self.has_code,
            ladder=bool(self.ladder_on),
            groups=bool(self.groups_on),
            mentors=bool(self.mentors_on),
            school=self.school,
        )


def features_of(
    *, roster: bool, ladder: bool, groups: bool, mentors: bool, school: bool
) -> dict[str, bool]:
    """Return in which ways members may find each other, by what the operator turned on.

    No ladder without a roster, and neither groups nor mentors for minors.
    """
    return {
        "roster": roster,
        "ladder": roster and ladder,
        "groups": groups and not school,
        "mentors": mentors and not school,
    }


@lru_cache(maxsize=64)  # the few courses of a server; a path may be long
def code_digest(secret: bytes, code: str) -> bytes:
    """Return what the database keeps of a code; case and hyphens do not matter."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return keyed_digest(secret, "course code", plain.encode())


@dataclass
class CourseDirectory:
    """Looks courses up by code; a change by the command line is seen after 5 s."""

    database: Database
    secret: bytes
    clock: Callable[[], float] = time.monotonic
    _by_code: dict[bytes | None, CourseInfo] = field(default_factory=dict)
    _by_id: dict[int, CourseInfo] = field(default_factory=dict)
    _read_at: float | None = None

    def by_code(self, code: str | None) -> CourseInfo | None:
        """Return the course of a code, or of the bare address for None."""
        self._refresh()
        return self._by_code.get(None if code is None else code_digest(self.secret, code))

    def by_id(self, number: int) -> CourseInfo:
        """Return a course that is known to exist."""
        self._refresh()
        if number not in self._by_id:
            self.forget()
            self._refresh()
        return self._by_id[number]

    def forget(self) -> None:
        """Look it all up again next time."""
        self._read_at = None

    def _refresh(self) -> None:
        now = self.clock()
        if self._read_at is not None and now - self._read_at < _KEPT_S:
            return
        course = tables.course
        with self.database.read() as connection:
            rows = connection.execute(
                sa.select(
                    course.c.code_digest,
                    course.c.id,
                    course.c.slug,
                    course.c.name,
                    course.c.takes_members,
                    course.c.public_map,
                    course.c.school,
                    course.c.code_digest.is_not(None),
                    course.c.roster_on,
                    course.c.ladder_on,
                    course.c.groups_on,
                    course.c.mentors_on,
                ).order_by(course.c.id.desc())
            ).all()
        found = [(row[0], CourseInfo(*row[1:])) for row in rows]
        self._by_code = {None if code is None else bytes(code): info for code, info in found}
        self._by_id = {info.id: info for _code, info in found}
        self._read_at = now
