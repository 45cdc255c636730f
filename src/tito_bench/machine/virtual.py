"""Whether the hardware is real: virtual machines, emulated processors, WSL."""

from __future__ import annotations

import sysconfig
import threading

from tito_bench.machine import windows
from tito_bench.machine.system import System

__all__ = ["emulation", "hypervisor", "wsl"]

# In what the firmware says of maker and product. Order matters: the special before the general.
_PRODUCTS = (
    ("vmware", "VMware"),
    ("virtualbox", "VirtualBox"),
    ("innotek", "VirtualBox"),
    ("parallels", "Parallels"),
    ("apple virtualization", "Apple virtualization"),
    ("microsoft corporation virtual machine", "Hyper-V"),
    ("google compute engine", "Google Compute Engine"),
    ("amazon ec2", "Amazon EC2"),
    ("openstack", "OpenStack"),
    ("bochs", "Bochs"),
    ("xen", "Xen"),
    ("kvm", "KVM"),
    ("qemu", "QEMU"),
)


def hypervisor(system: System) -> str | None:
    """Return what runs this virtual machine, or None on real hardware."""
    if system.platform == "darwin":
        return "macOS hypervisor" if system.sysctl("kern.hv_vmm_present") else None
    if system.platform == "win32":
        return _named(windows.bios_names())
    if system.platform != "linux":
        return None
    names = f"{system.text('sys/class/dmi/id/sys_vendor')} "
    names += system.text("sys/class/dmi/id/product_name")
    named = _named(names) or _named(system.text("sys/hypervisor/type"))
    if named is None:
        named = _named(system.text("proc/device-tree/hypervisor/compatible"))
    if named is None and _has_hypervisor_flag(system):
        return "a hypervisor"
    return named


def emulation(system: System) -> str | None:
    """Return what translates this Python's instructions for another kind of processor, or None."""
    if system.platform == "darwin":
        return "Rosetta 2" if system.sysctl("sysctl.proc_translated") == 1 else None
    if system.platform == "win32":
        built_for_arm = sysconfig.get_platform() == "win-arm64"
        return "Windows on Arm" if windows.runs_on_arm() and not built_for_arm else None
    if system.platform != "linux":
        return None
    # QEMU shows its guest another /proc/self/exe, but leaves that of the thread as it is.
    own = system.root / "proc" / "self" / "task" / str(threading.get_native_id()) / "exe"
    try:
        program = own.readlink().name
    except OSError:
        program = ""
    if program.startswith("qemu-"):
        return "QEMU"
    # Rosetta in a Linux virtual machine, as containers on Apple silicon have it.
    if program.startswith("rosetta") or "VirtualApple" in system.text("proc/cpuinfo"):
        return "Rosetta 2"
    return None


def wsl(system: System) -> str | None:
    """Return which WSL this is ("WSL 1" or "WSL 2"), or None outside of one."""
    release = system.text("proc/sys/kernel/osrelease").lower()
    if system.platform != "linux" or "microsoft" not in release:
        return None
    return "WSL 2" if "wsl2" in release or "standard" in release else "WSL 1"


def _named(names: str) -> str | None:
    text = names.lower()
    if text.rstrip().endswith("metal"):  # rented, but a whole machine: i3.metal
        return None
    return next((shown for part, shown in _PRODUCTS if part in text), None)


def _has_hypervisor_flag(system: System) -> bool:
    lines = system.text("proc/cpuinfo").splitlines()
    return "hypervisor" in next((line.split() for line in lines if line.startswith("flags")), ())
