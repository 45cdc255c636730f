"""The report of a capstone, on wide and narrow terminals, whole and partial."""

import io
import re

import msgspec
import pytest
from rich.console import Console

from records.made_record import made_capstone
from tito_bench.cli.streams import utc_now
from tito_bench.measure.task_figures import (
    Comparison,
    CustomModelFigures,
    CustomModelsFigures,
    MemoryFigures,
    OptimisationFigures,
)
from tito_bench.measure.verdict import Verdict, reason
from tito_bench.records.capstone import CapstoneRecord, NotMeasuredRecord
from tito_bench.records.read import read_record
from tito_bench.records.schema import record_bytes
from tito_bench.records.submission import SubmissionChoices, build_submission, submission_object
from tito_bench.report.capstone import print_capstone
from tito_bench.report.capstone_view import ratio_text
from tito_bench.report.terminal import Symbols
from tito_bench.score import Work


def flat(text: str) -> str:
    return " ".join(text.split())


def shown(
    record: CapstoneRecord, width: int = 100, unicode: bool = True, all_of: bool = False
) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, emoji=False, highlight=False)
    print_capstone(console, record, Symbols.choose(unicode), "capstone.json", verbose=all_of)
    return out.getvalue()


def test_every_track_has_its_table_and_the_files_are_named(
    complete_record: CapstoneRecord,
) -> None:
    text = shown(complete_record)
    for line in ("Speed: ", "Compression: ", "Accuracy: 100/100", "Efficiency: ", "Overall: "):
        assert line in text
    assert re.search(r"Code: tinytorch .*spatial\.py.* in tinytorch/core", flat(text))
    assert "Conv2d, MaxPool2d from tinytorch/core/spatial.py" in shown(complete_record, all_of=True)
    assert "Your Benchmark says" in text
    assert re.search(r"cnn 1x28x28 +\S+[um]s +\S+[um]s", text)
    assert "int8 quantization" in text
    assert re.search(r"all of them +[\d.]+x", text)
    assert re.search(r"Speed: \d+/100 \(95% interval \d+\.\d to \d+\.\d\)", text)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_nothing_is_wider_than_the_terminal(complete_record: CapstoneRecord, width: int) -> None:
    lines = shown(complete_record, width).splitlines()
    paths = re.compile(r"\S{30,}|capstone\.json")
    assert [line for line in lines if len(line) > width and not paths.search(line)] == []


def test_without_unicode_the_words_carry_the_meaning(complete_record: CapstoneRecord) -> None:
    assert "[ok] Overall: " in shown(complete_record, unicode=False)


def test_a_part_of_the_tracks_is_said(complete_record: CapstoneRecord) -> None:
    metrics = msgspec.structs.replace(complete_record.normalized_metrics, tracks_measured=2)
    record = msgspec.structs.replace(complete_record, normalized_metrics=metrics)
    assert "(of 2 of 4 tracks)" in shown(record)


def test_an_invalid_record_has_no_overall_and_hostile_text_is_harmless(
    complete_record: CapstoneRecord,
) -> None:
    record = msgspec.structs.replace(
        complete_record,
        normalized_metrics=msgspec.structs.replace(
            complete_record.normalized_metrics, overall=None
        ),
        verdict=Verdict(
            "invalid", (reason("false_result", "accuracy of mlp", "off \x1b[31mby 3"),)
        ),
        not_measured=[NotMeasuredRecord("accuracy of mlp", "incorrect", "[red]off\x1b[2J")],
    )
    text = shown(record)
    assert "Overall: none, a result was wrong or the code failed." in text
    assert "\x1b" not in text
    assert "[red]off\\x1b[2J" in text
    assert "accuracy of mlp gave a false result" in text


def test_the_community_reads_the_overall(complete_record: CapstoneRecord) -> None:
    found, _ = read_record(record_bytes(complete_record), "x.json", utc_now())
    assert (found.kind, found.score) == ("capstone", complete_record.normalized_metrics.overall)
    assert found.verdict != "invalid"


def test_a_submission_carries_the_tracks_and_no_files(complete_record: CapstoneRecord) -> None:
    record = msgspec.to_builtins(complete_record)
    shared = submission_object(build_submission(record, SubmissionChoices(), utc_now()))
    metrics = shared["normalized_metrics"]
    assert metrics["overall"] == complete_record.normalized_metrics.overall
    assert metrics["tracks"] == complete_record.normalized_metrics.tracks
    assert "spatial" not in str(shared)


def test_why_the_courses_digits_were_not_used_is_said(complete_record: CapstoneRecord) -> None:
    assert "The course's own digits" not in shown(complete_record), "there are none"
    first, *others = complete_record.accuracy
    pointer = "datasets/tinydigits/train.pkl is a Git LFS pointer, not the data; run: git lfs pull"
    first = msgspec.structs.replace(first, note=pointer)
    record = msgspec.structs.replace(complete_record, accuracy=[first, *others])
    assert "is a Git LFS pointer" in shown(record, 200)


def _own(speedup: float, interval: tuple[float, float]) -> CustomModelsFigures:
    one = CustomModelFigures("m.py:f", 1e6, None, None, None, 0.5, [], [], None, None)
    return CustomModelsFigures([1, 64], one, one, Comparison(speedup, interval, None, None))


def test_what_takes_longer_is_slower(complete_record: CapstoneRecord) -> None:
    for own, line in (
        (_own(2.0, (1.5, 2.5)), "Optimized: 2.00x faster (1.50 to 2.50)"),
        (_own(0.5, (0.4, 0.625)), "Optimized: 2.00x slower (1.60 to 2.50)"),
    ):
        assert line in shown(msgspec.structs.replace(complete_record, own=own))


def test_what_is_no_measurement_of_the_package_has_a_name(complete_record: CapstoneRecord) -> None:
    missed = [NotMeasuredRecord("inventory", "timeout", "no answer within 3 s")]
    text = shown(msgspec.structs.replace(complete_record, not_measured=missed))
    assert "the list of modules: no answer within 3 s" in text


@pytest.mark.parametrize(
    ("speedup", "interval", "said"),
    [
        (2.604, (2.5, 2.7), "2.60x faster (2.50 to 2.70)"),
        (405.2, (398.0, 1411.0), "405x faster (398 to 1,410)"),
        (0.5, (0.4, 0.625), "2.00x slower (1.60 to 2.50)"),
        (1.02, (0.98, 1.06), "no difference (0.980 to 1.06)"),
        (0.5, None, "about 2.00x slower"),
    ],
)
def test_a_speed_up_says_its_direction_and_its_interval(
    speedup: float, interval: tuple[float, float] | None, said: str
) -> None:
    assert ratio_text(speedup, interval) == said


def test_optimisations_are_shown_beside_the_speed_track(complete_record: CapstoneRecord) -> None:
    found = OptimisationFigures(
        "tiled_matmul", "Tensor @ Tensor", "100x100 by 100x100", 15, 9.9e6, 0.03e6, 0.02e6,
        330.0, (310.0, 350.0), 480.0, 1.4,
    )  # fmt: skip
    wrong = NotMeasuredRecord("KVCache", "incorrect", "token 2 of 16 is off by 3")
    absent = [
        NotMeasuredRecord(name, "missing", "module 17 acceleration is not exported yet")
        for name in ("vectorized_matmul", "fused_gelu")
    ]
    record = msgspec.structs.replace(
        complete_record, optimisations=[found], not_measured=[wrong, *absent]
    )
    text = shown(record)
    assert "Your optimisations: not scored" in text
    row = r"tiled_matmul +9\.90ms +30\.0us +330x faster \(310 to 350\) +1\.40x"
    assert re.search(row, text)
    assert "KVCache: token 2 of 16 is off by 3" in text
    assert "vectorized_matmul, fused_gelu: module 17 acceleration is not exported yet" in text
    assert record.normalized_metrics == complete_record.normalized_metrics


def test_models_that_are_loops_of_python_are_named_as_in_a_baseline() -> None:
    def looping(share: float) -> str:
        record = made_capstone()
        operations = [
            msgspec.structs.replace(op, work=Work(share if op.group == "cnn" else 0.0, 1, 1))
            for op in record.operations
        ]
        return " ".join(shown(msgspec.structs.replace(record, operations=operations)).split())

    text = looping(0.9)
    assert re.search(r"cnn 1x28x28 [^a-z]*[\d.]+\S* .*?x loops", text)
    assert text.count("x loops ") == 1
    assert "loops: of Python, held against the interpreter" in text
    assert "loops" not in looping(0.1)


@pytest.mark.parametrize(("batch", "said"), [(1, True), (8, True), (32, False)])
def test_memory_of_fewer_images_is_said_to_be_that(batch: int, said: bool) -> None:
    text = shown(made_capstone(tasks=[MemoryFigures("cnn", 2048, 1024, 512, None, batch)]))
    assert (f"cnn 1x28x28 (memory at batch {batch})" in text) is said
