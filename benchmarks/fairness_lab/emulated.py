"""An aarch64 machine out of an x86-64 one: a cross-built wheel in an emulated Python.

Needs Debian and root; see tools/foreign_python.py.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["aarch64_python"]

_TOOL = Path(__file__).parents[2] / "tools" / "foreign_python.py"


def aarch64_python(folder: Path) -> str:
    """Return a command that runs Python for aarch64 with tito-bench installed.

    Raises CalledProcessError where a step fails.
    """
    command = [sys.executable, str(_TOOL), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]
