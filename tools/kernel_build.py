"""Building the kernels and their native test with any C compiler, and the sanitized extension."""

# ruff: noqa: S603  the compiler is the caller's choice

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from toolchain import ROOT, environment_beside

__all__ = [
    "KERNELS", "PER_TARGET", "ROOT", "build_native_test", "compile_commands", "run_all",
    "sanitized_extension",
]  # fmt: skip

KERNELS = ROOT / "src" / "_kernels"
TESTS = ROOT / "tests" / "kernels"
PER_TARGET = KERNELS / "per_target"
TARGETS = {
    "x86_64": {
        "avx512": ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"),
        "avx2": ("-mavx2", "-mfma"),
        "sse2": (),
        "portable": (),
    },
    "aarch64": {"neon": (), "portable": ()},
}
STRICT = (
    "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wvla", "-Wshadow",
    "-Wstrict-prototypes", "-Werror", "-DNDEBUG",
)  # fmt: skip


def compile_commands(
    compiler: Sequence[str], machine: str, flags: Sequence[str], folder: Path
) -> Iterator[tuple[Path, list[str]]]:
    """Yield (object file, command) for every source, once per target where it is per target."""
    per_target = sorted(PER_TARGET.glob("*.c"))
    jobs = [(source, "all", ()) for source in sorted(KERNELS.glob("*.c"))]
    jobs.append((TESTS / "native_test.c", "all", ()))
    for target, target_flags in TARGETS.get(machine, {"portable": ()}).items():
        extra = (*target_flags, f"-DTITO_TARGET={target}")
        jobs += [(source, target, extra) for source in per_target]
    for source, target, extra in jobs:
        out = folder / f"{source.stem}-{target}.o"
        include = f"-I{KERNELS}"
        yield out, [*compiler, *STRICT, *flags, *extra, include, "-c", str(source), "-o", str(out)]


def build_native_test(
    compiler: Sequence[str],
    machine: str,
    folder: Path,
    flags: Sequence[str] = ("-O2",),
    libraries: Sequence[str] = (),
    suffix: str = "",
) -> Path:
    """Compile everything and link the native test; a warning is an error.

    Raises subprocess.CalledProcessError with the compiler's words on its stderr.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = list(compile_commands(compiler, machine, flags, folder))
    run_all([command for _, command in jobs])
    program = folder / f"native_test{suffix}"
    objects = [str(out) for out, _ in jobs]
    subprocess.run([*compiler, *flags, *objects, *libraries, "-o", str(program)], check=True)
    return program


def run_all(commands: Sequence[Sequence[str | Path]], **words: Any) -> None:
    """Run them two at a time; `words` go on to subprocess.run.

    Raises subprocess.CalledProcessError for the first that fails.
    """
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda command: subprocess.run(command, check=True, **words), commands))


def sanitized_extension(compiler: str, folder: Path) -> tuple[Path, dict[str, str]]:
    """Install the project with the extension under AddressSanitizer and UBSan into `folder`.

    Returns the interpreter that has it, beside the packages of this one, and the environment to
    run it in. Raises subprocess.CalledProcessError.
    """
    python = environment_beside(Path(sys.executable), folder / "venv")
    install = [
        sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps",
        "-Ccmake.define.TITO_SANITIZE=ON", f"-Cbuild-dir={folder / 'build'}", str(ROOT),
    ]  # fmt: skip
    subprocess.run(install, env={**os.environ, "CC": compiler}, check=True)
    libraries = [_runtime(compiler, name) for name in ("libasan.so", "libubsan.so")]
    environment = {
        **os.environ,
        "LD_PRELOAD": " ".join(path for path in libraries if path),
        "ASAN_OPTIONS": "detect_leaks=0",  # the interpreter's own
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONMALLOC": "malloc",  # else what Python frees is not seen to be used
    }
    code = "from tito_bench import _native; assert _native.build_info()['build_type'] == 'sanitize'"
    subprocess.run([python, "-c", code], cwd=folder, env=environment, check=True)
    return python, environment


def _runtime(compiler: str, library: str) -> str:
    ask = [compiler, f"-print-file-name={library}"]
    found = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    return found if Path(found).is_absolute() else ""
