"""Fixtures for all tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from unexpected_skips import pytest_sessionfinish, pytest_terminal_summary  # noqa: F401 - hooks

from packages.build import build_package
from packages.capstone_run import measure
from tito_bench.records.capstone import CapstoneRecord

# No test fails for the time it takes: a machine may be busy.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]

# What would make a run depend on where the tests run.
os.environ.pop("PYTHONUNBUFFERED", None)  # it would hide what is lost without it
_FOREIGN = (
    *("CI", "DO_NOT_TRACK", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONPATH", "TERM"),
    "JPY_PARENT_PID",
)


_MEASURING = (
    *("api/", "capstone/", "cli/benchmark/", "explain/", "measure/", "runs/"),
    "kernels/test_speed.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where tests run side by side (`-n 2 --dist loadgroup`), what measures does so one by one:
    two at a time on two cores would have no time left for their operations."""
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            folder = item.path.relative_to(Path(__file__).parent).as_posix()
            if folder.startswith(_MEASURING):
                item.add_marker(pytest.mark.xdist_group("measuring"))


@pytest.fixture(autouse=True)
def no_network_but_loopback() -> Iterator[None]:
    """No test may reach another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test reached for {address}")
        connect(self, address)

    # A patcher of its own: the order in which the tests' own one is undone stays theirs.
    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project folder, with a space in its name."""
    folder = tmp_path / "my project"
    folder.mkdir()
    return folder


@pytest.fixture
def clean_environ(tmp_path: Path) -> dict[str, str]:
    """The environment of the commands under test, with a home folder of its own."""
    home = tmp_path / "home"
    home.mkdir()
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in _FOREIGN and not name.startswith(("TITO_", "GITHUB_"))
    }
    folder = str(home)
    return {**environ, "HOME": folder, "USERPROFILE": folder, "PYTHONUTF8": "1", "TZ": "UTC0"}


@pytest.fixture
def run_cli(project: Path, clean_environ: Mapping[str, str]) -> RunCli:
    """Run `python -m tito_bench WORDS` in the project, as a user would: a real process."""

    def run(
        *words: str, environ: Mapping[str, str] = {}, cwd: Path = project, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tito_bench", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=cwd,
            env={**clean_environ, **environ},
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a complete package of the newest layout."""
    root = tmp_path_factory.mktemp("complete")
    build_package(root, "E5")
    return root


@pytest.fixture(scope="session")
def complete_record(complete: Path) -> CapstoneRecord:
    return measure(complete, time_s=12.0)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """Build a package with code added to the end of its modules."""

    def build(**added: str) -> Path:
        package = build_package(tmp_path, "E5")
        for module, code in added.items():
            with (package / "core" / f"{module}.py").open("a", encoding="utf-8") as file:
                file.write(f"\n{code}\n")
        return tmp_path

    return build


@pytest.fixture
def made_blas(tmp_path: Path) -> Callable[[str], str]:
    """made_blas(option): the path of a BLAS of our own, compiled with that option."""

    def make(option: str) -> str:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler")
        library = tmp_path / "libmade.so"
        source = Path(__file__).with_name("kernels") / "made_blas.c"
        words = [compiler, "-O2", "-shared", "-fPIC", "-pthread", option, "-o", library, source]
        subprocess.run(words, check=True, timeout=60)
        return str(library)

    return make
