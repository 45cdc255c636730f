"""CPU limits of containers, from made-up control groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine.facts import linux
from tito_bench.machine.cpu_quota import cpu_quota
from tito_bench.machine.system import System

_V2 = {
    "proc/self/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0",
    "proc/self/cgroup": "0::/user.slice/app",
}
_V1 = {
    "proc/self/mounts": "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n"
    "cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0\n"
    "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0",
    "proc/self/cgroup": "9:name=systemd:/\n3:cpuset:/docker/1\n2:cpu,cpuacct:/docker/1\n0::/",
}
_GROUP = "sys/fs/cgroup"
_CPU = f"{_GROUP}/cpu,cpuacct"


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, None),
        ({f"{_GROUP}/user.slice/app/cpu.max": "max 100000"}, None),
        ({f"{_GROUP}/user.slice/app/cpu.max": "50000 100000"}, 0.5),
        # A parent's limit holds as well, and the smallest counts.
        (
            {
                f"{_GROUP}/user.slice/app/cpu.max": "400000 100000",
                f"{_GROUP}/user.slice/cpu.max": "150000 100000",
            },
            1.5,
        ),
        # A container sees the host's path, of which only the mount is there.
        ({f"{_GROUP}/cpu.max": "200000 100000"}, 2.0),
        ({f"{_GROUP}/cpu.max": "nonsense"}, None),
        ({f"{_GROUP}/cpu.max": "100 0"}, None),
    ],
)
def test_version_2(limits: dict[str, str], expected: float, tmp_path: Path) -> None:
    assert cpu_quota(linux(tmp_path, _V2 | limits)) == expected


@pytest.mark.parametrize(
    ("quota", "folder", "expected"),
    [("-1", "docker/1/", None), ("75000", "docker/1/", 0.75), ("75000", "", 0.75)],
)
def test_version_1(quota: str, folder: str, expected: float | None, tmp_path: Path) -> None:
    limits = {
        f"{_CPU}/{folder}cpu.cfs_quota_us": quota,
        f"{_CPU}/{folder}cpu.cfs_period_us": "100000",
    }
    assert cpu_quota(linux(tmp_path, _V1 | limits)) == expected


def test_no_control_groups(tmp_path: Path) -> None:
    assert cpu_quota(linux(tmp_path)) is None


def test_not_on_other_systems(tmp_path: Path) -> None:
    system = linux(tmp_path, _V2 | {f"{_GROUP}/cpu.max": "50000 100000"})
    assert cpu_quota(System("darwin", {}, system.root)) is None
