"""Commands run in forked children: what became of them, and what of that is a fault.

A fork of a process that has everything imported is a hundred times cheaper than one start of
Python, and as true: the child has its own folder, environment and streams, and ends by `_exit`
with the code that a shell would see. What takes effect before Python runs `main` needs
`start_command`, a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import pkgutil
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, NoReturn

import tito_bench
from tito_bench.cli import main as cli
from tito_bench.website.client import Client, Limits

__all__ = [
    "ENVIRON", "FORKS", "QUICK_BASELINE", "Kill", "Outcome", "Ran", "Sandbox", "fault", "preload",
    "quick_client", "run_command", "start_command",
]  # fmt: skip

FORKS = hasattr(os, "fork")
QUICK_BASELINE = (
    *("benchmark", "baseline", "--quick", "--rounds", "1"),
    *("--time-budget", "60", "--subject", "numpy"),
)
"""The words of the quickest real measurement."""
LONGEST_S = 120.0
"""What takes longer is stuck."""

ENVIRON: Mapping[str, str] = {
    name: os.environ[name]
    for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")
    if name in os.environ
} | {"LANG": "C.UTF-8", "TZ": "UTC0", "COLUMNS": "80"}
"""What commands see of the environment, HOME aside."""


@dataclass(frozen=True)
class Ran:
    """What a command did. `status` is None where it never ended, negative where a signal did it."""

    status: int | None
    out: bytes
    err: bytes

    @property
    def said(self) -> str:
        return (self.out + b"\n" + self.err).decode("utf-8", "backslashreplace")


@dataclass
class Outcome:
    """How many tries there were, and what of them failed, each with all that shows it again."""

    tried: int = 0
    failed: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.tried += other.tried
        self.failed += other.failed


@dataclass(frozen=True)
class Kill:
    """When a command is killed: so many seconds after its start, or at its n-th system call that
    Python tells of (opening, renaming, removing, making a folder, sending ...)."""

    after_s: float | None = None
    at_event: int | None = None


def fault(ran: Ran, words: Sequence[str], right: frozenset[int]) -> str | None:
    """Return what is wrong with how a command ended, None if nothing is."""
    said = ran.said
    if ran.status is None:
        return f"stuck for {LONGEST_S:.0f} s"
    for sign in ("Traceback", "Exception ignored", "\x1b", "Fatal Python error"):
        if sign in said:
            return f"it shows {sign!r}"
    if ran.status not in right:
        return f"exit code {ran.status}, not {' or '.join(map(str, sorted(right)))}"
    if ran.status == 1 and not said.strip():
        return "it failed without a word"
    if ran.status == 0 and "--json" in words:
        try:
            json.loads(ran.out)
        except ValueError as error:
            return f"its document is none: {error}"
    return None


_TREES: dict[tuple[str, ...], argparse.ArgumentParser] = {}


def _known_tree(prog: str, words: Sequence[str], *, raises: bool) -> argparse.ArgumentParser:
    """Build the argument tree of a verb once: four fifths of what a quick command takes."""
    key = tuple(words[:2])
    if key not in _TREES:
        _TREES[key] = _build_tree(prog, words, raises=raises)
    return _TREES[key]


_build_tree = cli.build_parser


def preload() -> None:
    """Import all of the package once, so that no child has to."""
    for found in pkgutil.walk_packages(tito_bench.__path__, "tito_bench."):
        if not found.name.endswith("__main__"):
            import_module(found.name)
    for name in ("httpx", "rich.table", "rich.console", "filelock", "encodings.idna"):
        import_module(name)
    gc.collect()
    gc.freeze()  # else each child would copy what its collector touches


def run_command(
    words: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    *,
    before: Callable[[], None] | None = None,
    kill: Kill | None = None,
) -> Ran:
    """Run `tito-bench WORDS` in a child of this process; `before` is called there first."""
    kill = kill or Kill()
    _known_tree("tito-bench", words, raises=False)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        hear, tell = os.pipe()
        child = os.fork()
        if child == 0:
            _become(words, cwd, environ, out, err, before, kill.at_event)
        os.close(tell)
        status = _wait(child, hear, kill.after_s)
        out.seek(0)
        err.seek(0)
        return Ran(status, out.read(), err.read())


def start_command(
    words: Sequence[str | bytes],
    cwd: Path,
    environ: Mapping[str, str],
    **how: object,
) -> Ran:
    """Run `python -m tito_bench WORDS` as a process of its own; `how` goes to Popen."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(
        [sys.executable, "-m", "tito_bench", *words],
        cwd=cwd, env=environ, start_new_session=True, **{**streams, **how},
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        return Ran(None, out or b"", err or b"")
    return Ran(process.returncode, out or b"", err or b"")


def quick_client(tries: int = Limits().tries) -> None:
    """Have the website's client wait a second at most, and try again at once: only for a child."""
    limits = Limits(timeout_s=1.0, total_s=2.0, tries=tries)
    Client.__init__.__defaults__ = (limits, lambda _s: None)


def _become(
    words: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    out: BinaryIO,
    err: BinaryIO,
    before: Callable[[], None] | None,
    killed_at: int | None,
) -> NoReturn:
    """Run the command in this process, which is a fork, and end with its exit code."""
    status = 70
    try:
        os.setsid()
        cli.build_parser = _known_tree  # type: ignore[assignment]
        for number, stream in enumerate(
            (os.open(os.devnull, os.O_RDONLY), out.fileno(), err.fileno())
        ):
            os.dup2(stream, number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        # They live as long as the process.
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environ)
        random.seed()
        if before is not None:
            before()
        if killed_at is not None:
            _die_at(killed_at)
        try:
            status = int(cli.main(list(words)))
        except SystemExit as ended:
            status = int(str(ended.code))
        except BaseException:
            status = 1
            traceback.print_exc()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        os._exit(status)


def _die_at(event: int) -> None:
    left = event

    def count(name: str, _arguments: object) -> None:
        nonlocal left
        if name in {"open", "shutil.rmtree"} or name.startswith(("os.", "socket.", "fcntl.")):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def _wait(child: int, hear: int, killed_after_s: float | None) -> int | None:
    """Return how a child ended. Its end of the pipe closes with it."""
    longest = LONGEST_S if killed_after_s is None else killed_after_s
    ended, _, _ = select.select([hear], [], [], longest)
    os.close(hear)
    if not ended:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if ended or killed_after_s is not None else None


@dataclass(frozen=True)
class Sandbox:
    """A project and a home folder, which can be put back as they were.

    The project's own folder stays the same one: what was agreed to is bound to it. `more` is
    added to the environment of its commands.
    """

    root: Path
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def environ(self) -> dict[str, str]:
        return {**ENVIRON, "HOME": str(self.root / "home"), **self.more}

    def make(self) -> None:
        for folder in (self.project, self.root / "home"):
            folder.mkdir(parents=True)

    def connect(self, url: str) -> None:
        """Switch the website on."""
        config = self.project / ".tinytorch" / "config.json"
        config.parent.mkdir(exist_ok=True)
        website = {"enabled": True, "api_url": url}
        config.write_text(json.dumps({"schema": 1, "website": website}))

    def run(self, *words: str, **how: object) -> Ran:
        return run_command(words, self.project, self.environ, **how)  # type: ignore[arg-type]

    def do(self, *words: str, **how: object) -> Ran:
        """Run what must succeed."""
        ran = self.run(*words, **how)
        if ran.status != 0:
            raise AssertionError(f"{' '.join(words)}: {ran}")
        return ran

    def files(self) -> dict[str, bytes]:
        """Return the content of every file by its path."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and not path.is_symlink()
        }

    def restore(self, files: Mapping[str, bytes]) -> None:
        """Make these its files, and no others."""
        for path in sorted(self.root.rglob("*"), reverse=True):
            name = str(path.relative_to(self.root))
            if path.is_dir() and not path.is_symlink():
                if name in files:
                    shutil.rmtree(path)
                elif name not in {"project", "home"}:
                    with contextlib.suppress(OSError):  # it is not empty
                        path.rmdir()
            elif name not in files or path.is_symlink() or not path.is_file():
                path.unlink()
        for name, data in files.items():
            path = self.root / name
            if not path.exists() or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
