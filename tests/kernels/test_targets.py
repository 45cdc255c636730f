import os
import subprocess
import sys

import pytest

from tito_bench import _native

ORDER = ("avx512", "avx2", "sse2", "neon", "portable")


def build_info_with(target):
    code = "from tito_bench import _native; print(_native.build_info()['target'])"
    environment = {**os.environ, "TITO_KERNELS_TARGET": target}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_supported_targets_are_in_order_and_end_with_portable():
    supported = _native.supported_targets()
    assert list(supported) == [name for name in ORDER if name in supported]
    assert supported[-1] == "portable"


def test_build_info():
    info = _native.build_info()
    assert info["kernels_version"] == _native.KERNELS_VERSION
    assert info["build_type"] in {"release", "sanitize"}
    assert set(info["targets_supported"]) <= set(info["targets_compiled"])
    assert info["target"] in info["targets_supported"]
    assert info["compiler"]


def test_every_operation_has_a_method():
    operations = _native.build_info()["operations"]
    assert len(set(operations)) == len(operations) > 10
    assert [name for name in operations if not hasattr(_native.Kernels, name)] == []


def test_a_target_can_be_named(kernels):
    assert kernels.target in _native.supported_targets()
    assert kernels.target in repr(kernels)


def test_unknown_target_lists_the_supported():
    with pytest.raises(_native.TargetError, match=r"'mmx' is unknown; supported here: .*portable"):
        _native.Kernels("mmx")
    with pytest.raises(TypeError, match="target: needs a str or None"):
        _native.Kernels(3)


def test_environment_forces_a_target():
    assert build_info_with("portable").stdout.strip() == "portable"


def test_unknown_target_in_the_environment_fails_when_first_asked():
    result = build_info_with("mmx")
    assert result.returncode == 1
    assert "TITO_KERNELS_TARGET: kernel target 'mmx' is unknown" in result.stderr


def test_import_needs_no_numpy_and_reads_no_target():
    code = "import sys; from tito_bench import _native; print('numpy' in sys.modules)"
    environment = {**os.environ, "TITO_KERNELS_TARGET": "mmx"}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


def test_names():
    assert set(_native.__all__) == {
        "KERNELS_VERSION", "PANEL", "AlignedArrays", "AllocationLog", "Call", "Hooks",
        "Kernels", "LineClock", "Perturbation", "Raised", "ResultSampler", "Sides", "Snapshot",
        "Taken", "TargetError", "Timing", "answer_questions", "build_info", "chain", "detach",
        "pack", "process_cpu_ns", "refuse_audit_hooks", "seal",
        "supported_targets", "thread_cpu_ns", "time_callable", "time_calls", "wall_clock_ns",
    }  # fmt: skip
