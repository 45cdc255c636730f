"""A Python this machine does not have: of another CPU, under qemu, or of a newer release.

    python tools/foreign_python.py FOLDER

makes one for aarch64 in FOLDER with tito-bench installed, and prints the command that runs it.

The interpreter comes from a Debian root that is extracted and never booted, the packages from
wheels for its platform. Needs Debian and root: installs `mmdebstrap` and `qemu-user-static`.
"""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from toolchain import CACHE, ROOT, debian_program, install_debian, run, virtual_environment
from wheel_lab.building import build_sdist, cross_wheel

__all__ = ["AARCH64", "NEWEST", "ForeignPython", "emulated_cpu", "install", "launcher", "make"]

_LAUNCHER = """#!/bin/sh
{variables} exec {command} "$@"
"""
# Neither an emulator nor a loader runs other programs so: Python must know the script as itself.
_CUSTOMIZE = "import sys\nsys.executable = {launcher!r}\n"


@dataclass(frozen=True)
class ForeignPython:
    """Where an interpreter comes from, and what its wheels are called."""

    machine: str  # as in platform tags
    debian: str  # the same in Debian's words
    suite: str
    version: str

    def __str__(self) -> str:
        return f"{self.machine} Python {self.version}"


AARCH64 = ForeignPython("aarch64", "arm64", "trixie", "3.13")
NEWEST = ForeignPython("x86_64", "amd64", "sid", "3.15")


def make(python: ForeignPython, folder: Path) -> str:
    """Return the path of a script that runs `python` with the packages of folder/site."""
    root = folder / "root"
    folder.mkdir(parents=True, exist_ok=True)
    install_debian("mmdebstrap", "qemu-user-static")
    packages = f"python{python.version},libstdc++6,libgomp1"
    # A mirror may be older than it promised; the signature of its lists is checked all the same.
    options = ('--aptopt=Acquire::Check-Valid-Until "false"', "--variant=extract")
    run("mmdebstrap", *options, f"--arch={python.debian}", f"--include={packages}",
        python.suite, root)  # fmt: skip
    for name in ("lib", "lib64", "bin", "sbin"):
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    program = f"{root}/usr/bin/python{python.version}"
    if python.machine == os.uname().machine:
        loader = next(root.glob("lib64/ld-linux-*"))
        libraries = f"{root}/usr/lib/{python.machine}-linux-gnu"
        command = [str(loader), "--library-path", libraries, program]
        return launcher(folder, command, {"PYTHONHOME": f"{root}/usr"})
    path = f"PYTHONPATH={folder}/launch:{folder}/site"
    command = [f"qemu-{python.machine}-static", "-L", str(root), "-E", path, program]
    return launcher(folder, command, {"QEMU_CPU": "cortex-a72"})


def launcher(folder: Path, command: list[str], environ: dict[str, str]) -> str:
    """Write a script for `command` that Python takes for itself: it starts its children with it."""
    scripts = folder / "launch"
    scripts.mkdir(parents=True)
    script = scripts / "python"
    path = f"{scripts}:{folder / 'site'}"
    variables = {**environ, "PYTHONPATH": path}
    assigned = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    script.write_text(_LAUNCHER.format(variables=assigned, command=shlex.join(command)))
    script.chmod(0o755)
    (scripts / "sitecustomize.py").write_text(_CUSTOMIZE.format(launcher=str(script)))
    return str(script)


def emulated_cpu(folder: Path, python: Path, cpu: str) -> str:
    """Return a script that runs the x86-64 `python` on another CPU, such as "Nehalem"."""
    qemu = debian_program(("qemu-x86_64-static",), "qemu-user-static")
    return launcher(folder, [str(qemu), "-cpu", cpu, str(python)], {})


def install(python: ForeignPython, folder: Path, wheel: Path, *requirements: str) -> None:
    """Put a wheel and further requirements where the script of `make` looks for them."""
    uv = virtual_environment(CACHE / "uv", "uv").with_name("uv")
    platform = f"{python.machine}-manylinux_2_28"
    options = ("--python-platform", platform, "--python-version", python.version)
    run(uv, "pip", "install", "--quiet", *options, "--only-binary", ":all:",
        "--target", folder / "site", wheel, *requirements)  # fmt: skip


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    script = make(AARCH64, folder)
    wheel = cross_wheel(build_sdist(ROOT, folder / "sdist"), folder / "wheel", AARCH64.machine)
    install(AARCH64, folder, wheel)
    print(script)
    return 0


if __name__ == "__main__":
    sys.exit(main())
