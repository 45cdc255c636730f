"""The readers on the real system, and BLAS facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine.facts import linux, runtime
from tito_bench import _native
from tito_bench.machine import probe as probing
from tito_bench.machine.blas import built_blas, built_blas_of, instruction_set
from tito_bench.machine.probe import read_probe
from tito_bench.machine.system import System


def test_the_real_system_can_be_read() -> None:
    found = read_probe(runtime())
    assert found.runtime == runtime()
    assert found.kernel_targets == _native.supported_targets()
    assert found.cores_online >= 1
    # A step that never came would be None on a system whose clock is fine.
    assert found.cpu_clock_step_ns is None or found.cpu_clock_step_ns > 0


def test_variables_that_hold_numpy_back_are_read_from_the_environment_given() -> None:
    environ = {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": "", "HOME": "/x"}
    found = read_probe(runtime(), System(environ=environ))
    assert found.instruction_variables == (("OPENBLAS_CORETYPE", "Haswell"),)


def test_the_built_blas_is_asked_only_where_none_was_recognised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probing, "built_blas", lambda: "accelerate")
    assert read_probe(runtime()).built_blas is None
    assert read_probe(runtime(blas=None)).built_blas == "accelerate"


def test_a_clock_that_stands_still_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = iter(range(0, 10**12, 1_000_000))
    monkeypatch.setattr(_native, "thread_cpu_ns", lambda: 7)
    monkeypatch.setattr(_native, "wall_clock_ns", lambda: next(wall))
    assert probing._step_ns(_native.thread_cpu_ns) is None


def test_the_first_step_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([50, 50, 50, 15_625_050])
    monkeypatch.setattr(_native, "thread_cpu_ns", lambda: next(readings))
    assert probing._step_ns(_native.thread_cpu_ns) == 15_625_000


def test_numpys_own_configuration_names_its_blas() -> None:
    import numpy as np

    dependencies = np.show_config(mode="dicts")["Build Dependencies"]
    assert built_blas() == dependencies["blas"]["name"].lower()


_CONFIGURATION = """        "Build Dependencies": {{
            "blas": {{
                "name": "{name}",
                "found": {found},
                "version": "",
"""


@pytest.mark.parametrize("form", ["{}", 'bool("{}".lower().replace("false", ""))'])
@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("scipy-openblas", "True", "scipy-openblas"),
        ("Accelerate", "True", "accelerate"),
        ("auto", "False", "none"),
    ],
)
def test_a_numpy_built_without_blas_says_so(
    name: str, found: str, expected: str, form: str
) -> None:
    configuration = _CONFIGURATION.format(name=name, found=form.format(found))
    assert built_blas_of(configuration) == expected


def test_a_configuration_of_another_form_says_nothing() -> None:
    assert built_blas_of("blas_info = {}") is None


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("SkylakeX", "avx512"),
        ("Haswell", "avx2"),
        ("Zen", "avx2"),
        ("Sandybridge", "avx"),
        ("Prescott", "sse2"),
        ("neoversen1", None),
        ("", None),
    ],
)
def test_instruction_sets_of_kernel_families(family: str, expected: str | None) -> None:
    assert instruction_set(family) == expected


def test_files_that_cannot_be_read_are_empty(tmp_path: Path) -> None:
    system = linux(tmp_path, {"proc/there": " text\0"})
    assert (system.text("proc/there"), system.text("proc/missing"), system.text("proc")) == (
        "text",
        "",
        "",
    )


def test_a_command_that_is_not_there_prints_nothing() -> None:
    assert System().run(("/nonexistent/pmset", "-g")) == ""
