"""Building the kernels and their native test with any C compiler, outside CMake."""

# ruff: noqa: S603  the compiler is the caller's choice

import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["KERNELS", "PER_TARGET", "ROOT", "build_native_test", "compile_commands"]

ROOT = Path(__file__).resolve().parent.parent
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
    """(object file, command) for every source, once per target where it is per target."""
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
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: subprocess.run(job[1], check=True), jobs))
    program = folder / f"native_test{suffix}"
    objects = [str(out) for out, _ in jobs]
    subprocess.run([*compiler, *flags, *objects, *libraries, "-o", str(program)], check=True)
    return program
