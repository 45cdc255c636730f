"""The words for a record: each means one, or says which there are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from records.made_record import NOW, made_capstone, made_record, save_record
from tito_bench.errors import StoreError, UsageError
from tito_bench.records.read import (
    Chosen,
    History,
    NotARecord,
    choose_record,
    load_record,
    read_history,
)

LATER = NOW + timedelta(days=3)


def choose(word: str, folder: Path, kind=None) -> Chosen:
    return choose_record(word, read_history(folder, LATER), folder.parent, LATER, kind)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three baselines on two days, and a capstone in between."""
    folder = tmp_path / "records"
    for hours, made in ((0, made_record), (1, made_record), (2, made_capstone), (48, made_record)):
        save_record(folder, made(now=NOW + timedelta(hours=hours)))
    return folder


def chosen(word: str, folder: Path, kind=None) -> str:
    found = choose(word, folder, kind)
    assert found.path.is_file()
    assert found.path.name == found.entry.file
    return f"{found.entry.kind} {found.entry.created_at:%d %H:%M}"


@pytest.mark.parametrize(
    ("word", "kind", "expected"),
    [
        ("latest", None, "baseline 24 20:30"),
        ("latest~0", None, "baseline 24 20:30"),
        ("latest~1", None, "capstone 22 22:30"),
        ("latest~1", "baseline", "baseline 22 21:30"),
        ("latest~3", None, "baseline 22 20:30"),
        ("latest", "capstone", "capstone 22 22:30"),
        ("2026-11-22", None, "capstone 22 22:30"),
        ("2026-11-22", "baseline", "baseline 22 21:30"),
        ("2026-11-22 20:30", None, "baseline 22 20:30"),
        ("2026-11-22T21:30", None, "baseline 22 21:30"),
    ],
)
def test_a_word_means_a_record(word, kind, expected, folder: Path) -> None:
    assert chosen(word, folder, kind) == expected


@pytest.mark.parametrize(
    ("word", "kind", "said"),
    [
        ("latest~4", None, "there are 4 records"),
        (
            "latest~1",
            "capstone",
            "there is one capstone record (for a baseline add --type baseline)",
        ),
        (
            "latest~1",
            "capstone",
            "make another with: tito-bench benchmark capstone",
        ),
        ("", None, "nothing is no record: name a file, latest"),
        ("records", None, "records is no record: name a file, latest"),
        ("2026-11-23", None, "no record was made on 2026-11-23"),
        ("2026-13-23", None, "no day of the calendar"),
        ("2026-11-22 24:30", None, "no day of the calendar"),
        ("2026-11-22 20:31", None, "no record was made on 2026-11-22 20:31"),
        (
            "latest~-1",
            None,
            "no record latest~-1; did you mean 'latest~1' or 'latest'? name a file",
        ),
        ("newest", None, "latest~1"),
        ("a\x1b[2J/b", None, r"a\x1b[2J/b"),
    ],
)
def test_a_word_that_means_none_says_what_there_is(word, kind, said, folder: Path) -> None:
    with pytest.raises(UsageError) as error:
        chosen(word, folder, kind)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_without_records_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run: tito-bench benchmark baseline"):
        choose_record("latest", History((), ()), tmp_path, LATER)
    with pytest.raises(UsageError, match="run: tito-bench benchmark capstone"):
        choose_record("2026-11-22", History((), ()), tmp_path, LATER, "capstone")


def test_a_file_is_looked_for_here_and_among_the_records(folder: Path) -> None:
    there = save_record(folder.parent / "other", made_capstone())
    name = read_history(folder, LATER).entries[0].file
    assert chosen(name, folder) == "baseline 22 20:30"
    for word in (f"other/{there.name}", str(there)):
        found = choose(word, folder)
        assert (found.path, found.entry.kind) == (there, "capstone")
    (folder.parent / "latest").write_bytes(there.read_bytes())
    assert choose("./latest", folder).entry.kind == "capstone"


@pytest.mark.parametrize("data", [b"{}", b"", b'{"schema": 9, "kind": "baseline"}'])
def test_a_file_that_is_no_record_is_an_error(data: bytes, folder: Path) -> None:
    (folder / "odd.json").write_bytes(data)
    with pytest.raises(NotARecord) as chosen_error:
        choose("odd.json", folder)
    with pytest.raises(NotARecord) as error:
        load_record(folder / "odd.json", LATER)
    assert (chosen_error.value.path, error.value.path) == (folder / "odd.json",) * 2
    assert chosen_error.value.skip == error.value.skip
    assert str(chosen_error.value) == str(error.value)


def test_a_whole_record_is_loaded_with_its_samples(folder: Path) -> None:
    entries = read_history(folder, LATER).entries
    whole = [load_record(folder / entry.file, LATER).record for entry in entries]
    assert [record.kind for record in whole] == ["baseline", "baseline", "capstone", "baseline"]
    assert len(whole[0].operations[0].samples.subject_cpu_ns) == 9


def test_a_record_whose_samples_are_damaged_is_named_and_not_loaded(folder: Path) -> None:
    path = folder / read_history(folder, LATER).entries[0].file
    path.write_bytes(path.read_bytes().replace(b'"kept": [true', b'"kept": [3'))
    found = read_history(folder, LATER)
    assert len(found.entries) == 3
    assert [(one.file, one.skip) for one in found.skipped] == [(path.name, "broken")]
    with pytest.raises(NotARecord, match="bool"):
        load_record(path, LATER)
    with pytest.raises(StoreError, match="not there"):
        load_record(folder / "gone.json", LATER)


def test_latest_is_never_a_record_of_the_future(folder: Path) -> None:
    ahead = save_record(folder, made_record(now=LATER + timedelta(days=1, seconds=1)))
    assert chosen("latest", folder) == "baseline 24 20:30"
    with pytest.raises(NotARecord, match="2026-11-26") as error:
        choose(ahead.name, folder)
    assert error.value.skip == "untimely"
    save_record(folder, made_record(now=LATER + timedelta(hours=23)))  # another zone, a wrong clock
    assert chosen("latest", folder) == "baseline 26 19:30"


def test_where_no_record_can_be_used_the_newest_is_named(tmp_path: Path) -> None:
    path = save_record(tmp_path, made_record())
    path.write_bytes(path.read_bytes().replace(b'"score": 9', b'"score": 8'))
    with pytest.raises(UsageError) as error:
        choose("latest", tmp_path)
    assert str(error.value) == (
        f"latest: no record can be used: {path.name} has figures that its samples do not give; "
        "run: tito-bench benchmark baseline"
    )
