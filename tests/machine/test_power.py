"""Battery, power saving and the governor, from made-up systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from machine.facts import linux
from tito_bench.machine import windows
from tito_bench.machine.power import on_battery, power_save, slow_governor
from tito_bench.machine.system import System

_POLICY = "sys/devices/system/cpu/cpufreq/policy"


class _Battery:
    def __init__(self, power_plugged: bool | None) -> None:
        self.power_plugged = power_plugged


@pytest.mark.parametrize(
    ("battery", "expected"),
    [(None, None), (_Battery(None), None), (_Battery(True), False), (_Battery(False), True)],
)
def test_battery(battery: _Battery | None, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert on_battery() is expected


def test_a_system_that_cannot_tell_about_batteries(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise FileNotFoundError("/sys/class/power_supply")

    monkeypatch.setattr(psutil, "sensors_battery", broken, raising=False)
    assert on_battery() is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"sys/firmware/acpi/platform_profile": "balanced"}, None),
        ({"sys/firmware/acpi/platform_profile": "low-power"}, "low-power profile"),
        ({f"{_POLICY}0/energy_performance_preference": "balance_performance"}, None),
        (
            {
                f"{_POLICY}0/energy_performance_preference": "balance_power",
                f"{_POLICY}4/energy_performance_preference": "power",
            },
            "energy preference power",
        ),
    ],
)
def test_power_saving_on_linux(files: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert power_save(linux(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("", None),
        (" lowpowermode         0\n hibernatemode        3\n", None),
        (" standby              1\n lowpowermode         1\n", "Low Power Mode"),
    ],
)
def test_power_saving_on_macos(printed: str, expected: str) -> None:
    assert power_save(System("darwin", {}, run=lambda _command: printed)) == expected


@pytest.mark.parametrize(("on", "expected"), [(True, "battery saver"), (False, None), (None, None)])
def test_power_saving_on_windows(
    on: bool | None, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "battery_saver", lambda: on)
    assert power_save(System("win32", {})) == expected


def test_no_power_saving_is_known_elsewhere() -> None:
    assert power_save(System("sunos5", {})) is None


@pytest.mark.parametrize(
    ("governor", "driver", "expected"),
    [
        ("powersave", "acpi-cpufreq", "powersave"),
        # Intel's and AMD's own drivers call their normal, dynamic mode so.
        ("powersave", "intel_pstate", None),
        ("powersave", "amd-pstate-epp", None),
        ("schedutil", "acpi-cpufreq", None),
        ("performance", "intel_pstate", None),
    ],
)
def test_governor(governor: str, driver: str, expected: str | None, tmp_path: Path) -> None:
    files = {f"{_POLICY}0/scaling_governor": governor, f"{_POLICY}0/scaling_driver": driver}
    assert slow_governor(linux(tmp_path, files)) == expected


def test_no_governor_is_read_elsewhere(tmp_path: Path) -> None:
    system = linux(tmp_path, {f"{_POLICY}0/scaling_governor": "powersave"})
    assert slow_governor(System("darwin", {}, system.root)) is None
