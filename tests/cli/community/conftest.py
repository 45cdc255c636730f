"""Run a verb as `main` does, on a terminal or a pipe that the test holds."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from records.made_record import made_record
from tito_bench.cli import main as cli
from tito_bench.cli.streams import Streams
from tito_bench.measure.results import Failure
from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.records.schema import record_bytes


def made(record: BenchmarkRecord | CapstoneRecord) -> dict[str, Any]:
    """The record as JSON, of the day and machine of these tests."""
    document: dict[str, Any] = json.loads(record_bytes(record))
    document["created_at"] = "2026-11-22T20:00:00Z"
    document["system_info"]["machine"] |= {"cpu_model": "AMD EPYC", "os": "Linux 6.1.0-alices"}
    return document


def scored(score: float) -> dict[str, Any]:
    """A baseline with about that score."""
    return made(made_record(slowdown=2 ** ((100 - score) / 10)))


RECORD = made(made_record(slowdown=2**0.26, name="numpy", version="2.1.0", file=None))
INVALID = made(made_record({"matmul_100": Failure("raised", "ValueError: no")}))


class Terminal(io.StringIO):
    """A text stream that says that it is a terminal, or not."""

    def __init__(self, text: str = "", *, tty: bool = True, encoding: str = "utf-8") -> None:
        super().__init__(text)
        self._tty = tty
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._tty


@dataclass(frozen=True)
class Ran:
    """What a run did."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Tito:
    """Runs `tito-bench community ...` in one project."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    environ: dict[str, str] = field(default_factory=dict)
    now: datetime = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    encoding: str = "utf-8"

    def __call__(self, *words: str, answers: str | None = None) -> Ran:
        """Run it; with `answers`, on a terminal at which they are typed."""
        tty = answers is not None
        self.now += timedelta(seconds=1)
        streams = Streams(
            Terminal(answers or "", tty=tty),
            out := Terminal(tty=tty, encoding=self.encoding),
            err := Terminal(tty=tty, encoding=self.encoding),
            self.environ,
            self.folder,
            lambda: self.now,
        )
        said = io.StringIO()
        with self.monkeypatch.context() as patch:
            patch.setattr(Streams, "of_process", lambda: streams)
            patch.setattr("sys.stderr", said)
            try:
                status = cli.main(["community", *words])
            except SystemExit as error:
                status = int(str(error.code))
        return Ran(int(status), out.getvalue(), err.getvalue() + said.getvalue())

    def record(
        self, name: str = "baseline_1.json", document: dict[str, Any] = RECORD, **changes: Any
    ) -> Path:
        """Put a benchmark record into the project."""
        path = self.folder / ".tito" / "benchmarks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document | changes), encoding="utf-8")
        return path

    def configure(self, api_url: str, **local: Any) -> None:
        """Switch the website on."""
        path = self.folder / ".tinytorch" / "config.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        website = {"enabled": True, "api_url": api_url}
        path.write_text(json.dumps({"schema": 1, "website": website, "local": local}))

    def file(self, name: str) -> Any:
        """A JSON file of the project."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def profile(self) -> Any:
        return self.file(".tinytorch/community/profile.json")

    def files(self) -> dict[str, bytes]:
        """Every file of the project but locks, with its content."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not path.name.endswith(".lock")
        }


@pytest.fixture
def tito(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tito:
    folder = tmp_path / "project"
    folder.mkdir()
    return Tito(folder, monkeypatch, {"COLUMNS": "80", "HOME": str(tmp_path / "home")})


@pytest.fixture
def make_tito(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Tito]:
    home = str(tmp_path_factory.mktemp("home"))
    environ = {"COLUMNS": "80", "HOME": home}
    return lambda: Tito(tmp_path_factory.mktemp("project"), monkeypatch, dict(environ))


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every connection that was tried, none of which succeeds."""
    tried: list[Any] = []

    def refuse(_self: Any, address: Any, *_more: Any) -> None:
        tried.append(address)
        raise AssertionError(f"a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried
