"""The line that says where figures were taken."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

__all__ = ["machine"]


def machine() -> str:
    """Return processor, cores, load by others, Python and the day."""
    text = (
        Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    )
    model = next(
        (line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line),
        platform.processor() or platform.machine(),
    )
    load = psutil.getloadavg()[0]
    return (
        f"{model}, {psutil.cpu_count()} cores, load {load:.1f} at the start, "
        f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    )
