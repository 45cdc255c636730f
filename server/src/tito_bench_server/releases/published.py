"""The published documents, kept as bytes: nothing in them depends on who asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from tito_bench_server.store import tables
from tito_bench_server.store.database import Database

__all__ = ["Published", "PublishedDocument"]

_KEPT_S = 5.0


@dataclass(frozen=True)
class PublishedDocument:
    """A document as it is sent, and its ETag without quotes."""

    number: int
    etag: str
    body: bytes


@dataclass
class Published:
    """Reads the newest documents; a new release is seen after 5 s."""

    database: Database
    clock: Callable[[], float] = time.monotonic
    _kept: dict[tuple[int, int, str], tuple[float, PublishedDocument | None]] = field(
        default_factory=dict
    )

    def document(self, course_id: int, cohort_id: int, name: str) -> PublishedDocument | None:
        """Return a document, or None before the first release of it."""
        place = (course_id, cohort_id, name)
        now = self.clock()
        kept = self._kept.get(place)
        if kept is not None and now - kept[0] < _KEPT_S:
            return kept[1]
        table = tables.document
        with self.database.read() as connection:
            row = connection.execute(
                sa.select(table.c.number, table.c.etag, table.c.body).where(
                    table.c.course_id == course_id,
                    table.c.cohort_id == cohort_id,
                    table.c.name == name,
                )
            ).one_or_none()
        found = None if row is None else PublishedDocument(row[0], row[1], bytes(row[2]))
        self._kept[place] = (now, found)
        return found

    def is_kept(self, course_id: int, cohort_id: int, name: str) -> bool:
        """Whether the document can be had without asking the database."""
        kept = self._kept.get((course_id, cohort_id, name))
        return kept is not None and self.clock() - kept[0] < _KEPT_S

    def forget(self) -> None:
        """Read all anew next time."""
        self._kept.clear()
