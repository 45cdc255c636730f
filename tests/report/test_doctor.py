"""A diagnosis in a terminal."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from machine.facts import MACHINE, RUNTIME
from tito_bench.doctor.diagnosis import Diagnosis
from tito_bench.doctor.installation import KernelFacts
from tito_bench.doctor.scripts import Script
from tito_bench.doctor.sharing import SharingFacts
from tito_bench.doctor.subjects import PackageFacts
from tito_bench.note import Note
from tito_bench.report.doctor import print_diagnosis

_INFO = Note("virtual_machine", "info", "virtual machine", "KVM")
_BREAKS = Note("no_worker", "breaks", "numpy", "it died")

_HEALTHY = Diagnosis(
    tito_bench_version="0.1.0",
    machine=MACHINE,
    runtime=RUNTIME,
    kernels=KernelFacts("1", "GCC 12.2.0", "avx512", ["avx512", "portable"]),
    package=PackageFacts("0.1.0", "core/tensor.py", {"Tensor": "a.py", "add": "a.py"}),
    scripts=[Script("tito", "~/bin", "TinyTorch", False)],
    calibrated_at=None,
    sharing=SharingFacts("on: https://example.org, only what you agree to", True, False),
    findings=[],
)


def _printed(width: int = 100, **changes: Any) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, emoji=False, highlight=False)
    print_diagnosis(console, msgspec.structs.replace(_HEALTHY, **changes))
    return out.getvalue()


def test_facts_are_shown() -> None:
    shown = _printed()
    for part in (
        "Imaginary CPU 3000",
        "Kernels: avx512 of avx512, portable; GCC 12.2.0",
        "NumPy 2.4.0, openblas 0.3.31 SkylakeX",
        "Tensor, add from a.py",
        "tito in ~/bin: TinyTorch",
        "Calibrated: no",
        "Website on: https://example.org",
        "Agreed to be sent: profile\n",
        "Nothing keeps you from measuring.",
    ):
        assert part in shown


def test_the_worst_comes_first_and_each_has_its_remedy() -> None:
    shown = _printed(findings=[_INFO, _BREAKS])
    assert shown.index("[breaks]") < shown.index("[info]")
    assert "Repair or reinstall NumPy" in shown
    assert "Measuring is broken here" in shown
    assert "Nothing keeps you" not in shown


def test_what_could_not_be_found_out_is_left_out() -> None:
    shown = _printed(machine=None, runtime=None, kernels=None, package=None)
    assert "TinyTorch package: none that can be measured" in shown
    assert "CPU" not in shown


@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    shown = _printed(width, findings=[_INFO, _BREAKS])
    assert max(map(len, shown.splitlines())) <= width


def test_text_of_student_code_drives_no_terminal() -> None:
    shown = _printed(findings=[Note("package_fails", "warning", "x", "[b]\x1b[2J")])
    assert "\x1b" not in shown
    assert "[b]" in shown
