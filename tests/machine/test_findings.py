"""Every case of the environment, from a made-up machine."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from machine.facts import probe
from tito_bench.machine.findings import FindingCode, find_environment
from tito_bench.note import Note
from tito_bench.report.wording import CODES

CASES: list[tuple[dict[str, Any], Note]] = [
    ({"on_battery": True}, Note("on_battery", "warning", "battery", "")),
    (
        {"power_save": "Low Power Mode"},
        Note("power_save", "warning", "power saving", "Low Power Mode"),
    ),
    (
        {"slow_governor": "powersave"},
        Note("slow_governor", "warning", "CPU governor", "powersave"),
    ),
    (
        {"load_1min": 7.6},
        Note("busy_machine", "warning", "load average", "7.6 on 8 cores"),
    ),
    ({"cpu_quota": 0.5}, Note("cpu_quota", "warning", "CPU quota", "0.5 cores")),
    ({"cpu_quota": 2.0}, Note("cpu_quota", "info", "CPU quota", "2 cores")),
    ({"cores_usable": 1}, Note("few_cores", "info", "usable cores", "1 of 8")),
    ({"hypervisor": "KVM"}, Note("virtual_machine", "info", "virtual machine", "KVM")),
    # WSL 2 is a virtual machine by nature: said once.
    ({"wsl": "WSL 2", "hypervisor": "Hyper-V"}, Note("wsl", "info", "Linux", "WSL 2")),
    ({"emulation": "Rosetta 2"}, Note("emulation", "warning", "Python", "Rosetta 2")),
    (
        {"cpu_clock_step_ns": None},
        Note("coarse_cpu_clock", "warning", "CPU clock", "more than 2 ms"),
    ),
    (
        {"cpu_clock_step_ns": 1_000_000},
        Note("coarse_cpu_clock", "warning", "CPU clock", "1.0 ms"),
    ),
    (
        {"process_clock_step_ns": 4_000_000},
        Note("threads_not_watched", "warning", "CPU clock of the process", ""),
    ),
    (
        {"blas": None, "built_blas": None, "blas_threads": None, "blas_architecture": None},
        Note("slow_blas", "warning", "NumPy", "2.4.0"),
    ),
    (
        {"blas": None, "built_blas": "none", "blas_threads": None, "blas_architecture": None},
        Note("slow_blas", "warning", "NumPy", "2.4.0"),
    ),
    # The reference implementation, which threadpoolctl does not know.
    (
        {"blas": None, "built_blas": "blas", "blas_threads": None, "blas_architecture": None},
        Note("slow_blas", "warning", "NumPy", "2.4.0"),
    ),
    (
        {"blas": None, "built_blas": "accelerate", "blas_threads": None, "blas_architecture": None},
        Note("blas_threads", "warning", "accelerate", "unknown"),
    ),
    ({"blas_threads": 4}, Note("blas_threads", "warning", "openblas", "4")),
    (
        {"blas_architecture": "Haswell"},
        Note("old_blas_kernels", "warning", "openblas", "Haswell (avx2), the CPU has avx512"),
    ),
    (
        {"kernel_target": "sse2"},
        Note("forced_kernel_target", "warning", "kernels", "sse2, the best here is avx512"),
    ),
    (
        {"instruction_variables": (("OPENBLAS_CORETYPE", "Haswell"),)},
        Note("forced_instructions", "warning", "OPENBLAS_CORETYPE", "Haswell"),
    ),
]


@pytest.mark.parametrize(("changes", "expected"), CASES, ids=lambda case: str(case)[:40])
def test_one_change_gives_one_finding(changes: dict[str, Any], expected: Note) -> None:
    assert find_environment(probe(**changes)) == (expected,)


def test_nothing_is_found_on_a_healthy_machine() -> None:
    assert find_environment(probe()) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"on_battery": False},
        {"load_1min": None},
        {"load_1min": 7.4},
        # The run itself is one program: with one core, a load of 1 is its own.
        {"load_1min": 1.0, "cores_online": 1, "cores_usable": 1},
        {"cores_usable": 1, "cores_online": 1},
        {"cpu_clock_step_ns": 100_000},
        # An Arm machine: its BLAS families say nothing of x86.
        {
            "blas_architecture": "neoversen1",
            "kernel_target": "neon",
            "kernel_targets": ("neon", "portable"),
        },
        {"blas_architecture": None},
        {"blas_architecture": "FutureLake"},
        {
            "blas_architecture": "Zen",
            "kernel_target": "avx2",
            "kernel_targets": ("avx2", "sse2", "portable"),
        },
    ],
)
def test_what_is_as_it_should_be_is_not_found(changes: dict[str, Any]) -> None:
    assert find_environment(probe(**changes)) == ()


def test_text_of_the_environment_is_repeated_only_where_it_looks_like_a_setting() -> None:
    hostile = (("OPENBLAS_CORETYPE", "/home/ada/\x1b[31m"), ("NPY_DISABLE_CPU_FEATURES", "AVX2 F"))
    values = [finding.value for finding in find_environment(probe(instruction_variables=hostile))]
    assert values == ["set", "AVX2 F"]


def test_several_findings_come_together() -> None:
    codes = {
        finding.code
        for finding in find_environment(probe(on_battery=True, hypervisor="KVM", blas_threads=2))
    }
    assert codes == {"on_battery", "virtual_machine", "blas_threads"}


def test_every_code_has_a_case_and_words() -> None:
    codes = set(get_args(FindingCode))
    assert {expected.code for _, expected in CASES} == codes
    assert codes <= CODES


def test_kernels_that_are_held_back_as_numpy_is_are_no_warning() -> None:
    held = find_environment(probe(kernel_target="sse2", blas_architecture="Nehalem"))
    assert {note.code: note.severity for note in held} == {
        "old_blas_kernels": "warning",
        "forced_kernel_target": "info",
    }
