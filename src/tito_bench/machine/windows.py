"""What only Windows can tell, asked through ctypes and the registry; None elsewhere."""

from __future__ import annotations

import sys

__all__ = ["battery_saver", "bios_names", "runs_on_arm"]

_MACHINE_ARM64 = 0xAA64


def battery_saver() -> bool | None:
    """Tell whether the battery saver is on (`SYSTEM_POWER_STATUS.SystemStatusFlag`)."""
    if sys.platform == "win32":
        import ctypes

        status = (ctypes.c_ubyte * 12)()  # four single bytes, then two 32-bit lifetimes
        if ctypes.windll.kernel32.GetSystemPowerStatus(ctypes.byref(status)):
            return status[3] == 1
    return None


def bios_names() -> str:
    """Return maker and product of the machine, as a virtual machine sets them; empty elsewhere."""
    if sys.platform == "win32":
        import winreg

        path = r"HARDWARE\DESCRIPTION\System\BIOS"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
                maker = winreg.QueryValueEx(key, "SystemManufacturer")[0]
                return f"{maker} {winreg.QueryValueEx(key, 'SystemProductName')[0]}"
        except OSError:
            return ""
    else:
        return ""


def runs_on_arm() -> bool | None:
    """Tell whether the machine itself is Arm, whatever this Python was built for."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        process, native = ctypes.c_ushort(0), ctypes.c_ushort(0)
        own = ctypes.c_void_p(kernel.GetCurrentProcess())
        try:
            asked = kernel.IsWow64Process2(own, ctypes.byref(process), ctypes.byref(native))
        except AttributeError:  # older than Windows on Arm
            return False
        return native.value == _MACHINE_ARM64 if asked else None
    else:  # noqa: RET505 - mypy checks each platform
        return None
