"""Who listens in this process, and how word of a change comes to them.

What is told is that an inbox has grown to a number, or that tables were released:
whoever hears it asks for the rest, so that a lost word loses nothing. On SQLite the
process that commits is the one that serves; on PostgreSQL every process is told by
NOTIFY at the commit, this one included.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from tito_bench_server.store.database import CHANNEL, NEW_RELEASE, Database

__all__ = ["Bus", "Listener", "TooManyStreams", "event_of"]

_LOG = logging.getLogger(__name__)
_LOOK_S = 0.5
_AGAIN_S = 2.0


def event_of(member_id: int, number: int) -> bytes:
    """Return what is sent of a change."""
    name = "release" if member_id == NEW_RELEASE else "inbox"
    return b"data: " + msgspec.json.encode({name: number}) + b"\n\n"


class TooManyStreams(Exception):
    """The member, or the process, has as many streams as it may."""


class Listener(Protocol):
    """A stream of one member."""

    def hear(self, event: bytes) -> None:
        """Take one event, without waiting."""

    def end(self) -> None:
        """Come to an end, without waiting."""


@dataclass
class Bus:
    """The listeners of one process; all but `heard` belongs to its event loop."""

    database: Database
    most: int
    most_a_member: int
    _listeners: dict[int, set[Listener]] = field(default_factory=dict)
    _count: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to hear of changes."""
        self._loop = loop
        self._stopping.clear()
        if self.database.is_sqlite:
            self.database.heard.append(self.heard)
            return
        self._thread = threading.Thread(target=self._listen, name="notices", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all streams, and hear no more."""
        self._stopping.set()
        for listeners in list(self._listeners.values()):
            for one in list(listeners):
                one.end()
        if self.heard in self.database.heard:
            self.database.heard.remove(self.heard)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=2 * _LOOK_S)
            self._thread = None

    @property
    def count(self) -> int:
        """How many streams there are now."""
        return self._count

    def add(self, member_id: int, listener: Listener) -> None:
        """Begin a stream. Raises `TooManyStreams`."""
        mine = self._listeners.setdefault(member_id, set())
        if self._stopping.is_set() or self._count >= self.most or len(mine) >= self.most_a_member:
            if not mine:
                del self._listeners[member_id]
            raise TooManyStreams
        mine.add(listener)
        self._count += 1

    def remove(self, member_id: int, listener: Listener) -> None:
        """End a stream."""
        mine = self._listeners[member_id]
        mine.remove(listener)
        self._count -= 1
        if not mine:
            del self._listeners[member_id]

    def heard(self, changed: Mapping[int, int]) -> None:
        """Take word of a change, on any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._deliver, dict(changed))

    def say_to_all(self, event: bytes) -> None:
        """Send the same to every stream of this process."""
        for listeners in list(self._listeners.values()):
            for one in list(listeners):
                one.hear(event)

    def _deliver(self, changed: Mapping[int, int]) -> None:
        for member_id, number in changed.items():
            event = event_of(member_id, number)
            if member_id == NEW_RELEASE:
                self.say_to_all(event)
            for one in list(self._listeners.get(member_id, ())):
                one.hear(event)

    def _listen(self) -> None:
        """Hear PostgreSQL's notices; after a lost connection, begin again."""
        import psycopg

        url = self.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stopping.is_set():
            try:
                with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not self._stopping.is_set():
                        for notice in connection.notifies(timeout=_LOOK_S):
                            self.heard(_changes(notice.payload))
            except psycopg.OperationalError:
                _LOG.warning("no notices from the database; trying again")
                self._stopping.wait(_AGAIN_S)


def _changes(payload: str) -> dict[int, int]:
    pairs = (part.partition(":") for part in payload.split(","))
    return {int(member): int(number) for member, _, number in pairs}
