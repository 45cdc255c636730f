"""A record that does not say what its samples say is named, before a report stumbles over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_rounds import made_reading, made_round

from records.made_record import NOW, made_capstone, made_record
from tito_bench.measure.messages import References
from tito_bench.measure.results import Failure, OperationResult
from tito_bench.measure.summary import score_interval, summarise
from tito_bench.measure.task_figures import (
    AccuracyFigures,
    CompressionFigures,
    CurvePoint,
    MemoryFigures,
    TrainingFigures,
)
from tito_bench.records.benchmark import (
    BenchmarkRecord,
    encode_record,
    kept_slowdowns,
    known_interval,
    operation_record,
)
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.records.read import NotARecord, Record, read_record
from tito_bench.records.schema import record_bytes
from tito_bench.records.validate import validate
from tito_bench.score import Work
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.capstone import CAPSTONE

Change = Callable[[dict[str, Any]], object]
MISSING = Failure("missing", "module 03 layers: Linear not found")
RAISED = Failure("raised", "ValueError: no")


def read(document: Any) -> Record:
    return read_record(json.dumps(document).encode(), "edited.json", NOW)[1]


def refusal(document: Any) -> NotARecord:
    with pytest.raises(NotARecord) as refused:
        read(document)
    return refused.value


def test_what_a_run_makes_is_sound() -> None:
    validate(made_record())
    validate(made_capstone())


FEW = {"matmul_100": [2.0, 2.5, 2.25]}


def test_too_few_rounds_have_no_interval_nor_has_the_score() -> None:
    document = json.loads(encode_record(made_record(rounds=FEW)))
    few = {op["name"]: op["slowdown_interval"] for op in document["operations"]}
    assert few["matmul_100"] is None
    assert few["matmul_256"] is not None
    assert document["normalized_metrics"]["score_interval"] is None
    read(document)


def test_the_first_records_have_their_range_in_its_place() -> None:
    document = json.loads(encode_record(made_record(rounds=FEW)))
    found = next(op for op in document["operations"] if op["name"] == "matmul_100")
    record = made_record(rounds=FEW)
    slowdowns = kept_slowdowns(next(op for op in record.operations if op.name == "matmul_100"))
    found["slowdown_interval"] = [min(slowdowns), max(slowdowns)]
    intervals = [
        (op["group"], op["slowdown_interval"]) for op in document["operations"] if op["scored"]
    ]
    metrics = document["normalized_metrics"]
    metrics["score_interval"] = score_interval(metrics["composite"], intervals)
    assert metrics["score_interval"] is not None
    assert known_interval(metrics["score_interval"], read(document).operations) is None
    found["slowdown_interval"] = [min(slowdowns), 1.5 * max(slowdowns)]
    assert "slowdown_interval of matmul_100" in str(refusal(document))


def test_a_real_capstone_says_what_its_samples_say(complete_record: CapstoneRecord) -> None:
    validate(complete_record)


def _first(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["operations"][0]
    return found


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: _first(d).update(subject_ns=None), "subject_ns of .* is none, not 2100"),
        (lambda d: _first(d).update(native_ns=0), "native_ns of .* is 0, not 1000"),
        (lambda d: _first(d).update(slowdown=-1), "slowdown of .* is -1, not 2"),
        (lambda d: _first(d).update(slowdown_interval=None), "slowdown_interval of .* is none"),
        (lambda d: _first(d).update(slowdown_interval=[5e-324, 3.0]), "slowdown_interval of"),
        (lambda d: _first(d).update(native_ns=1e-308), "native_ns of"),
        (lambda d: _first(d).update(native_ns=1e308), "native_ns of .* is 1e[+]308, not 1000"),
        (lambda d: _first(d)["samples"]["kept"].pop(), "not of one length"),
        (lambda d: _first(d)["samples"].update(kept=[False] * 9), "rounds_kept of .* is 6, not 0"),
        (
            lambda d: _first(d)["samples"]["subject_loops"].__setitem__(0, 0),
            r">= 1 - at `\$\.operations\[0\]\.samples\.subject_loops",
        ),
        (
            lambda d: _first(d)["samples"]["subject_cpu_ns"].__setitem__(0, -1),
            r">= 0 - at `\$\.operations\[0\]\.samples\.subject_cpu_ns",
        ),
        (
            lambda d: _first(d)["samples"]["native_wall_ns"].__setitem__(0, 10**40),
            r"at `\$\.operations\[0\]\.samples\.native_wall_ns",
        ),
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
        (lambda d: _first(d).update(dispatch_calls=10**400), "too large"),
        (lambda d: d.update(operations=[]), "is .*, not none"),
        (
            lambda d: d["normalized_metrics"]["slowdowns"].update(matmul=-2),
            "the slowdown of matmul is -2, not 2",
        ),
        (lambda d: d["normalized_metrics"]["slowdowns"].pop("matmul"), "matmul is missing, not 2"),
        (lambda d: d["normalized_metrics"].update(score=99.9), "score is 99.9, not 90"),
        (lambda d: d["normalized_metrics"].update(score=1e308), "score is 1e[+]308, not 90"),
        (lambda d: d["verdict"].update(status="invalid"), "the verdict is invalid, not stable"),
    ],
)
def test_what_does_not_fit_is_named(change: Change, named: str) -> None:
    document = msgspec.to_builtins(made_record())
    change(document)
    refused = refusal(document)
    assert refused.skip in {"edited", "broken"}
    with pytest.raises(NotARecord, match=named):
        raise refused


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_record(constant: str) -> None:
    text = record_bytes(made_record()).replace(
        b'"score": 9', b'"score": %b, "x": 9' % constant.encode()
    )
    with pytest.raises(NotARecord) as refused:
        read_record(text, "edited.json", NOW)
    assert refused.value.skip == "broken"


def test_tracks_and_memory_of_a_capstone_are_looked_at_as_well() -> None:
    record = made_capstone()
    strange = msgspec.structs.replace(record, tracks_requested=["speed", "accuracy", "beauty"])
    with pytest.raises(NotARecord, match="there is no track beauty"):
        validate(strange)
    nothing = msgspec.structs.replace(record, memory=[MemoryFigures("mlp", 0, 0, 0, None)])
    with pytest.raises(NotARecord, match="figures that cannot be"):
        validate(nothing)
    document = msgspec.to_builtins(record)
    document["accuracy"][0]["accuracy"] = 1e308
    assert "<= 1.0 - at `$.accuracy[0].accuracy`" in str(refusal(document))
    for loss, accuracy, named in ((1.0, 1e308, "accuracy"), (1e308, 0.5, "loss")):
        curve = [CurvePoint(1, loss, accuracy)]
        training = TrainingFigures("SGD", 31, 1, 0.9, 0.9, 1e6, 1e6, 1.0, curve)
        document = msgspec.to_builtins(msgspec.structs.replace(record, training=training))
        assert f"$.training.curve[0].{named}" in str(refusal(document))
    assert read(json.loads(record_bytes(record))) == record


# -- any single edit ----------------------------------------------------------------

_SLOWDOWNS = st.floats(0.3, 500.0)
_WORKS = st.builds(Work, st.floats(0.0, 1.0), st.integers(1, 10**8), st.integers(1, 10**8))


@st.composite
def baselines(draw: st.DrawFn) -> BenchmarkRecord:
    """A record with rounds and work of its own for every operation, some of which may fail."""
    names = [op.name for op in BASELINE]
    rounds = {name: draw(st.lists(_SLOWDOWNS, min_size=1, max_size=12)) for name in names}
    failures = draw(st.dictionaries(st.sampled_from(names), st.sampled_from([MISSING, RAISED])))
    return made_record(failures, rounds=rounds, work=draw(st.none() | _WORKS))


@st.composite
def capstones(draw: st.DrawFn) -> CapstoneRecord:
    """A capstone in which every track has figures, some operations and tasks may fail."""
    names = [op.name for op in CAPSTONE]
    failures = draw(st.dictionaries(st.sampled_from(names), st.sampled_from([MISSING, RAISED])))
    shares, sizes = st.floats(0.1, 1.0), st.integers(1, 10**6)
    before, after = draw(sizes), draw(sizes)
    return made_capstone(
        failures,
        slowdown=draw(_SLOWDOWNS),
        tasks=(
            AccuracyFigures("mlp", 297, draw(shares), draw(shares), "shipped digits", None),
            CompressionFigures(
                "quantization", before, after, before / after, 0.9, 0.9, draw(st.booleans()), None
            ),
            MemoryFigures("mlp", draw(sizes), draw(sizes), draw(sizes), None),
        ),
        failed_tasks=draw(
            st.dictionaries(
                st.sampled_from(["training", "pruning"]), st.sampled_from([MISSING, RAISED])
            )
        ),
    )


_OF_OPERATION = (
    *("subject_ns", "native_ns", "dispatch_ns", "reference_ns", "slowdown", "slowdown_interval"),
    *("mdape", "rounds_kept", "rounds_dropped"),
)
_OF_MODEL = (
    *("slowdown", "slowdown_interval", "throughput_per_s", "native_throughput_per_s", "gflops"),
    *("native_gflops", "share_of_native"),
)


def determined(document: Any) -> Iterator[tuple[Any, Any]]:
    """Where each figure stands that follows from the samples: an object or array, and its key."""
    for owners, names in (
        (document["operations"], _OF_OPERATION),
        (document.get("models", ()), _OF_MODEL),
    ):
        for owner in owners:
            for name in names:
                yield from leaves(owner, name)
    for part in ("raw_metrics", "normalized_metrics"):
        yield from leaves(document, part)
    for technique in document.get("compression", ()):
        yield technique, "ratio"


def leaves(owner: Any, key: Any) -> Iterator[tuple[Any, Any]]:
    value = owner[key]
    if isinstance(value, dict | list | tuple):
        owner[key] = value = dict(value) if isinstance(value, dict) else list(value)
        for inner in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value, inner)
    else:
        yield owner, key


def others(value: float | None) -> list[float | None]:
    """Other figures in the place of this one, further off than rounding."""
    if value is None:
        return [0, 1, 2.5, 1e308]
    nudged = [value * (1 + 1e-7) + 1e-9, value * 0.999 - 1e-9, value / 2 - 0.5, value + 10]
    return [*nudged, None, -1 - value, 1e308]


@settings(max_examples=300, deadline=None)
@given(st.one_of(baselines(), capstones()), st.data())
def test_any_single_edit_of_a_figure_that_the_samples_determine_is_noticed(
    record: Record, data: st.DataObject
) -> None:
    document = json.loads(record_bytes(record))
    assert read(document) == record
    by_name: dict[str, list[tuple[Any, Any]]] = {}
    for owner, key in determined(document):
        by_name.setdefault(str(key), []).append((owner, key))
    owner, key = data.draw(st.sampled_from(by_name[data.draw(st.sampled_from(sorted(by_name)))]))
    owner[key] = data.draw(st.sampled_from(others(owner[key])))
    assert refusal(document).skip in {"edited", "broken"}


_OVERALL = (
    AccuracyFigures("mlp", 297, 0.8, 0.9, "shipped digits", None),
    CompressionFigures("quantization", 400, 100, 4.0, 0.9, 0.9, True, None),
    CompressionFigures("pruning", 300, 100, 3.0, 0.9, 0.8, False, None),
    MemoryFigures("mlp", 2000, 1000, 500, None),
)


@pytest.mark.parametrize(
    "record",
    [
        made_record(),
        made_record({"matmul_100": MISSING}, work=Work(0.4, 2000, 2000)),
        made_record({"matmul_100": RAISED}),
        made_capstone(tasks=_OVERALL),
        made_capstone({"cnn_forward_32": MISSING}, tasks=_OVERALL, tracks=["speed"]),
        made_capstone({"mlp_forward_32": RAISED}, failed_tasks={"pruning": RAISED}),
    ],
)
def test_each_such_figure_is_looked_at(record: Record) -> None:
    document = json.loads(record_bytes(record))
    assert read(document) == record
    for owner, key in list(determined(document)):
        value = owner[key]
        for edited in others(value):
            owner[key] = edited
            assert refusal(document).skip in {"edited", "broken"}, (key, value, edited)
        owner[key] = value
    assert read(document) == record


def test_a_subject_that_waits_or_works_in_threads_is_reckoned_as_in_the_run() -> None:
    """The samples hold the time that counted, of whichever clock."""
    sides = {
        "waiting": made_reading(3000.0, wall=4.0, waits=30),
        "threads": made_reading(3000.0, process=2.0),
        "calm": made_reading(3000.0),
    }
    native = made_reading(1000.0, process=1.5)
    for side in sides.values():
        rounds = tuple(made_round(side, native) for _ in range(9))
        summary = summarise([OperationResult(op, rounds) for op in BASELINE])
        record = made_record()
        changed = [operation_record(op, References()) for op in summary.operations]
        document = msgspec.to_builtins(msgspec.structs.replace(record, operations=changed))
        for group in summary.groups:
            document["normalized_metrics"]["slowdowns"][group.name] = group.slowdown
            document["raw_metrics"][f"{group.name}_ms"] = group.subject_ms
        document["normalized_metrics"] |= {
            "composite": summary.composite,
            "score": summary.score,
            "score_interval": summary.score_interval,
        }
        read(document)
        _first(document)["native_ns"] *= 2
        assert "native_ns" in str(refusal(document))


def test_work_that_was_not_measured_leaves_no_score() -> None:
    """Neither may the reason be struck out, nor a score be put beside it."""
    document = msgspec.to_builtins(made_record())
    reason = {"code": "other_threads", "what": "matmul_100", "value": "80%"}
    document["verdict"] = {"status": "invalid", "reasons": [reason]}
    assert "composite" in str(refusal(document))
    document["normalized_metrics"] |= {"composite": None, "score": None, "score_interval": None}
    assert read(document).verdict.status == "invalid"
    document["verdict"] = {"status": "stable", "reasons": []}
    assert "composite is none, not 2" in str(refusal(document))


def test_the_rounds_of_code_that_waits_are_by_the_wall_clock() -> None:
    rounds = (made_round(made_reading(2100.0, wall=3.0, waits=10)),) * 5
    (summary,) = summarise([OperationResult(BASELINE[3], rounds)]).operations
    waiting = operation_record(summary, References())
    assert kept_slowdowns(waiting) == pytest.approx([6.0] * 5)
    calm = msgspec.structs.replace(waiting, waits=False)
    assert kept_slowdowns(calm) == pytest.approx([2.0] * 5)
