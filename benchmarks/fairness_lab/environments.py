"""Other Pythons, other NumPy versions, other ways to hand out memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Environment", "environments"]

_NUMPYS = ("numpy==2.0.*", "numpy")
_SETTINGS = {
    "no huge pages": {"NUMPY_MADVISE_HUGEPAGE": "0"},
    "malloc maps all above 64 KiB": {"MALLOC_MMAP_THRESHOLD_": "65536"},
    "malloc with huge pages": {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
}


@dataclass(frozen=True)
class Environment:
    """An interpreter with tito-bench installed, and variables to run it with."""

    name: str
    python: str
    settings: dict[str, str] = field(default_factory=dict)


def environments(folder: Path, wheel: Path, pythons: Sequence[str]) -> Iterator[Environment]:
    """Install `wheel` beside each NumPy for each Python; say which could not be had."""
    for python in pythons:
        for number, numpy in enumerate(_NUMPYS):
            home = folder / f"venv-{Path(python).parent.parent.name}-{number}"
            installed = _install(home, python, [str(wheel.resolve()), numpy])
            if installed is None:
                print(f"left out: {python} with {numpy}: cannot be installed", file=sys.stderr)
                continue
            name = _describe(installed)
            yield Environment(name, installed)
            if python == pythons[0] and number == len(_NUMPYS) - 1:
                for setting, variables in _SETTINGS.items():
                    yield Environment(f"{name}, {setting}", installed, variables)


def _install(home: Path, python: str, packages: list[str]) -> str | None:
    inside = home / "bin" / "python"
    steps = (
        [python, "-m", "venv", str(home)],
        [str(inside), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *packages],
    )
    for step in steps:
        if subprocess.run(step, capture_output=True, check=False).returncode != 0:
            return None
    return str(inside)


def _describe(python: str) -> str:
    code = "import sys, numpy; print('Python', sys.version.split()[0], 'NumPy', numpy.__version__)"
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
