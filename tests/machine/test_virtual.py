"""Virtual machines, emulation and WSL, from made-up systems."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from machine.facts import linux
from tito_bench.machine import windows
from tito_bench.machine.system import System
from tito_bench.machine.virtual import emulation, hypervisor, wsl


def _dmi(vendor: str, product: str) -> dict[str, str]:
    return {"sys/class/dmi/id/sys_vendor": vendor, "sys/class/dmi/id/product_name": product}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        (_dmi("LENOVO", "20XW"), None),
        (_dmi("QEMU", "Standard PC (Q35 + ICH9, 2009)"), "QEMU"),
        (_dmi("innotek GmbH", "VirtualBox"), "VirtualBox"),
        (_dmi("VMware, Inc.", "VMware Virtual Platform"), "VMware"),
        (_dmi("Microsoft Corporation", "Virtual Machine"), "Hyper-V"),
        # The same maker sells real machines.
        (_dmi("Microsoft Corporation", "Surface Laptop 5"), None),
        (_dmi("Amazon EC2", "m7i.large"), "Amazon EC2"),
        (_dmi("Amazon EC2", "m7i.metal"), None),
        ({"sys/hypervisor/type": "xen"}, "Xen"),
        ({"proc/device-tree/hypervisor/compatible": "linux,kvm\0"}, "KVM"),
        ({"proc/cpuinfo": "processor : 0\nflags\t\t: fpu sse2 hypervisor"}, "a hypervisor"),
        ({"proc/cpuinfo": "processor : 0\nflags\t\t: fpu sse2"}, None),
    ],
)
def test_virtual_machines_on_linux(files: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert hypervisor(linux(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("present", "expected"), [(1, "macOS hypervisor"), (0, None), (None, None)]
)
def test_virtual_machines_on_macos(present: int | None, expected: str | None) -> None:
    names = {"kern.hv_vmm_present": present}
    assert hypervisor(System("darwin", {}, sysctl=names.get)) == expected


def test_virtual_machines_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        windows, "bios_names", lambda: "Parallels International GmbH. Parallels ARM"
    )
    assert hypervisor(System("win32", {})) == "Parallels"


@pytest.mark.parametrize(("translated", "expected"), [(1, "Rosetta 2"), (0, None), (None, None)])
def test_rosetta_on_macos(translated: int | None, expected: str | None) -> None:
    names = {"sysctl.proc_translated": translated}
    assert emulation(System("darwin", {}, sysctl=names.get)) == expected


def test_rosetta_in_a_linux_machine(tmp_path: Path) -> None:
    files = {"proc/cpuinfo": "model name\t: VirtualApple @ 2.50GHz"}
    assert emulation(linux(tmp_path, files)) == "Rosetta 2"


@pytest.mark.skipif(sys.platform == "win32", reason="needs the right to make links")
@pytest.mark.parametrize(
    ("program", "expected"),
    [("qemu-aarch64-static", "QEMU"), ("rosetta", "Rosetta 2"), ("python3.11", None)],
)
def test_emulators_of_one_process(program: str, expected: str | None, tmp_path: Path) -> None:
    thread = tmp_path / "proc" / "self" / "task" / str(threading.get_native_id())
    thread.mkdir(parents=True)
    (thread / "exe").symlink_to(f"/usr/bin/{program}")
    assert emulation(linux(tmp_path)) == expected


@pytest.mark.parametrize(
    ("on_arm", "build", "expected"),
    [
        (True, "win-amd64", "Windows on Arm"),
        (True, "win-arm64", None),
        (False, "win-amd64", None),
        (None, "win-amd64", None),
    ],
)
def test_windows_on_arm(
    on_arm: bool | None, build: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "runs_on_arm", lambda: on_arm)
    monkeypatch.setattr("sysconfig.get_platform", lambda: build)
    assert emulation(System("win32", {})) == expected


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("6.1.0-18-amd64", None),
        ("4.4.0-19041-Microsoft", "WSL 1"),
        ("5.15.153.1-microsoft-standard-WSL2", "WSL 2"),
    ],
)
def test_wsl(release: str, expected: str | None, tmp_path: Path) -> None:
    assert wsl(linux(tmp_path, {"proc/sys/kernel/osrelease": release})) == expected


def test_an_unknown_system_is_neither() -> None:
    system = System("sunos5", {})
    assert (hypervisor(system), emulation(system), wsl(system)) == (None, None, None)
