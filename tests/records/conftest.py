"""Disks that fail, and a small kind of document."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tito_bench.records.documents import Documents
from tito_bench.records.filesystem import OsFileSystem
from tito_bench.records.schema import DocumentKind

NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)


class Counter(msgspec.Struct, frozen=True):
    """The smallest document with something to lose."""

    count: int = 0
    text: str = ""


class FailingDisk(OsFileSystem):
    """The real disk, whose Nth operation (from 0) raises; earlier ones work.

    A write that fails has taken half of the bytes before.
    """

    def __init__(self, fail_at: int | None, error: Callable[[], BaseException]) -> None:
        self.done: list[str] = []
        self._fail_at = fail_at
        self._error = error
        self._tokens = itertools.count()

    def _step(self, name: str) -> None:
        position = len(self.done)
        self.done.append(name)
        if position == self._fail_at:
            raise self._error()

    def write(self, descriptor: int, data: bytes) -> int:
        try:
            self._step("write")
        except BaseException:
            super().write(descriptor, data[: len(data) // 2])
            raise
        return super().write(descriptor, data)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)  # a failing close has closed
        self._step("close")

    def sleep(self, seconds: float) -> None:
        self.done.append("sleep")

    def token(self) -> str:
        return f"{next(self._tokens):08x}"


def _stepping(name: str) -> Any:
    def operation(self: FailingDisk, *arguments: Any) -> Any:
        self._step(name)
        return getattr(OsFileSystem, name)(self, *arguments)

    return operation


for _name in (
    "read",
    "make_folder",
    "create",
    "sync",
    "replace",
    "rename_new",
    "remove",
    "sync_folder",
    "list_folder",
):
    setattr(FailingDisk, _name, _stepping(_name))


@pytest.fixture
def counter_kind() -> DocumentKind[Counter]:
    return DocumentKind("counter", Counter, 1)


@pytest.fixture
def counter() -> type[Counter]:
    return Counter


@pytest.fixture
def failing_disk() -> type[FailingDisk]:
    return FailingDisk


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def documents() -> Documents:
    return Documents(lambda: NOW)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "state" / "counter.json"
