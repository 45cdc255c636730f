"""Where the readers look: the real system, or one that a test made up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["System", "read_text"]

_COMMAND_TIMEOUT_S = 1.0


def _sysctl_number(name: str) -> int | None:
    """Return an integer that the kernel of macOS publishes, or None where there is none."""
    if sys.platform == "darwin":
        import ctypes

        value = ctypes.c_int(0)
        size = ctypes.c_size_t(ctypes.sizeof(value))
        failed = ctypes.CDLL(None).sysctlbyname(
            name.encode(), ctypes.byref(value), ctypes.byref(size), None, ctypes.c_size_t(0)
        )
        return None if failed else value.value
    else:  # noqa: RET505 - mypy checks each platform
        return None


def _command_output(command: Sequence[str]) -> str:
    """Return what a command of the system prints; empty where it cannot be run."""
    try:
        return subprocess.run(  # noqa: S603 - fixed commands with full paths
            command, capture_output=True, text=True, check=False, timeout=_COMMAND_TIMEOUT_S
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


@dataclass(frozen=True)
class System:
    """The operating system as the readers see it.

    Attributes
    ----------
    platform
        As `sys.platform` has it: ``"linux"``, ``"darwin"`` or ``"win32"``.
    environ
        The environment that the measuring process gets.
    root
        The folder that holds ``proc`` and ``sys`` on Linux.
    sysctl
        A number of the macOS kernel by name, None where it has no such name.
    run
        What a command prints.
    """

    platform: str = sys.platform
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    root: Path = Path("/")
    sysctl: Callable[[str], int | None] = _sysctl_number
    run: Callable[[Sequence[str]], str] = _command_output

    def text(self, path: str) -> str:
        """Return the text of a file below `root`, stripped; empty where it cannot be read."""
        return read_text(self.root / path)


def read_text(path: Path) -> str:
    """Return the text of a small file, stripped; empty where it cannot be read."""
    try:
        # Strings of the device tree end in a zero byte.
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \t\r\n")
    except OSError:
        return ""
