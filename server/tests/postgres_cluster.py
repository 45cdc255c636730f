"""A PostgreSQL cluster of the tests' own, in a temporary folder, on a unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import sqlalchemy as sa

__all__ = ["Cluster", "ClusterMissing", "running_cluster"]

_AT_ONCE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


class ClusterMissing(Exception):
    """There is no PostgreSQL here that could be started; the text says why."""


@dataclass
class Cluster:
    """A running cluster; every test gets a database of its own."""

    folder: Path
    programs: Path
    settings: str = ""
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def new_database(self) -> str:
        name = f"test_{next(self._numbers)}"
        engine = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self.url(name)

    def run(self, program: str, *words: str) -> None:
        """Run one of PostgreSQL's programs as the user who may."""
        subprocess.run(
            [str(self.programs / program), *words],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            cwd="/",
            **_as_postgres(),
        )

    def start(self) -> None:
        self.run(
            "pg_ctl",
            *("-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", "-o"),
            f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' {self.settings}",
            "start",
        )

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", mode, "stop")


@contextmanager
def running_cluster(*, durable: bool = True) -> Iterator[Cluster]:
    """Make a cluster, and remove it afterwards; one that is not durable waits for no disk, which
    is nothing to a stopped or killed server, only to a power cut.

    Raises `ClusterMissing`.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="tito-pg-"))
    cluster = Cluster(folder, programs, "" if durable else _AT_ONCE)
    try:
        user = _as_postgres().get("user")
        if user is not None:
            os.chown(folder, pwd.getpwnam(str(user)).pw_uid, -1)
        cluster.run(
            "initdb",
            *("-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "-E", "UTF8"),
            *(() if durable else ("--no-sync",)),
        )
        cluster.start()
        try:
            yield cluster
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    named = shutil.which("initdb")
    if named is not None:
        found.append(Path(named).parent)
    if not found:
        raise ClusterMissing("PostgreSQL's programs are not installed")
    return max(found, key=str)


def _as_postgres() -> dict[str, str]:
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam("postgres")
    except KeyError as error:
        raise ClusterMissing("root cannot run PostgreSQL, and there is no user postgres") from error
    return {"user": "postgres"}
