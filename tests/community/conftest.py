"""No test here talks to any network."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tito_bench.records.project_layout import Layout

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_named: Any) -> Any:
        raise AssertionError("a test without a server opened a connection")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / ".tito" / "benchmarks").mkdir(parents=True)
    return Layout(tmp_path)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
