"""The line that says where figures were taken."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

__all__ = ["machine"]


def machine() -> str:
    """Return processor, cores, load by others, Python and the day."""
    load = psutil.getloadavg()[0]
    return (
        f"{_processor()}, {psutil.cpu_count()} cores, load {load:.1f} at the start, "
        f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    )


def _processor() -> str:
    """Return its name, on Linux with family and model: rented ones are named by the brand."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    said = {name.strip(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
    if "model name" not in said:
        return platform.processor() or platform.machine()
    return f"{said['model name']} (family {said.get('cpu family')}, model {said.get('model')})"
