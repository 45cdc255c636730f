"""One whole calibration, as small as it gets, and the reference machine's card."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from records.made_record import made_record
from tito_bench import _native
from tito_bench.errors import WorkerError
from tito_bench.machine.environment import describe_machine
from tito_bench.measure.schedule import Budget
from tito_bench.measure.suite_runner import Progress
from tito_bench.records.benchmark import BenchmarkRecord, FailureRecord, OperationRecord
from tito_bench.report.reference_machine import reference_card, reference_ms, reference_name
from tito_bench.runs import calibrate as calibrating
from tito_bench.runs.calibrate import Effort, calibrate
from tito_bench.score import Work
from tito_bench.workloads.baseline import BASELINE

_SMALLEST = Effort(1, 1000, (16,), (16, 32), Budget(rounds=1, time_s=10.0, sample_ns=10_000))
_REMAKE = (
    "make it anew on the reference machine: "
    "tito-bench benchmark calibrate --output src/tito_bench/data/reference_card.json"
)


def test_a_card_holds_all_that_was_measured(tmp_path: Path) -> None:
    seen: list[Progress] = []
    card = calibrate(
        tmp_path,
        effort=_SMALLEST,
        environ=os.environ,
        now=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC),
        progress=seen.append,
    )
    assert card.created_at == "2026-11-22T12:00:00Z"
    assert tuple(speed.target for speed in card.targets) == _native.supported_targets()
    assert [each.working_set_kib for each in card.bandwidth] == [16, 32]
    assert [op.name for op in card.operations] == [op.name for op in BASELINE]
    assert all(0 < op.native_ns < op.reference_ns for op in card.operations)
    assert card.dispatch_ns.median > 0
    assert card.machine.os == calibrating._system_name(describe_machine().os)
    assert card.runtime.blas_threads in {1, None}
    assert (seen[-1].done, seen[-1].total) == (seen[-1].total, 2 * len(card.targets) + 4)
    assert list(tmp_path.iterdir()) == []


def test_there_is_no_card_where_an_operation_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = calibrating.measure_baseline

    def failing(*words: Any, **how: Any) -> BenchmarkRecord:
        record = whole(*words, **how)
        failure = FailureRecord("crashed", "SIGILL")
        broken = msgspec.structs.replace(record.operations[0], failure=failure, native_ns=None)
        return msgspec.structs.replace(record, operations=[broken, *record.operations[1:]])

    monkeypatch.setattr(calibrating, "measure_baseline", failing)
    with pytest.raises(WorkerError, match="add_100x100: SIGILL"):
        calibrate(
            tmp_path,
            effort=_SMALLEST,
            environ=os.environ,
            now=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC),
            progress=lambda _progress: None,
        )


@pytest.mark.parametrize(
    ("release", "kept"),
    [
        ("Linux 6.18.44-ada-laptop", "Linux 6.18"),
        ("Darwin 24.1.0", "Darwin 24.1"),
        ("Windows 11", "Windows 11"),
        ("Linux ", "Linux"),
    ],
)
def test_the_system_is_named_without_who_built_it(release: str, kept: str) -> None:
    assert calibrating._system_name(release) == kept


def test_small_machines_are_spared_the_large_working_sets() -> None:
    assert calibrating._affordable((16, 65_536, 65_537), ram_gib=1) == (16, 65_536)


# -- the reference machine ----------------------------------------------------


def test_the_reference_card_is_of_the_present_suite_and_kernels() -> None:
    card = reference_card()
    expected = {(op.name, op.version) for op in BASELINE}
    assert {(op.name, op.version) for op in card.operations} == expected, _REMAKE
    assert card.fingerprint.kernels_version == _native.KERNELS_VERSION, _REMAKE
    assert not card.quick


def test_reference_times_are_slowdown_times_what_python_must_pay() -> None:
    time = next(op for op in reference_card().operations if op.name == "matmul_100")
    assert reference_ms(_matmul_100()) == pytest.approx(3.0 * time.reference_ns / 1e6)


def test_loops_take_as_many_array_calls_there_as_here() -> None:
    time = next(op for op in reference_card().operations if op.name == "matmul_100")
    dispatch_ns = time.reference_ns - time.native_ns
    loops = Work(1.0, 3_600_000, 0)  # worth 100 smallest array calls, and the one of NumPy
    found = reference_ms(_matmul_100(work=loops))
    assert found == pytest.approx(3.0 * 101 * dispatch_ns / 1e6)


def test_there_are_no_reference_times_of_other_operations() -> None:
    assert reference_ms(_matmul_100(name="matmul_7")) is None
    assert reference_ms(_matmul_100(version=999)) is None
    assert reference_ms(_matmul_100(slowdown=None)) is None


def _matmul_100(**changes: object) -> OperationRecord:
    """Its record, made three times slower than the reference."""
    found = next(op for op in made_record(slowdown=3.0).operations if op.name == "matmul_100")
    return msgspec.structs.replace(found, **changes)


def test_the_reference_machine_has_a_name() -> None:
    card = reference_card()
    assert reference_name() == f"{card.machine.cpu_model}, {card.runtime.kernel_target}"
