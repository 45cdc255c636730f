"""All checks together."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine.facts import RUNTIME, card
from records.made_record import NOW
from tito_bench.doctor import diagnosis as diagnosing
from tito_bench.doctor.diagnosis import Diagnosis, diagnose
from tito_bench.errors import WorkerError
from tito_bench.machine.environment import Machine, describe_machine
from tito_bench.machine.fingerprint import fingerprint_of
from tito_bench.measure.messages import Answer, Failed, Load, Loaded, Question
from tito_bench.note import Note
from tito_bench.records.calibration import CALIBRATION, calibration_path
from tito_bench.records.schema import encode


class Worker:
    """Knows NumPy, and no package."""

    def ask(self, question: Question, _deadline_s: float) -> Answer:
        assert isinstance(question, Load)
        if question.subject == "numpy":
            return Loaded("numpy", "2.4.0", None, {}, None, None, RUNTIME)
        return Failed("missing", "nothing exported")

    def kill(self) -> int:
        return 0


def _no_worker() -> Worker:
    raise WorkerError("no processes left")


def _codes(found: Diagnosis, severity: str) -> set[str]:
    return {finding.code for finding in found.findings if finding.severity == severity}


def test_a_healthy_project_breaks_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("Fast CPU", "x86_64", 4, 8, 16, "Linux 6.1")
    monkeypatch.setattr(diagnosing, "describe_machine", lambda: machine)
    found = diagnose(project, {}, Worker, NOW)
    assert not found.breaks
    assert found.runtime == RUNTIME
    assert found.machine == machine
    assert "no_package" in _codes(found, "info")
    assert list(project.iterdir()) == []


def test_without_a_worker_measuring_is_broken_and_the_rest_is_still_told(project: Path) -> None:
    found = diagnose(project, {}, _no_worker, NOW)
    assert found.breaks
    assert _codes(found, "breaks") == {"no_worker"}
    assert found.kernels is not None
    assert "no_tito" in _codes(found, "info")


def test_a_broken_installation_starts_no_worker(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Note("broken_install", "breaks", "psutil", "it is not installed")
    monkeypatch.setattr(diagnosing, "check_installation", lambda: (None, [broken]))

    def start() -> Worker:
        raise AssertionError("nothing to be asked of it")

    found = diagnose(project, {}, start, NOW)
    assert found.breaks
    assert (found.machine, found.runtime, found.package) == (None, None, None)


def test_the_environment_is_that_of_the_measurement(project: Path) -> None:
    found = diagnose(project, {"OPENBLAS_CORETYPE": "Haswell"}, Worker, NOW)
    assert "forced_instructions" in _codes(found, "warning")


def _store_card(project: Path, cpu_model: str) -> None:
    machine = describe_machine()
    made = card(fingerprint=fingerprint_of(machine, RUNTIME))
    if cpu_model:
        import msgspec

        other = msgspec.structs.replace(made.fingerprint, cpu_model=cpu_model)
        made = msgspec.structs.replace(made, fingerprint=other)
    calibration_path(project).parent.mkdir()
    calibration_path(project).write_bytes(encode(CALIBRATION, made))


def test_a_calibration_of_this_machine(project: Path) -> None:
    _store_card(project, "")
    found = diagnose(project, {}, Worker, NOW)
    assert found.calibrated_at == "2026-11-22T12:00:00Z"
    assert "stale_calibration" not in _codes(found, "info")


def test_a_calibration_of_another_machine(project: Path) -> None:
    _store_card(project, "Another CPU")
    found = diagnose(project, {}, Worker, NOW)
    assert found.calibrated_at is None
    (finding,) = [f for f in found.findings if f.code == "stale_calibration"]
    assert finding.value == "it differs in cpu model"


def test_a_calibration_that_cannot_be_read_is_one_finding(project: Path) -> None:
    calibration_path(project).parent.mkdir()
    calibration_path(project).write_bytes(b"{bad")
    found = diagnose(project, {}, Worker, NOW)
    assert found.calibrated_at is None
    assert [f.what for f in found.findings if f.code == "corrupt_file"] == [
        ".tinytorch/calibration.json"
    ]
