"""What the measurement ran on: facts about the machine and the interpreter.

Never a host name, a user name, a path, a MAC address or a serial number.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import msgspec

__all__ = ["Machine", "Runtime", "describe_machine", "describe_runtime"]


class Machine(msgspec.Struct, frozen=True):
    """The computer. `ram_gib` is rounded to whole GiB, so that it identifies nobody."""

    cpu_model: str
    architecture: str
    cores_physical: int | None
    cores_logical: int | None
    ram_gib: int
    os: str


class Runtime(msgspec.Struct, frozen=True):
    """The interpreter and its libraries, as the worker found them.

    `blas_threads` is what the library reports after it was held to one
    thread; null where it does not tell (Apple's Accelerate).
    """

    python: str
    numpy: str
    blas: str | None
    blas_version: str | None
    blas_architecture: str | None
    blas_threads: int | None
    cores_usable: int
    kernel_target: str
    kernels_version: str
    kernels_compiler: str


def describe_machine() -> Machine:
    """Look at this computer. Costs a few milliseconds, on macOS one `sysctl` call."""
    import psutil

    return Machine(
        cpu_model=_cpu_model(),
        architecture=platform.machine(),
        cores_physical=psutil.cpu_count(logical=False),
        cores_logical=psutil.cpu_count(logical=True),
        ram_gib=round(_ram_bytes() / 2**30),
        os=f"{platform.system()} {platform.release()}",
    )


def _ram_bytes() -> int:
    import psutil

    try:
        return int(psutil.virtual_memory().total)
    except OSError:  # /proc is hidden or not mounted; sysinfo(2) needs none
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def describe_runtime(kernel_target: str) -> Runtime:
    """Look at this process: which NumPy, which BLAS, with how many threads.

    Call it after the subject was imported and the threads were limited.
    """
    import numpy
    import threadpoolctl

    from tito_bench import _native

    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    # SciPy and others load a BLAS of their own: NumPy's lies in NumPy's folders.
    own = next((pool for pool in pools if "numpy" in pool["filepath"]), pools[0] if pools else None)
    build = _native.build_info()
    return Runtime(
        python=platform.python_version(),
        numpy=numpy.__version__,
        blas=own["internal_api"] if own else None,
        blas_version=own["version"] if own else None,
        blas_architecture=own.get("architecture") if own else None,
        blas_threads=max(pool["num_threads"] for pool in pools) if pools else None,
        cores_usable=usable_cores(),
        kernel_target=kernel_target,
        kernels_version=build["kernels_version"],
        kernels_compiler=build["compiler"],
    )


def usable_cores() -> int:
    """Return how many cores this process may use (its affinity where the system has one)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_model() -> str:
    """Return the processor's name as its maker writes it."""
    if sys.platform == "linux":
        name = _linux_cpu_model()
    elif sys.platform == "darwin":
        name = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    elif sys.platform == "win32":
        import winreg

        path = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
            name = str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
    else:
        name = ""
    return " ".join(name.split()) or platform.processor() or platform.machine()


def _linux_cpu_model() -> str:
    """Return the name in /proc/cpuinfo; empty where the kernel gives only numbers, as on Arm."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    fields = (line.partition(":") for line in lines)
    names = (value for key, _, value in fields if key.strip() in {"model name", "Model"})
    return next(names, "")
