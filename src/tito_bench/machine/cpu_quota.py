"""How much CPU time a container may use: control groups, version 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tito_bench.machine.system import System, read_text

__all__ = ["cpu_quota"]


def cpu_quota(system: System) -> float | None:
    """Return the CPU time this process may use, in cores (0.5 is half of one); None: no limit.

    The limits of all parent groups hold as well, so that the smallest counts.
    """
    if system.platform != "linux":
        return None
    limits = [
        limit
        for folder, version in _groups(system)
        if (limit := _limit_v2(folder) if version == 2 else _limit_v1(folder)) is not None
    ]
    return min(limits, default=None)


def _groups(system: System) -> Iterator[tuple[Path, int]]:
    """Yield the control groups of this process from the leaf up, each with its version."""
    mounts = _mounts(system)
    for line in system.text("proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        version = 2 if number == "0" and not controllers else 1
        if version == 1 and "cpu" not in controllers.split(","):
            continue
        mount = mounts.get(version)
        if mount is None:
            continue
        # A container may see the path of the host, of which only the mount itself is there.
        inner = Path(path.lstrip("/"))
        yield from ((mount / part, version) for part in (inner, *inner.parents))


def _mounts(system: System) -> dict[int, Path]:
    """Return where the CPU controller of each version is mounted."""
    found = {}
    for line in system.text("proc/self/mounts").splitlines():
        fields = line.split()
        if len(fields) < 4:
            continue
        _, folder, kind, options = fields[:4]
        if kind == "cgroup2":
            found[2] = system.root / folder.lstrip("/")
        elif kind == "cgroup" and "cpu" in options.split(","):
            found[1] = system.root / folder.lstrip("/")
    return found


def _limit_v2(folder: Path) -> float | None:
    quota, _, period = read_text(folder / "cpu.max").partition(" ")
    return _cores(quota, period)


def _limit_v1(folder: Path) -> float | None:
    quota = read_text(folder / "cpu.cfs_quota_us")
    return _cores(quota, read_text(folder / "cpu.cfs_period_us"))


def _cores(quota: str, period: str) -> float | None:
    """Return quota over period; None for "max", -1 and what is no number."""
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(quota) / int(period)
