"""A real server on loopback; no test reaches any other host."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tito_bench.community.place import Place
from tito_bench.records.documents import Documents
from tito_bench.website.network_policy import parse_address
from tito_bench.website.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)


class ScriptedServer:
    """Speaks TCP as the test says, also what no HTTP library would send."""

    def __init__(self, script: Callable[[socket.socket, threading.Event], None]) -> None:
        self.connections = 0
        self._script = script
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.address = parse_address(f"http://127.0.0.1:{self._listener.getsockname()[1]}")
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            with connection:
                connection.settimeout(5)
                try:
                    self._script(connection, self._over)
                except OSError:
                    continue  # the client hung up, as it may

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._listener.close()


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedServer]]:
    servers: list[ScriptedServer] = []

    def start(script: Callable[[socket.socket, threading.Event], None]) -> ScriptedServer:
        servers.append(ScriptedServer(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def documents() -> Documents:
    return Documents(lambda: NOW)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A person with a home of their own, at a project."""
    return Place(tmp_path, {"HOME": str(tmp_path / "home")})


@pytest.fixture
def outbox(tmp_path: Path, documents: Documents, place: Place) -> Outbox:
    return Outbox(tmp_path / "outbox", documents, place)
