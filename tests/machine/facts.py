"""Made-up machines: a healthy one, and what a test changes about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tito_bench.machine.environment import Machine, Runtime
from tito_bench.machine.fingerprint import fingerprint_of
from tito_bench.machine.probe import Probe
from tito_bench.machine.system import System
from tito_bench.records.calibration import (
    Bandwidth,
    Calibration,
    Clocks,
    Figure,
    OperationTime,
    SgemmSpeed,
    TargetSpeed,
)

MACHINE = Machine("Imaginary CPU 3000", "x86_64", 4, 8, 16, "Linux 6.1")

RUNTIME = Runtime(
    python="3.11.9",
    numpy="2.4.0",
    blas="openblas",
    blas_version="0.3.31",
    blas_architecture="SkylakeX",
    blas_threads=1,
    cores_usable=8,
    kernel_target="avx512",
    kernels_version="1",
    kernels_compiler="GCC 12.2.0",
)


def runtime(**changes: Any) -> Runtime:
    """The healthy process with `changes`."""
    return msgspec.structs.replace(RUNTIME, **changes)


def probe(**changes: Any) -> Probe:
    """The healthy machine with `changes`; those of its process go by their names too."""
    of_runtime = {n: changes.pop(n) for n in RUNTIME.__struct_fields__ if n in changes}
    healthy: dict[str, Any] = {
        "runtime": runtime(**of_runtime),
        "kernel_targets": ("avx512", "avx2", "sse2", "portable"),
        "cores_online": 8,
        "load_1min": 0.3,
    }
    return Probe(**(healthy | changes))


def linux(root: Path, files: Mapping[str, str] = {}) -> System:
    """A Linux system whose /proc and /sys hold only `files`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")
    return System("linux", {}, root)


def card(native_ns: Mapping[str, float] = {}, **changes: Any) -> Calibration:
    """A small card with these native times."""
    figure = Figure(100.0, 0.01, 9)
    made = Calibration(
        created_at="2026-11-22T12:00:00Z",
        tito_bench_version="0.1.0",
        quick=False,
        fingerprint=fingerprint_of(MACHINE, RUNTIME),
        machine=MACHINE,
        runtime=RUNTIME,
        targets=[TargetSpeed("avx512", figure, [SgemmSpeed(64, figure, Figure(0.93, 0.01, 9))])],
        bandwidth=[Bandwidth(2048, figure, figure)],
        dispatch_ns=figure,
        clocks=Clocks(figure, figure, figure),
        operations=[
            OperationTime(name, 1, native, native + 300.0) for name, native in native_ns.items()
        ],
        environment=[],
    )
    return msgspec.structs.replace(made, **changes)
