"""What the tools run: virtual environments, Zig as a C compiler, programs of Debian packages.

All is installed when it is first needed; see CACHE for where it is kept.
"""

# ruff: noqa: S603  runs installers and compilers of the caller's choice

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

__all__ = [
    "CACHE", "ROOT", "CommandFailed", "debian_program", "environment_beside", "install_debian",
    "run", "virtual_environment", "zig_compiler", "zig_tools",
]  # fmt: skip

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(tempfile.gettempdir()) / "tito-bench-tools"
_SHOWN_LINES = 30


class CommandFailed(Exception):
    """A command ended with another exit code than 0; the text ends with what it last said."""


def run(
    *words: object,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    expected: int = 0,
) -> str:
    """Return what a command printed, both streams. Raises CommandFailed."""
    done = subprocess.run(
        [str(word) for word in words],
        env=environ,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != expected:
        said = "\n".join(done.stdout.splitlines()[-_SHOWN_LINES:])
        command = " ".join(str(word) for word in words)
        raise CommandFailed(f"{command}\nended with exit code {done.returncode}:\n{said}")
    return done.stdout


def virtual_environment(home: Path, *requirements: str) -> Path:
    """Return the interpreter of a virtual environment that has `requirements`, made if need be."""
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", home)
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
    return python


def environment_beside(python: Path, home: Path) -> Path:
    """Make an environment that sees the packages of `python`'s; return its own interpreter.

    An editable install there is not seen: another build of the project can be installed here.
    """
    run(python, "-m", "venv", "--without-pip", home)
    beside = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(beside, "-c", where).strip())
    (packages / "beside.pth").write_text(run(python, "-c", where), encoding="utf-8")
    return beside


@cache
def zig_compiler() -> list[str]:
    """Return the command of Zig's C compiler, but for its `-target`."""
    python = virtual_environment(CACHE / "zig", "ziglang")
    os.environ.setdefault("ZIG_GLOBAL_CACHE_DIR", str(CACHE / "zig-cache"))
    return [str(python), "-m", "ziglang", "cc"]


def zig_tools(folder: Path, target: str) -> dict[str, str]:
    """Return the variables CC, AR and RANLIB for `target`, such as "aarch64-linux-gnu.2.17".

    Each is a script in `folder`: CMake wants one path.
    """
    zig = " ".join(zig_compiler()[:-1])
    folder.mkdir(parents=True, exist_ok=True)
    tools = {"CC": f"cc -target {target}", "AR": "ar", "RANLIB": "ranlib"}
    for variable, words in tools.items():
        script = folder / variable.lower()
        script.write_text(f'#!/bin/sh\nexec {zig} {words} "$@"\n')
        script.chmod(0o755)
        tools[variable] = str(script)
    return tools


def debian_program(names: Sequence[str], package: str) -> str | None:
    """Return the first program found, from its Debian package if need be; None where it cannot."""
    for attempt in range(2):
        for name in names:
            path = shutil.which(name)
            if path is not None:
                return path
        if attempt == 0:
            install_debian(package)
    return None


def install_debian(*packages: str) -> None:
    """Ask apt-get for packages where there is one; whoever needs them sees whether they came."""
    if shutil.which("apt-get"):
        for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            command = ["apt-get", "-qq", *words]
            environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=False)
