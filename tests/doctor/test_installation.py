"""Whether tito-bench itself is whole."""

from __future__ import annotations

import sys

import pytest

from tito_bench import _native
from tito_bench.doctor import installation
from tito_bench.doctor.installation import check_installation


def test_a_whole_installation() -> None:
    facts, findings = check_installation()
    assert findings == []
    assert facts is not None
    assert tuple(facts.supported) == _native.supported_targets()
    assert facts.target in facts.supported


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find_spec", lambda name: None if name == "numpy" else name)
    facts, findings = check_installation()
    assert facts is not None
    assert [(f.code, f.severity, f.what) for f in findings] == [
        ("broken_install", "breaks", "numpy")
    ]


def test_kernels_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import tito_bench

    monkeypatch.delattr(tito_bench, "_native")
    monkeypatch.setitem(sys.modules, "tito_bench._native", None)
    facts, (finding,) = check_installation()
    assert facts is None
    assert (finding.code, finding.severity, finding.what) == ("broken_install", "breaks", "_native")


def test_a_kernel_target_that_is_not_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise _native.TargetError("target foo is unknown")

    monkeypatch.setattr(_native, "build_info", refuse)
    facts, (finding,) = check_installation()
    assert facts is None
    assert (finding.code, finding.severity) == ("kernel_target", "breaks")
    assert finding.value == "target foo is unknown"
