"""Facts about the machine: plain, rounded, and nobody's name."""

from __future__ import annotations

import errno
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
import threadpoolctl

from tito_bench import _native
from tito_bench.machine import environment
from tito_bench.machine.environment import describe_machine, describe_runtime


def test_the_machine_is_described_without_identifying_it() -> None:
    machine = describe_machine()
    assert machine.cpu_model == " ".join(machine.cpu_model.split()) != ""
    assert machine.cores_logical is None or machine.cores_logical >= 1
    assert isinstance(machine.ram_gib, int)
    assert machine.os.startswith(platform.system())


def test_no_name_of_a_host_or_a_person_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("adas-laptop", "ada-lovelace")
    real = platform.uname()
    monkeypatch.setattr(platform, "uname", lambda: real._replace(node=names[0]))
    monkeypatch.setattr(platform, "node", lambda: names[0])
    for variable in ("HOSTNAME", "COMPUTERNAME", "USER", "USERNAME", "LOGNAME", "HOME"):
        monkeypatch.setenv(variable, names[variable != "HOSTNAME"])
    text = msgspec.json.encode(describe_machine()).decode()
    for name in names:
        assert name not in text


def test_memory_is_known_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    known = describe_machine().ram_gib

    def hidden() -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "/proc/meminfo")

    monkeypatch.setattr(psutil, "virtual_memory", hidden)
    if hasattr(os, "sysconf"):
        assert describe_machine().ram_gib == known > 0


def test_the_runtime_names_numpy_its_blas_and_the_kernels() -> None:
    runtime = describe_runtime("portable")
    assert runtime.python == platform.python_version()
    assert runtime.kernel_target == "portable"
    assert runtime.kernels_version == _native.KERNELS_VERSION
    assert runtime.numpy == sys.modules["numpy"].__version__


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux binds to cores")
def test_only_the_cores_that_may_be_used_count() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from tito_bench.machine.environment import describe_runtime\n"
        "print(describe_runtime('portable').cores_usable)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def _pool(folder: str, threads: int) -> dict[str, Any]:
    return {
        "user_api": "blas",
        "internal_api": f"{folder}-blas",
        "filepath": f"/lib/{folder}/libblas.so",
        "version": "1",
        "num_threads": threads,
    }


@pytest.mark.parametrize(("own", "other"), [(1, 4), (4, 1)])
def test_of_two_libraries_the_one_with_more_threads_counts(
    own: int, other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread in NumPy's says nothing where another library computes with four."""
    pools = [_pool("scipy", other), _pool("numpy", own)]
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: pools)
    runtime = describe_runtime("portable")
    assert runtime.blas_threads == 4
    assert runtime.blas == "numpy-blas"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/cpuinfo")
@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        ("processor\t: 0\nmodel name\t: Fast  CPU @ 3GHz\n", "Fast CPU @ 3GHz"),
        ("processor\t: 0\nCPU part\t: 0xd08\nModel\t\t: Pi 4\n", "Pi 4"),
        ("processor\t: 0\nCPU part\t: 0xd08\n", platform.processor() or platform.machine()),
        (None, platform.processor() or platform.machine()),
    ],
)
def test_the_cpus_name_on_linux(
    cpuinfo: str | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_text(self: Path, **_how: str) -> str:
        if cpuinfo is None:
            raise FileNotFoundError(self)
        return cpuinfo

    monkeypatch.setattr(Path, "read_text", read_text)
    assert environment._cpu_model() == name
