"""What about this machine disturbs a measurement, as data; the words are in `report.wording`.

Nothing here changes a setting of the system: it only tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from tito_bench.machine.blas import instruction_set
from tito_bench.machine.probe import Probe
from tito_bench.note import Note, Severity

__all__ = ["FindingCode", "find_environment"]

FindingCode = Literal[
    "on_battery",
    "power_save",
    "slow_governor",
    "busy_machine",
    "cpu_quota",
    "few_cores",
    "virtual_machine",
    "wsl",
    "emulation",
    "slow_blas",
    "old_blas_kernels",
    "forced_instructions",
    "forced_kernel_target",
    "blas_threads",
    "coarse_cpu_clock",
    "threads_not_watched",
]

_INSTRUCTION_SETS = ("sse2", "avx", "avx2", "avx512")  # narrowest first
# None at all, or the reference implementation, which is written to be read.
_SLOW_BLAS = frozenset({"", "none", "auto", "blas", "cblas", "netlib", "netlib-blas", "refblas"})
_COARSEST_CLOCK_NS = 100_000  # a tenth of a sample
_SETTING = re.compile(r"[\w ,+.-]{1,60}")


def find_environment(probe: Probe) -> tuple[Note, ...]:
    """All that disturbs measuring on the machine of `probe`; empty where nothing does."""
    return (*_power(probe), *_sharing(probe), *_hardware(probe), *_libraries(probe))


def _finding(code: FindingCode, severity: Severity, what: str, value: str = "") -> Note:
    return Note(code, severity, what, value)


def _power(probe: Probe) -> Iterator[Note]:
    if probe.on_battery:
        yield _finding("on_battery", "warning", "battery")
    if probe.power_save is not None:
        yield _finding("power_save", "warning", "power saving", probe.power_save)
    if probe.slow_governor is not None:
        yield _finding("slow_governor", "warning", "CPU governor", probe.slow_governor)


def _sharing(probe: Probe) -> Iterator[Note]:
    load, cores = probe.load_1min, probe.cores_online
    # The measurement itself keeps one core busy.
    if load is not None and load > max(1.0, cores - 0.5):
        yield _finding("busy_machine", "warning", "load average", f"{load:.1f} on {cores} cores")
    if probe.cpu_quota is not None:
        severity: Severity = "warning" if probe.cpu_quota < 1 else "info"
        yield _finding("cpu_quota", severity, "CPU quota", f"{probe.cpu_quota:g} cores")
    usable = probe.runtime.cores_usable
    if usable == 1 and cores > 1:
        yield _finding("few_cores", "info", "usable cores", f"1 of {cores}")


def _hardware(probe: Probe) -> Iterator[Note]:
    if probe.wsl is not None:
        yield _finding("wsl", "info", "Linux", probe.wsl)
    elif probe.hypervisor is not None:
        yield _finding("virtual_machine", "info", "virtual machine", probe.hypervisor)
    if probe.emulation is not None:
        yield _finding("emulation", "warning", "Python", probe.emulation)
    step_ns = probe.cpu_clock_step_ns
    if step_ns is None or step_ns > _COARSEST_CLOCK_NS:
        shown = "more than 2 ms" if step_ns is None else f"{step_ns / 1e6:.1f} ms"
        yield _finding("coarse_cpu_clock", "warning", "CPU clock", shown)
    elif probe.process_clock_step_ns is None or probe.process_clock_step_ns > _COARSEST_CLOCK_NS:
        yield _finding("threads_not_watched", "warning", "CPU clock of the process")


def _libraries(probe: Probe) -> Iterator[Note]:
    runtime, best = probe.runtime, probe.kernel_targets[0]
    blas = runtime.blas or probe.built_blas
    if blas is None or blas in _SLOW_BLAS:
        yield _finding("slow_blas", "warning", "NumPy", runtime.numpy)
    elif runtime.blas_threads != 1:
        threads = runtime.blas_threads
        yield _finding(
            "blas_threads", "warning", blas, "unknown" if threads is None else str(threads)
        )
    used = instruction_set(runtime.blas_architecture or "")
    if used is not None and best in _INSTRUCTION_SETS and _rank(used) < _rank(best):
        value = f"{runtime.blas_architecture} ({used}), the CPU has {best}"
        yield _finding("old_blas_kernels", "warning", blas or "BLAS", value)
    for name, value in probe.instruction_variables:
        # Anybody's text: only what looks like a setting is repeated.
        yield _finding(
            "forced_instructions", "warning", name, value if _SETTING.fullmatch(value) else "set"
        )
    if runtime.kernel_target != best:
        value = f"{runtime.kernel_target}, the best here is {best}"
        severity: Severity = "info" if _is_held_alike(used, runtime.kernel_target) else "warning"
        yield _finding("forced_kernel_target", severity, "kernels", value)


def _is_held_alike(used: str | None, target: str) -> bool:
    """Return whether NumPy's BLAS uses no wider instructions than the kernels may."""
    return used is not None and target in _INSTRUCTION_SETS and _rank(used) <= _rank(target)


def _rank(name: str) -> int:
    return _INSTRUCTION_SETS.index(name)
