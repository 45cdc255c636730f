"""Facts about the machine: plain, rounded, and nobody's name."""

from __future__ import annotations

import getpass
import platform
import sys
from pathlib import Path

import msgspec
import pytest

from tito_bench import _native
from tito_bench.machine import environment
from tito_bench.machine.environment import describe_machine, describe_runtime, usable_cores


def test_the_machine_is_described_without_identifying_it() -> None:
    machine = describe_machine()
    assert machine.cpu_model == " ".join(machine.cpu_model.split()) != ""
    assert machine.cores_logical is None or machine.cores_logical >= 1
    assert isinstance(machine.ram_gib, int)
    assert machine.os.startswith(platform.system())
    text = msgspec.json.encode(machine).decode()
    for personal in (platform.node(), str(Path.home()), f"/{getpass.getuser()}"):
        assert personal not in text


def test_the_runtime_names_numpy_its_blas_and_the_kernels() -> None:
    runtime = describe_runtime("portable")
    assert runtime.python == platform.python_version()
    assert runtime.kernel_target == "portable"
    assert runtime.kernels_version == _native.KERNELS_VERSION
    assert runtime.numpy == sys.modules["numpy"].__version__
    assert 1 <= runtime.cores_usable == usable_cores()


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
