"""The machine card: its figures, its file, and what a later run learns from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from machine.facts import MACHINE, RUNTIME, card, runtime
from tito_bench.machine.fingerprint import fingerprint_of
from tito_bench.measure.verdict import reason
from tito_bench.note import Note
from tito_bench.records.calibration import (
    CALIBRATION,
    Figure,
    calibration_drift,
    calibration_path,
    matching_calibration,
)
from tito_bench.records.schema import decode, encode

_TIMES = {"add": 1200.0, "matmul": 14_000.0, "mlp": 310_000.0}
_OWN = fingerprint_of(MACHINE, RUNTIME)


def test_a_figure_is_the_median_with_its_scatter() -> None:
    assert Figure.of([10.0, 30.0, 20.0]) == Figure(20.0, 0.5, 3)


def test_there_is_no_figure_of_nothing() -> None:
    with pytest.raises(ValueError, match="no rounds"):
        Figure.of([])


def test_the_file_round_trips() -> None:
    made = card(_TIMES, environment=[Note("on_battery", "warning", "battery", "")])
    assert decode(CALIBRATION, encode(CALIBRATION, made), "here").value == made


def test_the_file_says_nothing_of_a_single_machine() -> None:
    names = set(msgspec.to_builtins(card())["fingerprint"])
    assert names == {
        "cpu_model",
        "architecture",
        "kernels_version",
        "kernels_compiler",
        "kernel_target",
    }


# -- drift --------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.15])
def test_a_run_as_fast_as_the_card_is_no_reason_for_doubt(factor: float) -> None:
    run = {name: ns * factor for name, ns in _TIMES.items()}
    assert calibration_drift(card(_TIMES), run) is None


def test_a_run_much_slower_than_the_card_is() -> None:
    run = {name: ns * 1.23 for name, ns in _TIMES.items()}
    assert calibration_drift(card(_TIMES), run) == reason(
        "slower_than_calibrated", "kernels", "23%"
    )


def test_one_slow_operation_is_not_the_machine() -> None:
    assert calibration_drift(card(_TIMES), _TIMES | {"mlp": 3 * _TIMES["mlp"]}) is None


def test_operations_that_only_one_side_has_do_not_count() -> None:
    run = {name: ns * 2 for name, ns in _TIMES.items()}
    assert calibration_drift(card(_TIMES), run | {"new": 1.0, "newer": 1.0}) is not None
    assert calibration_drift(card(_TIMES), {"new": 1.0}) is None
    assert calibration_drift(card({}), run) is None


@given(
    st.floats(1e-3, 1e3),
    st.lists(st.floats(0.5, 3.0), min_size=3, max_size=3),
)
def test_drift_depends_on_ratios_only(unit: float, ratios: list[float]) -> None:
    run = {name: ns * r for (name, ns), r in zip(_TIMES.items(), ratios, strict=True)}
    scaled = calibration_drift(
        card({name: ns * unit for name, ns in _TIMES.items()}),
        {name: ns * unit for name, ns in run.items()},
    )
    if abs(sorted(ratios)[1] - 1.15) > 1e-9:
        assert (calibration_drift(card(_TIMES), run) is None) == (scaled is None)


# -- the stored card ----------------------------------------------------------


def _stored(tmp_path: Path, data: bytes) -> Path:
    path = calibration_path(tmp_path)
    path.parent.mkdir()
    path.write_bytes(data)
    return path


def test_the_card_of_this_machine_is_found(tmp_path: Path) -> None:
    made = card(_TIMES)
    assert matching_calibration(_stored(tmp_path, encode(CALIBRATION, made)), _OWN) == made


@pytest.mark.parametrize(
    "changes",
    [
        {"kernels_version": "2"},
        {"kernels_compiler": "Clang 19"},
        {"kernel_target": "avx2"},
    ],
)
def test_a_card_of_other_kernels_is_not(changes: dict[str, Any], tmp_path: Path) -> None:
    path = _stored(tmp_path, encode(CALIBRATION, card(_TIMES)))
    other = fingerprint_of(MACHINE, runtime(**changes))
    assert matching_calibration(path, other) is None
    (named,) = changes
    assert _OWN.differences(other) == (named.replace("_", " "),)


def test_a_card_of_another_cpu_is_not(tmp_path: Path) -> None:
    path = _stored(tmp_path, encode(CALIBRATION, card(_TIMES)))
    other = msgspec.structs.replace(MACHINE, cpu_model="Another CPU")
    assert matching_calibration(path, fingerprint_of(other, RUNTIME)) is None


@pytest.mark.parametrize("data", [b"", b"{bad", b"[]", b'{"schema": 99}', b'{"schema": 1}'])
def test_a_card_that_cannot_be_read_is_none_and_stays_as_it_is(data: bytes, tmp_path: Path) -> None:
    path = _stored(tmp_path, data)
    assert matching_calibration(path, _OWN) is None
    assert [(file.name, file.read_bytes()) for file in path.parent.iterdir()] == [
        ("calibration.json", data)
    ]


def test_there_need_not_be_a_card(tmp_path: Path) -> None:
    assert matching_calibration(calibration_path(tmp_path), _OWN) is None
