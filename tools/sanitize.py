"""Run the kernel tests under AddressSanitizer and UndefinedBehaviorSanitizer, then clang-tidy.

    python tools/sanitize.py [--skip-python] [--skip-tidy]

1. tests/kernels/native_test.c and every kernel, on every target this CPU supports.
2. The extension built with -DTITO_SANITIZE=ON, and tests/kernels and 20 s of random calls against
   it (tools/fuzz_kernels.py goes on for longer).
3. clang-tidy over the C sources (from PyPI, into a virtual environment of its own).

Needs gcc or clang with its sanitizer runtime; run it with a Python that has pip and the test
requirements of this project.
"""

# ruff: noqa: S603  a command that prints, and runs compilers of its own choice

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from kernel_build import (
    KERNELS,
    PER_TARGET,
    ROOT,
    build_native_test,
    compile_commands,
    run_all,
    sanitized_extension,
)

FUZZER = ROOT / "tests" / "kernels" / "fuzzing.py"
FUZZED_S = "20"
FLAGS = (
    "-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all", "-DTITO_SANITIZE",
)  # fmt: skip
TIDY = (
    "-*",
    "bugprone-*",
    "-bugprone-easily-swappable-parameters",  # kernels take sizes and strides
    "-bugprone-macro-parentheses",  # names pasted together take none
    "-bugprone-signed-bitwise",  # shifts by constants
    "-bugprone-multi-level-implicit-pointer-conversion",  # memcpy of pointers
    "-bugprone-reserved-identifier",  # _GNU_SOURCE
    "-bugprone-signed-char-misuse",  # int8 are numbers here
    "clang-analyzer-*",
    "-clang-analyzer-core.NullPointerArithm",  # arguments are checked by the binder
    "-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling",  # memcpy
)
TIDY_TARGETS = ("avx512", "portable", "all")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skip-python", action="store_true", help="not the extension")
    parser.add_argument("--skip-tidy", action="store_true", help="no clang-tidy")
    options = parser.parse_args()
    compiler = os.environ.get("CC", "gcc")
    machine = os.uname().machine
    steps = [("native test", lambda folder: native_test(compiler, machine, folder))]
    if not options.skip_python:
        steps.append(("extension", lambda folder: extension(compiler, folder)))
    if not options.skip_tidy:
        steps.append(("clang-tidy", lambda folder: tidy(machine, folder)))
    failed = []
    for name, step in steps:
        print(f"{name}:", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            try:
                step(Path(folder))
            except subprocess.CalledProcessError as error:
                print(f"{name}: {error}", flush=True)
                failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "nothing found")
    return 1 if failed else 0


def native_test(compiler: str, machine: str, folder: Path) -> None:
    program = build_native_test([compiler], machine, folder, FLAGS, ("-lm",))
    subprocess.run([program], check=True)


def extension(compiler: str, folder: Path) -> None:
    python, environment = sanitized_extension(compiler, folder)
    tests = [
        str(python), "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "--timeout=900",
        str(ROOT / "tests" / "kernels"),
    ]  # fmt: skip
    subprocess.run(tests, cwd=folder, env=environment, check=True)
    subprocess.run([python, FUZZER, "1", FUZZED_S], cwd=folder, env=environment, check=True)


def tidy(machine: str, folder: Path) -> None:
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / "bin"
    subprocess.run([binaries / "python", "-m", "pip", "install", "-q", "clang-tidy"], check=True)
    checks = []
    for out, command in compile_commands(["cc"], machine, (), folder):
        source, target = command[-3], out.stem.rsplit("-", 1)[1]
        if target in TIDY_TARGETS and Path(source).parent in (KERNELS, PER_TARGET):
            check = [binaries / "clang-tidy", "--quiet", f"--checks={','.join(TIDY)}"]
            checks.append([*check, "--warnings-as-errors=*", source, "--", *command[1:-4]])
    run_all(checks, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
