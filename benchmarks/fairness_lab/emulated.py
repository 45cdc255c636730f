"""An aarch64 machine out of an x86-64 one: a cross-built wheel in an emulated Python.

Needs Debian and root: it installs `mmdebstrap` and `qemu-user-static`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["aarch64_python"]

_REPOSITORY = Path(__file__).parent.parent.parent
_SUITE = "trixie"  # its Python is 3.13
_BUILD = ("build", "cmake", "cython", "cython-cmake", "ninja", "numpy>=2", "scikit-build-core")
_LAUNCHER = """#!/bin/sh
QEMU_CPU=cortex-a72 exec qemu-aarch64-static -L {root} -E PYTHONPATH={launch}:{site} \\
  {root}/usr/bin/python3.13 "$@"
"""
# The emulator runs no other programs, so that Python must know the launcher as itself.
_CUSTOMIZE = "import sys\nsys.executable = {launcher!r}\n"


def aarch64_python(folder: Path) -> str:
    """A command that runs Python for aarch64 with tito-bench installed.

    Raises CalledProcessError where a step fails.
    """
    _run("apt-get", "install", "--yes", "--quiet", "mmdebstrap", "qemu-user-static")
    root, site, launch = folder / "root", folder / "site", folder / "launch"
    packages = "python3,libstdc++6,libgomp1"
    _run("mmdebstrap", "--arch=arm64", "--variant=extract", f"--include={packages}", _SUITE, root)
    for name in ("lib", "bin", "sbin"):
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    wheel = _cross_wheel(folder)
    python = _venv(folder / "install", "uv")
    target = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13")
    options = ("--quiet", "--only-binary", ":all:", *target, "--target", site)
    _run(python, "-m", "uv", "pip", "install", *options, wheel)
    launch.mkdir()
    launcher = launch / "python"
    launcher.write_text(_LAUNCHER.format(root=root, launch=launch, site=site))
    launcher.chmod(0o755)
    (launch / "sitecustomize.py").write_text(_CUSTOMIZE.format(launcher=str(launcher)))
    return str(launcher)


def _cross_wheel(folder: Path) -> Path:
    """The wheel for aarch64, compiled by Zig's C compiler."""
    python = _venv(folder / "build", *_BUILD, "ziglang")
    tools = {}
    for variable, tool in (
        ("CC", "cc -target aarch64-linux-gnu.2.17"),
        ("AR", "ar"),
        ("RANLIB", "ranlib"),
    ):
        script = folder / "build" / variable.lower()
        script.write_text(f'#!/bin/sh\nexec {python} -m ziglang {tool} "$@"\n')
        script.chmod(0o755)
        tools[variable] = str(script)
    path = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, **tools, "_PYTHON_HOST_PLATFORM": "linux-aarch64", "PATH": path}
    # The host's strip knows no aarch64.
    settings = ("-Cwheel.py-api=cp311", "-Ccmake.define.CMAKE_STRIP=/bin/true")
    out = folder / "wheel"
    command = [python, "-m", "build", "--wheel", "-n", *settings, "-o", str(out), str(_REPOSITORY)]
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
    return next(out.glob("*.whl"))


def _venv(home: Path, *packages: str) -> str:
    _run(sys.executable, "-m", "venv", home)
    python = home / "bin" / "python"
    _run(python, "-m", "pip", "install", "--quiet", *packages)
    return str(python)


def _run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
