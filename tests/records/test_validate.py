"""A record whose numbers do not fit together is named, before a report stumbles over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from records.made_record import made_capstone, made_record
from tito_bench.cli.record_selector import load_record
from tito_bench.errors import StoreError
from tito_bench.measure.task_figures import (
    AccuracyFigures,
    CurvePoint,
    MemoryFigures,
    TrainingFigures,
)
from tito_bench.records.record_text import record_bytes
from tito_bench.records.validate import validate

Change = Callable[[dict[str, Any]], object]


def test_what_a_run_makes_is_sound() -> None:
    assert validate(made_record()) is None
    assert validate(made_capstone()) is None


def _first(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["operations"][0]
    return found


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: _first(d).update(subject_ns=None), "without its times"),
        (lambda d: _first(d).update(native_ns=0), "without its times"),
        (lambda d: _first(d).update(slowdown=-1), "without its times"),
        (lambda d: _first(d).update(slowdown_interval=None), "without its times"),
        (lambda d: _first(d).update(slowdown_interval=[5e-324, 3.0]), "without its times"),
        (lambda d: _first(d).update(native_ns=1e-308), "without its times"),
        (lambda d: _first(d)["samples"]["kept"].pop(), "not of one length"),
        (lambda d: _first(d)["samples"].update(kept=[False] * 9), "no round"),
        (lambda d: _first(d)["samples"]["subject_loops"].__setitem__(0, 0), "no loops"),
        (lambda d: _first(d)["samples"]["subject_cpu_ns"].__setitem__(0, -1), "no possible time"),
        (lambda d: _first(d)["samples"]["native_wall_ns"].__setitem__(0, 10**40), "no possible"),
        (
            lambda d: (
                _first(d)["samples"]["native_cpu_ns"].__setitem__(3, 0),
                _first(d)["samples"]["dispatch_cpu_ns"].__setitem__(3, 0),
            ),
            "took no time",
        ),
        (
            lambda d: _first(d).update(work={"loop_share": 2, "flops": 1, "bytes_moved": 1}),
            "no possible work",
        ),
        (lambda d: d.update(operations=[]), "its operations do not have"),
        (lambda d: d["normalized_metrics"]["slowdowns"].update(matmul=-2), "do not have"),
    ],
)
def test_what_does_not_fit_is_named(change: Change, named: str, tmp_path: Path) -> None:
    document = msgspec.to_builtins(made_record())
    change(document)
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(document))
    with pytest.raises(StoreError, match=rf"edited\.json: It is damaged: .*{named}"):
        load_record(path)


def test_tracks_and_memory_of_a_capstone_are_looked_at_as_well() -> None:
    record = made_capstone()
    strange = msgspec.structs.replace(record, tracks_requested=["speed", "beauty"])
    assert validate(strange) == "there is no track beauty"
    nothing = msgspec.structs.replace(record, memory=[MemoryFigures("mlp", 0, 0, 0, None)])
    assert validate(nothing) == "mlp took no memory"
    unsure = AccuracyFigures("mlp", 297, 1e308, 0.9, "shipped digits", None)
    assert "an accuracy" in str(validate(msgspec.structs.replace(record, accuracy=[unsure])))
    for loss, accuracy, named in ((1.0, 1e308, "accuracy"), (1e308, 0.5, "loss")):
        curve = [CurvePoint(1, loss, accuracy)]
        training = TrainingFigures("SGD", 31, 1, 0.9, 0.9, 1e6, 1e6, 1.0, curve)
        fault = validate(msgspec.structs.replace(record, training=training))
        assert fault == f"the training {'reached' if loss == 1 else 'had'} no possible {named}"
    assert validate(msgspec.convert(json.loads(record_bytes(record)), type(record))) is None
