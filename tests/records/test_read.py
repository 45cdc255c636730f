"""The records of a project: all of them, in order, and what is not comparable."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from records.made_record import NOW, made_capstone, made_record, save_record
from tito_bench.errors import StoreError
from tito_bench.records.benchmark import encode_record
from tito_bench.records.read import CourseFile, Record, RecordHeader, header_of, read_history

LATER = NOW + timedelta(days=500)


def entry_of(record: Record) -> RecordHeader:
    return header_of(record, "x.json")


def test_no_folder_is_no_history(tmp_path: Path) -> None:
    found = read_history(tmp_path / "none", LATER)
    assert (found.entries, found.skipped) == ((), ())


def test_the_order_is_that_of_the_times_whatever_the_files_are_called(tmp_path: Path) -> None:
    days = [NOW + timedelta(days=days) for days in (0, 400, 3)]
    for name, now in zip("abc", days, strict=True):
        (tmp_path / f"{name}.json").write_bytes(encode_record(made_record(now=now)))
    save_record(tmp_path, made_capstone(now=NOW + timedelta(days=5)))
    found = read_history(tmp_path, LATER)
    assert [entry.kind for entry in found.entries] == ["baseline"] * 2 + ["capstone", "baseline"]
    assert [entry.file[:1] for entry in found.of("baseline")] == ["a", "c", "b"]


def test_an_entry_says_what_the_record_says(tmp_path: Path) -> None:
    record = made_record(name="tinytorch", version="0.3", fingerprint="ab12", slowdown=4.0)
    save_record(tmp_path, record)
    (entry,) = read_history(tmp_path, LATER).entries
    metrics = record.normalized_metrics
    assert entry.created_at == datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    assert (entry.score, entry.score_interval) == (metrics.score, metrics.score_interval)
    assert (entry.subject, entry.subject_version, entry.fingerprint) == ("tinytorch", "0.3", "ab12")
    assert (entry.kernel_target, entry.kernels_version, entry.verdict) == (
        "portable",
        "1",
        "stable",
    )
    assert entry.parts == entry.parts_asked == ("tensor_ops", "matmul", "forward_pass")
    assert [key.name for key in entry.operations] == [op.name for op in record.operations]


def test_the_overall_of_a_capstone_has_the_interval_of_speed_only_if_speed_is_all_of_it() -> None:
    both, speed = made_capstone(), made_capstone(tracks=["speed"])
    assert entry_of(both).score == both.normalized_metrics.overall
    assert entry_of(both).parts == ("speed", "accuracy")
    assert entry_of(both).score_interval is None
    assert entry_of(speed).score_interval == speed.normalized_metrics.score_interval


@pytest.mark.parametrize(
    ("data", "skip"),
    [
        (b"", "half"),
        (encode_record(made_record())[:3000], "half"),
        (encode_record(made_record())[:-3], "half"),
        (b"\x00" * 500, "broken"),
        (b'{"schema": 1, "kind": "baseline"}', "broken"),
        (encode_record(made_record()).replace(b'"score": 9', b'"score": 99'), "edited"),
        (encode_record(made_record()).replace(b'"score": 9', b'"score": 8'), "edited"),
        (encode_record(made_record()).replace(b'"version": 1', b'"version": "one"'), "broken"),
        (encode_record(made_record()).replace(b"2026-11-22T", b"yesterday "), "broken"),
        (
            encode_record(made_record()).replace(
                b"2026-11-22T20:30:00Z", b"9999-12-31T23:59:59-12:00"
            ),
            "untimely",
        ),
        (encode_record(made_record(now=datetime(2019, 12, 31, tzinfo=UTC))), "untimely"),
        (encode_record(made_record(now=LATER + timedelta(days=1, seconds=1))), "untimely"),
        (encode_record(made_record()).replace(b'"schema": 1', b'"schema": 2'), "newer"),
        (b'{"schema": 7, "kind": "capstone"}', "newer"),
        (b'{"schema": 1' + b"0" * 5000 + b', "kind": "capstone"}', "broken"),
        (b'{"schema": 3, "kind": "submission"}', "foreign"),
        (b'{"benchmark_type": "baseline", "score": 100}', "foreign"),
        (b"[" * 100_000, "broken"),
        (b"[1, 2]", "foreign"),
        (b"\xff\xfe{\x00}\x00", "broken"),
    ],
)
def test_what_is_no_record_is_named_and_the_rest_is_shown(
    data: bytes, skip: str, tmp_path: Path
) -> None:
    save_record(tmp_path, made_record())
    (tmp_path / "baseline_odd.json").write_bytes(data)
    found = read_history(tmp_path, LATER)
    assert len(found.entries) == 1
    assert [(one.file, one.skip) for one in found.skipped] == [("baseline_odd.json", skip)]
    assert (tmp_path / "baseline_odd.json").read_bytes() == data


def test_what_cannot_be_read_is_named_too(tmp_path: Path) -> None:
    save_record(tmp_path, made_record())
    (tmp_path / "folder.json").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.json")  # reading it would never end
    (tmp_path / "note.txt").write_text("no record")
    (tmp_path / "._baseline.json").write_bytes(b"\x00\x05")  # macOS leaves those on foreign disks
    found = read_history(tmp_path, LATER)
    assert len(found.entries) == 1
    assert {one.skip for one in found.skipped} == {"unreadable"}
    assert "folder.json" in [one.file for one in found.skipped]
    details = [one.detail for one in found.skipped]
    assert [detail for detail in details if str(tmp_path) in detail] == [], "a page has this text"


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").write_text("")
    with pytest.raises(StoreError, match="cannot read"):
        read_history(tmp_path / "benchmarks", LATER)


def test_copies_with_the_same_bytes_count_once(tmp_path: Path) -> None:
    path = save_record(tmp_path, made_record())
    for copied in ("{} (conflicted copy)", "{}.sync-conflict-20261122-203000-ABCDEFG", "{} 2"):
        (tmp_path / f"{copied.format(path.stem)}.json").write_bytes(path.read_bytes())
    save_record(tmp_path, made_record(now=NOW + timedelta(hours=1)))
    found = read_history(tmp_path, LATER)
    assert len(found.entries) == 2
    assert (found.entries[0].file, found.skipped) == (path.name, ())


def test_files_of_the_course_are_seen_as_what_they_are(tmp_path: Path) -> None:
    course = {"benchmark_type": "capstone", "overall_score": 90, "timestamp": "2026-01-05T10:00:00"}
    simplified = {"benchmark_type": "baseline_simplified", "overall_score": "high"}
    (tmp_path / "a.json").write_bytes(msgspec.json.encode(course))
    (tmp_path / "b.json").write_bytes(msgspec.json.encode(simplified))
    found = read_history(tmp_path, LATER)
    assert found.entries == ()
    assert [one.skip for one in found.skipped] == ["foreign", "foreign"]
    assert found.course == (
        CourseFile("b.json", "baseline", None, None, "simplified"),
        CourseFile(
            "a.json", "capstone", datetime(2026, 1, 5, 10, tzinfo=UTC), 90.0, "not comparable"
        ),
    )


@pytest.mark.parametrize("kind", ["[]", "{}", "null", "1"])
def test_a_kind_that_is_no_text_is_no_record(kind: str, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text(f'{{"schema": 1, "kind": {kind}}}')
    (skipped,) = read_history(tmp_path, LATER).skipped
    assert skipped.skip == "foreign"
