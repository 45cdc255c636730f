"""Build the kernels for every platform with warnings as errors, and run them where one can.

    python tools/cross_check.py [--only NAME] [--build-only]

Compiles with `zig cc` for Linux (glibc and musl), Windows and macOS on x86_64 and aarch64 and for
big-endian s390x. Then runs tests/kernels/native_test.c for real: aarch64 and s390x under qemu,
Windows under wine, and x86_64 on emulated CPUs without AVX-512 or AVX2, where dispatch must choose
what the CPU has: one unsupported instruction would kill it.

Installs what is missing: ziglang from PyPI into a virtual environment of its own, qemu and wine
with apt-get where it may. What cannot be installed is reported and fails the check.
"""

# ruff: noqa: S603  a command that prints, and runs compilers of its own choice

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kernel_build import build_native_test
from toolchain import CACHE, debian_program, zig_compiler

WINE = ("wine64", "/usr/lib/wine/wine64", "wine")


@dataclass(frozen=True)
class Run:
    """One way to run the test: a command in front of it, and its own words."""

    command: tuple[str, ...]
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((*self.command, "native_test", *self.words))


@dataclass(frozen=True)
class Platform:
    name: str
    zig_target: str
    runs: tuple[Run, ...] = ()

    @property
    def machine(self) -> str:
        return self.zig_target.split("-")[0]


def qemu(machine: str, cpu: str, *words: str) -> Run:
    return Run((f"qemu-{machine}-static", "-cpu", cpu), words)


PLATFORMS = (
    Platform(
        "linux-x86_64-glibc",
        "x86_64-linux-gnu.2.17",
        (
            qemu("x86_64", "Nehalem", "sse2", "slack"),
            qemu("x86_64", "Haswell", "avx2", "slack"),
            qemu("x86_64", "Haswell,-fma", "sse2", "slack"),
        ),
    ),
    Platform("linux-x86_64-musl", "x86_64-linux-musl", (Run(()),)),
    Platform("linux-aarch64-glibc", "aarch64-linux-gnu.2.17"),
    Platform("linux-aarch64-musl", "aarch64-linux-musl", (qemu("aarch64", "cortex-a72", "neon"),)),
    Platform("linux-s390x-musl", "s390x-linux-musl", (qemu("s390x", "max", "portable"),)),
    Platform("windows-x86_64", "x86_64-windows-gnu", (Run(("wine",)),)),
    Platform("windows-aarch64", "aarch64-windows-gnu"),
    Platform("macos-x86_64", "x86_64-macos.11.0"),
    Platform("macos-aarch64", "aarch64-macos.11.0"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", help="only platforms whose name holds this")
    parser.add_argument("--build-only", action="store_true", help="do not run anything")
    options = parser.parse_args()
    zig = zig_compiler()
    failures = []
    for platform in PLATFORMS:
        if options.only and not any(word in platform.name for word in options.only):
            continue
        print(f"{platform.name}: building", flush=True)
        try:
            program = build(zig, platform)
        except subprocess.CalledProcessError:
            failures.append(f"{platform.name}: does not build")
            continue
        runs = () if options.build_only else platform.runs
        failures += [f"{platform.name}: fails: {run}" for run in runs if not run_test(program, run)]
    print("\n".join(failures) or "all platforms build, all tests pass")
    return 1 if failures else 0


def build(zig: list[str], platform: Platform) -> Path:
    windows = "windows" in platform.zig_target
    return build_native_test(
        [*zig, "-target", platform.zig_target],
        platform.machine,
        CACHE / "kernels" / platform.name,
        libraries=() if windows else ("-lm",),
        suffix=".exe" if windows else "",
    )


def run_test(program: Path, run: Run) -> bool:
    print(f"  {run}", flush=True)
    command = list(run.command)
    if command:
        windows = command[0] == "wine"
        names, package = (WINE, "wine64") if windows else ((command[0],), "qemu-user-static")
        found = debian_program(names, package)
        if found is None:
            print(f"  cannot run: no {' or '.join(names)} here; install {package}", flush=True)
            return False
        command[0] = found
    environment = {**os.environ, "WINEDEBUG": "-all", "WINEPREFIX": str(CACHE / "wine")}
    done = subprocess.run(
        [*command, str(program), *run.words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    shown = done.stdout if done.returncode == 0 else done.stdout + done.stderr
    print("".join(f"    {line}\n" for line in shown.splitlines()), end="", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
