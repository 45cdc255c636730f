"""Whole runs: complete, partial and broken packages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from packages.build import build_package
from packages.capstone_run import measure
from tito_bench.records.capstone import CapstoneRecord, decode_capstone, encode_capstone


def reasons(record: CapstoneRecord) -> str:
    return "\n".join(f"{found.what}: {found.reason}" for found in record.not_measured)


def test_a_complete_package_has_all_four_tracks(complete_record: CapstoneRecord) -> None:
    metrics = complete_record.normalized_metrics
    assert metrics.tracks_measured == 4
    scores = [points for points in metrics.tracks.values() if points is not None]
    assert metrics.overall == pytest.approx(sum(scores) / 4)
    assert all(0 < points <= 100 for points in scores)
    assert [model.name for model in complete_record.models] == [
        "mlp", "mlp_wide", "cnn", "transformer",
    ]  # fmt: skip
    for model in complete_record.models:
        assert model.slowdown is not None
        assert model.latency_median_ms is not None
        assert model.latency_p95_ms is not None
        assert model.latency_p95_ms >= model.latency_median_ms
    assert complete_record.subject.files["Conv2d"] == "tinytorch/core/spatial.py"
    assert "SimpleMLP" not in complete_record.subject.files, "was not measured"


def test_the_record_survives_its_file(complete_record: CapstoneRecord) -> None:
    assert decode_capstone(encode_capstone(complete_record)) == complete_record


def test_no_null_is_without_a_reason(complete_record: CapstoneRecord) -> None:
    assert complete_record.not_measured == []


def test_nothing_is_written_into_the_package(
    complete: Path, complete_record: CapstoneRecord
) -> None:
    assert [path for path in complete.rglob("*") if path.suffix not in {".py", ""}] == []
    assert list(complete.rglob("__pycache__")) == []


def test_tensors_alone_are_an_overall_of_one_track(tmp_path: Path) -> None:
    build_package(tmp_path, "E5", 1)
    record = measure(tmp_path, 4.0)
    metrics = record.normalized_metrics
    assert {track for track, points in metrics.tracks.items() if points is not None} == {"speed"}
    assert metrics.overall == metrics.tracks["speed"]
    assert "module 09 convolutions: Conv2d not found" in reasons(record)
    assert record.inventory is not None
    assert [m.number for m in record.inventory.modules if m.files] == [1]


def test_one_track_alone_and_the_others_say_so(complete: Path) -> None:
    record = measure(complete, 5.0, ("compression",))
    assert record.normalized_metrics.tracks_measured == 1
    assert record.operations == []
    assert "speed track: not asked for with --track" in reasons(record)


def test_a_convolution_that_hangs_costs_only_itself(changed: Callable[..., Path]) -> None:
    root = changed(spatial="import time\nConv2d.forward = lambda self, x: time.sleep(600)")
    record = measure(root, 8.0)
    tracks = record.normalized_metrics.tracks
    assert tracks["accuracy"] == 100.0
    assert tracks["compression"] is not None
    assert "accuracy of cnn: no answer within" in reasons(record)
    by_name = {model.name: model for model in record.models}
    assert by_name["cnn"].slowdown is None
    assert by_name["mlp"].slowdown is not None


def test_a_crash_costs_one_task(changed: Callable[..., Path]) -> None:
    root = changed(losses="import os\nCrossEntropyLoss.forward = lambda *a: os._exit(3)")
    record = measure(root, 5.0, ("accuracy",))
    assert len(record.accuracy) == 3
    assert "training of mlp: the code ended the measuring process" in reasons(record)
    # It is there and does not work: it counts 0, the three others 100.
    assert record.normalized_metrics.tracks["accuracy"] == 75.0


def test_wrong_results_leave_no_overall(changed: Callable[..., Path]) -> None:
    root = changed(
        activations="ReLU.forward = lambda self, x: Tensor(np.maximum(x.data, 0) * 1.001)"
    )
    record = measure(root, 5.0, ("accuracy",))
    assert record.verdict.status == "invalid"
    assert record.normalized_metrics.overall is None
    assert {reason.code for reason in record.verdict.reasons} == {"false_result"}


def test_an_import_error_in_one_module_counts_as_its_failure(changed: Callable[..., Path]) -> None:
    root = changed(spatial="import no_such_library")
    record = measure(root, 5.0, ("accuracy",))
    assert {found.model for found in record.accuracy} == {"mlp", "mlp_wide"}
    assert "needs no_such_library, which is not installed" in reasons(record)
    # It is there and cannot be imported: it counts 0, the three others 100.
    assert record.normalized_metrics.overall == 75.0
