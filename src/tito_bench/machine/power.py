"""Power: battery, power-saving modes, and who decides the clock of the cores."""

from __future__ import annotations

from tito_bench.machine import windows
from tito_bench.machine.system import System, read_text

__all__ = ["on_battery", "power_save", "slow_governor"]

_CPU = "sys/devices/system/cpu/cpufreq"
# With these drivers the hardware chooses the clock, and "powersave" is the normal governor.
_SELF_SCALING_DRIVERS = frozenset({"intel_pstate", "amd-pstate-epp", "amd_pstate_epp"})


def on_battery() -> bool | None:
    """Tell whether the machine runs on its battery; None where it has none or does not say."""
    import psutil

    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, RuntimeError, ValueError):  # not on every system
        return None
    if battery is None or battery.power_plugged is None:
        return None
    return not battery.power_plugged


def power_save(system: System) -> str | None:
    """Return the power-saving mode that is on, by the name its system gives it, or None."""
    if system.platform == "linux":
        if system.text("sys/firmware/acpi/platform_profile") == "low-power":
            return "low-power profile"
        preferences = _policy_files(system, "energy_performance_preference")
        return "energy preference power" if "power" in preferences else None
    if system.platform == "darwin":
        settings = system.run(("/usr/bin/pmset", "-g"))
        words = (line.split() for line in settings.splitlines())
        return "Low Power Mode" if ["lowpowermode", "1"] in words else None
    if system.platform == "win32":
        return "battery saver" if windows.battery_saver() else None
    return None


def slow_governor(system: System) -> str | None:
    """Return the Linux frequency governor, where it holds a core at its lowest clock, or None."""
    if system.platform != "linux":
        return None
    governors = _policy_files(system, "scaling_governor")
    drivers = _policy_files(system, "scaling_driver")
    if "powersave" in governors and not drivers & _SELF_SCALING_DRIVERS:
        return "powersave"
    return None


def _policy_files(system: System, name: str) -> frozenset[str]:
    """Return what the file `name` holds for the groups of cores that share a clock."""
    found = (read_text(path) for path in (system.root / _CPU).glob(f"policy*/{name}"))
    return frozenset(text for text in found if text)
