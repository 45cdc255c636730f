"""The facts that findings are made of, read from this machine within about 20 ms."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tito_bench.machine.blas import built_blas
from tito_bench.machine.cpu_quota import cpu_quota
from tito_bench.machine.power import on_battery, power_save, slow_governor
from tito_bench.machine.system import System
from tito_bench.machine.virtual import emulation, hypervisor, wsl

if TYPE_CHECKING:
    from tito_bench.machine.environment import Runtime

__all__ = ["INSTRUCTION_VARIABLES", "Probe", "read_probe"]

INSTRUCTION_VARIABLES = (
    "OPENBLAS_CORETYPE",
    "BLIS_ARCH_TYPE",
    "MKL_ENABLE_INSTRUCTIONS",
    "MKL_DEBUG_CPU_TYPE",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
)
"""Environment variables that hold NumPy or its BLAS to another instruction set."""

_LONGEST_SPIN_NS = 2_000_000
_FEWEST_READS = 1000


@dataclass(frozen=True)
class Probe:
    """Facts about the machine at the time of a measurement.

    Attributes
    ----------
    runtime
        What the measuring process found in itself.
    kernel_targets
        The kernel targets that this CPU runs, best first.
    cores_online
        Cores of the machine; `runtime.cores_usable` of them may be used.
    load_1min
        Programs that wanted to run, on average over the last minute; None on Windows.
    cpu_quota
        CPU time a container may use, in cores; None without a limit.
    on_battery, power_save, slow_governor, hypervisor, emulation, wsl
        See `machine.power` and `machine.virtual`; None where it is not so or not known.
    built_blas
        What NumPy was built with; asked only where no BLAS was recognised.
    instruction_variables
        Those of `INSTRUCTION_VARIABLES` that are set, with their values.
    cpu_clock_step_ns, process_clock_step_ns
        Smallest step of the CPU clocks of the thread and of the process in ns; None where it
        did not advance within 2 ms.
    """

    runtime: Runtime
    kernel_targets: tuple[str, ...]
    cores_online: int
    load_1min: float | None = None
    cpu_quota: float | None = None
    on_battery: bool | None = None
    power_save: str | None = None
    slow_governor: str | None = None
    hypervisor: str | None = None
    emulation: str | None = None
    wsl: str | None = None
    built_blas: str | None = None
    instruction_variables: tuple[tuple[str, str], ...] = ()
    cpu_clock_step_ns: int | None = 1
    process_clock_step_ns: int | None = 1


def read_probe(runtime: Runtime, system: System | None = None) -> Probe:
    """Look at this machine; `runtime` is what the measuring process said of itself."""
    from tito_bench import _native

    system = System() if system is None else system
    return Probe(
        runtime=runtime,
        kernel_targets=_native.supported_targets(),
        cores_online=os.cpu_count() or 1,
        load_1min=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        cpu_quota=cpu_quota(system),
        on_battery=on_battery(),
        power_save=power_save(system),
        slow_governor=slow_governor(system),
        hypervisor=hypervisor(system),
        emulation=emulation(system),
        wsl=wsl(system),
        built_blas=built_blas() if runtime.blas is None else None,
        instruction_variables=tuple(
            (name, system.environ[name])
            for name in INSTRUCTION_VARIABLES
            if system.environ.get(name)
        ),
        cpu_clock_step_ns=_step_ns(_native.thread_cpu_ns),
        process_clock_step_ns=_step_ns(_native.process_cpu_ns),
    )


def _step_ns(clock_ns: Callable[[], int]) -> int | None:
    """Return the first step of a CPU clock in ns; None if it takes over 2 ms."""
    from tito_bench import _native

    started, wall = clock_ns(), _native.wall_clock_ns()
    reads = 0
    while (now := clock_ns()) == started:
        reads += 1
        if reads > _FEWEST_READS and _native.wall_clock_ns() - wall > _LONGEST_SPIN_NS:
            return None
    return now - started
