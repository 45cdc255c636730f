"""In CI a test may be skipped for a reason that is listed here, and that holds; any other fails.

What a machine cannot have is always a reason. What it could have, but has not, is one only where
the job was not told to have everything: `.ci/run` sets TITO_EVERYTHING, so that what one job of
many leaves out is run by that one. Imported by the conftest.py of the client's and of the server's
tests.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary", "unexpected"]

Holds = Callable[[], bool]
ROOT = Path(__file__).parents[2]


def _on(*systems: str) -> Holds:
    return lambda: sys.platform in systems


def _not_on(*systems: str) -> Holds:
    return lambda: sys.platform not in systems


def _without(*modules: str) -> Holds:
    """Without one of these modules: the job has not asked for the extra that brings them."""
    return lambda: any(importlib.util.find_spec(module) is None for module in modules)


def _root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _always() -> bool:
    return True


_NOT_POSIX = _on("win32")

CANNOT: dict[str, Holds] = {
    # Windows has none of these, or not without a privilege.
    r"pipes (with names|of POSIX)|(no )?named pipes|needs /dev/full": _NOT_POSIX,
    r"signals( and named pipes)? of POSIX|this system has no tzset": _NOT_POSIX,
    r"signals|forks|SIGKILL( and fork)?|ulimit|limits are POSIX's": _NOT_POSIX,
    r"(POSIX )?permissions( of POSIX)?|modes of POSIX|file modes": _NOT_POSIX,
    r"descriptors of folders, flock|finds the descriptor of the pipe": _NOT_POSIX,
    r"(pseudo-)?terminals of POSIX|needs a terminal of POSIX": _NOT_POSIX,
    r"needs the right to make links|links need a privilege there|no links here": _NOT_POSIX,
    r"bytes as names, links|cc and its options|a shell script for a browser": _NOT_POSIX,
    r"a script there is an \.exe|Windows keeps the current folder of a process": _NOT_POSIX,
    r"Windows has no fork and no signals": _NOT_POSIX,
    # macOS and Windows are no Linux.
    r"only Linux .*|Linux alone has such clocks|asks the Linux kernel for it": _not_on("linux"),
    r"/proc/cpuinfo|/sys takes no folders, .*|where fontconfig says .*": _not_on("linux"),
    r"the limit of address space holds on Linux": _not_on("linux"),
    r"its file systems take UTF-8 only": _on("darwin"),
    r"needs the OpenBLAS of NumPy's wheels for x86": lambda: (
        sys.platform != "linux" or platform.machine() != "x86_64"
    ),
    r"needs tree-sitter|needs its grammar": lambda: (
        sys.platform != "linux" or platform.machine() != "x86_64"
    ),
    # Accelerate has no such names; a NumPy of a distribution may have a BLAS of Fortran.
    r"this NumPy has no BLAS with a C interface": _not_on("linux"),
    # Whoever runs the tests.
    r"root (may write anywhere|sees all)": lambda: _root() or sys.platform == "win32",
    # The interpreter.
    r"sys\.monitoring is of Python 3\.12": lambda: sys.version_info < (3, 12),
    r"only a free-threaded interpreter can tell": lambda: getattr(
        sys, "_is_gil_enabled", lambda: True
    )(),
    # The portable target is plain C, and only on it says a test so.
    r"how well it is vectorised is the compiler's choice": _always,
    # The CPU.
    r"registers of AVX": _always,
    # The container or the virtual machine.
    r"this container forbids it|this CPU is emulated": _always,
    r"sanitizers slow each kernel otherwise": lambda: "ASAN_OPTIONS" in os.environ,
    r"an editable install keeps its module elsewhere": _always,
    r"no source tree": lambda: not (ROOT / "tools").exists(),
    # It is of systemd, which no container has.
    r"systemd-analyze is not installed": lambda: shutil.which("systemd-analyze") is None,
}
"""Reasons that nobody can do anything about, and when they hold."""

HAS_NOT: dict[str, Holds] = {
    r"needs the extra png": _without("resvg_py"),
    r"needs the extra browser|needs playwright": _without("playwright", "PIL"),
    r"needs the extra notebook": _without("nbformat", "nbclient", "ipykernel"),
    r"comes with openapi-spec-validator": _without("jsonschema"),
    r"needs pip": _without("pip"),
}
"""Reasons of an environment without an extra: some job has each."""

PROGRAMS = re.compile(
    r"needs (bash|zsh|fish|mandoc|groff|man|PostgreSQL.*)|no (Chromium is installed|C compiler)"
    r"|(pg_dump|nginx) is not installed"
)
"""Reasons of a machine without a program: `.ci/run` has them all."""


def unexpected(reason: str, everything: bool) -> bool:
    """Return whether a test should not have been skipped for this reason."""
    for known, holds in (CANNOT | HAS_NOT).items():
        if re.fullmatch(known, reason):
            return not holds()
    return everything or PROGRAMS.fullmatch(reason) is None


def _found(config: pytest.Config) -> Iterator[str]:
    everything = bool(os.environ.get("TITO_EVERYTHING"))
    if not (everything or os.environ.get("CI")):
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    for report in reporter.stats.get("skipped", ()) if reporter else ():
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if unexpected(reason, everything):
            yield f"{report.nodeid}: {reason}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for a skip that nobody expects."""
    if session.exitstatus == pytest.ExitCode.OK and any(_found(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the skips that nobody expects."""
    for line in _found(terminalreporter.config):
        terminalreporter.write_line(f"unexpected skip: {line}", red=True)
