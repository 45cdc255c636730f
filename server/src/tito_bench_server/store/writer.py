"""The one thread that writes: all that waits goes into one transaction.

A commit costs the same for one message and for three hundred. So while one
group is being written, the next one gathers, and a sender is answered when its
group is on the disk. Other writes (sessions, releases) take their turn in the
same queue: what waits of them together goes into one transaction, too.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from tito_bench_server.client_package import safe_text
from tito_bench_server.errors import StoreUnavailable
from tito_bench_server.members.decide import Outcome
from tito_bench_server.members.messages import Message
from tito_bench_server.store.database import Database, touched
from tito_bench_server.store.group import GroupStore

__all__ = ["Writer"]

_LOG = logging.getLogger(__name__)
T = TypeVar("T")
_MOST_JOBS = 64
# Those answered together send their next ones together: a group is written when nothing more has
# come for so long, or after so many waits. Whoever sends alone is never kept waiting.
_WAIT_S = 0.001
_MOST_WAITS = 8


@dataclass(slots=True)
class _Waiting:
    message: Message
    answer: asyncio.Future[Outcome]
    loop: asyncio.AbstractEventLoop


@dataclass(slots=True)
class _Job:
    work: Callable[[sa.Connection], Any]
    done: Future[Any]


K = TypeVar("K", _Waiting, _Job)


@dataclass
class Writer:
    """Start it, hand messages over, close it: what was taken is written before it ends."""

    database: Database
    store: GroupStore
    most_waiting: int = 4096
    largest_group: int = 512
    groups: int = 0
    written: int = 0
    _queue: queue.SimpleQueue[_Waiting | _Job | None] = field(default_factory=queue.SimpleQueue)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what waits, and end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    @property
    def waiting(self) -> int:
        """How many wait now, about."""
        return self._queue.qsize()

    async def deliver(self, message: Message) -> Outcome:
        """Return what became of a message, once that is on the disk.

        Raises `StoreUnavailable` where too many wait or the database does not take it:
        then nothing of it was written, or it was and the same key finds it there.
        """
        if self._thread is None or self.waiting >= self.most_waiting:
            raise StoreUnavailable("too many messages wait; this one has to come again")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Outcome] = loop.create_future()
        self._queue.put(_Waiting(message, answer, loop))
        return await answer

    def submit_job(self, work: Callable[[sa.Connection], T]) -> Future[T]:
        """Run `work` in a write transaction of its own, in turn."""
        if self._thread is None:
            raise StoreUnavailable("the writer has ended")
        job = _Job(work, Future())
        self._queue.put(job)
        return job.done

    def _run(self) -> None:
        held: _Waiting | _Job | None = None
        ending = False
        several = False
        while not ending:
            item = held if held is not None else self._queue.get()
            if item is None:
                break
            if isinstance(item, _Job):
                jobs, held, ending = self._taken_with(item, _Job, _MOST_JOBS, waits=0)
                self._work(jobs)
            else:
                waits = _MOST_WAITS if several else 0
                group, held, ending = self._taken_with(item, _Waiting, self.largest_group, waits)
                several = len(group) > 1
                self._write(group)
        if isinstance(held, _Job):
            self._work([held])

    def _taken_with(
        self, first: K, kind: type[K], most: int, waits: int
    ) -> tuple[list[K], _Waiting | _Job | None, bool]:
        """Take what of one kind waits behind the first; return it, what came after, and whether
        that was the end. Where nothing waits any more, wait so often, until nothing has come."""
        taken, begun = [first], 0
        while len(taken) < most:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                if waits == 0 or len(taken) == begun:
                    break
                waits, begun = waits - 1, len(taken)
                time.sleep(_WAIT_S)
                continue
            if not isinstance(item, kind):
                return taken, item, item is None
            taken.append(item)
        return taken, None, False

    def _write(self, group: Sequence[_Waiting]) -> None:
        outcomes: list[Outcome | BaseException]
        try:
            outcomes = list(self._transaction(group))
        except StoreUnavailable as error:
            outcomes = [error] * len(group)
        except Exception as error:
            if len(group) > 1:
                # One of them cannot be written: it must not take the others with it.
                _LOG.warning("a group of %d is written one by one", len(group))
                for one in group:
                    self._write([one])
                return
            _LOG.exception("a message cannot be written")
            outcomes = [error]
        self.groups += 1
        self.written += len(group)
        by_loop: dict[asyncio.AbstractEventLoop, list[int]] = {}
        for index, one in enumerate(group):
            by_loop.setdefault(one.loop, []).append(index)
        for loop, indices in by_loop.items():
            answers = [(group[index].answer, outcomes[index]) for index in indices]
            try:
                loop.call_soon_threadsafe(_answer, answers)
            except RuntimeError:
                _LOG.warning("%d answers have nobody left to hear them", len(answers))

    def _transaction(self, group: Sequence[_Waiting]) -> list[Outcome]:
        messages = [one.message for one in group]
        try:
            with self.database.write() as connection:
                return self.store.apply(connection, messages)
        except sa.exc.DBAPIError as error:
            raise _judged(error) from error
        except Exception as error:
            # The hot statements run past SQLAlchemy, so their errors come as the driver's own.
            if _is_passing(error):
                raise StoreUnavailable(_first_line(error)) from error
            raise

    def _work(self, jobs: Sequence[_Job]) -> None:
        """Do what waits in one transaction, each behind a savepoint: one that fails undoes only
        its own. They are done when all are on the disk."""
        results: list[Any] = []
        errors: list[BaseException | None] = []
        try:
            with self.database.write() as connection:
                if len(jobs) == 1:
                    results, errors = [jobs[0].work(connection)], [None]
                else:
                    for job in jobs:
                        result, error = _behind_savepoint(connection, job)
                        results.append(result)
                        errors.append(error)
        except BaseException as error:
            for job in jobs:
                job.done.set_exception(error)
            return
        for job, result, failed in zip(jobs, results, errors, strict=True):
            if failed is not None:
                job.done.set_exception(failed)
            else:
                job.done.set_result(result)


def _behind_savepoint(connection: sa.Connection, job: _Job) -> tuple[Any, BaseException | None]:
    before = dict(touched(connection))
    connection.exec_driver_sql("SAVEPOINT job")
    try:
        return job.work(connection), None
    except Exception as error:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
        connection.info["touched"] = before
        return None, error
    finally:
        connection.exec_driver_sql("RELEASE SAVEPOINT job")


def _answer(answers: Sequence[tuple[asyncio.Future[Outcome], Outcome | BaseException]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue  # the sender has left
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _judged(error: sa.exc.DBAPIError) -> Exception:
    if error.connection_invalidated or isinstance(
        error, sa.exc.OperationalError | sa.exc.InterfaceError
    ):
        return StoreUnavailable(_first_line(error))
    return error


def _is_passing(error: Exception) -> bool:
    return type(error).__name__ in {"OperationalError", "InterfaceError", "AdminShutdown"} or any(
        base.__name__ == "OperationalError" for base in type(error).__mro__
    )


def _first_line(error: Exception) -> str:
    return f"the database does not answer: {safe_text(str(error).splitlines()[0])}"
