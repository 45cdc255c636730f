"""A class from its exported files."""

from __future__ import annotations

import json
import os
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tito_bench.community.classroom import read_class
from tito_bench.community.handed_in import exported_files
from tito_bench.community.small_groups import Bin
from tito_bench.errors import StoreError

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def _profile(number: int, **more: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "anonymous_id": str(uuid.UUID(int=number)),
        "location": {"country": "Kenya" if number % 2 else "Chile"},
        "context": {"cohort": "Fall 2026", "course_type": "university"},
        "progress": {"modules_completed": number % 20, "capstone_score": None},
        **more,
    }


def _submission(number: int | None, score: float, benchmark: str = "baseline") -> dict[str, Any]:
    return {
        "schema": 1,
        "kind": "submission",
        "benchmark": benchmark,
        "anonymous_id": None if number is None else str(uuid.UUID(int=number)),
        "normalized_metrics": {"score": score},
    }


def _export(number: int, *submissions: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": 1,
        "kind": "community_export",
        "profile": _profile(number),
        "submissions": list(submissions),
    }


@pytest.fixture
def write(tmp_path):
    def write_all(*documents: Any) -> Any:
        for number, document in enumerate(documents):
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            (tmp_path / f"{number:05d}.json").write_bytes(data)
        return read_class(exported_files([tmp_path]), 5, NOW)

    return write_all


def test_all_kinds_of_files_of_one_person_are_one_person(write):
    people = [
        document
        for number in range(6)
        for document in (
            _profile(number),
            _export(number, _submission(number, 90.0)),
            _submission(number, 30.0),
            _submission(number, 70.0, "capstone"),
        )
    ]
    found = write(*people)
    assert (found.files, found.people, found.unreadable, found.unidentified) == (24, 6, (), 0)
    assert found.cohorts == {"Fall 2026": 6}
    assert sum(one.count for one in found.capstone_scores) == 6


def test_the_best_score_of_each_person_counts(write):
    found = write(
        *(
            _export(number, _submission(number, 90.0), _submission(number, 10.0))
            for number in range(6)
        ),
        *(_submission(number, 15.0) for number in range(6, 12)),
    )
    assert found.baseline_scores == (Bin(0.0, 20.0, 6), Bin(20.0, 100.0, 6))


def test_small_countries_are_merged(write):
    found = write(*(_profile(number) for number in (1, 3, 5, 7, 9, 11, 2)))
    assert found.countries == {"other": 7}
    found = write(*(_profile(number) for number in (*range(1, 21, 2), 2, 4, 6, 8, 10)))
    assert found.countries == {"Kenya": 10, "Chile": 5}


def test_a_small_class_shows_nothing(write):
    found = write(*(_profile(number) for number in range(4)))
    assert found.people == 4
    assert not found.cohorts
    assert not found.modules_completed


def test_submissions_without_an_id_make_no_people(write):
    """Else five files of one student would be a group of five."""
    found = write(*(_submission(None, 50.0 + number) for number in range(9)))
    assert (found.people, found.unidentified) == (0, 9)
    assert found.baseline_scores == ()


def test_what_is_no_export_is_named_only(write):
    wrong = [
        b"",
        b"{",
        b"\0" * 20,
        b"[" * 50_000,
        [],
        {},
        {"kind": "other"},
        {"anonymous_id": "x"},
        {"profile": 5},
        {"submissions": {}},
        {"context": []},
    ]
    found = write(*wrong, *(_profile(number) for number in range(5)))
    assert [os.path.basename(file.file) for file in found.unreadable] == [  # noqa: PTH119
        f"{number:05d}.json" for number in range(len(wrong))
    ]
    assert {file.reason for file in found.unreadable[4:]} == {"no export, profile or submission"}
    assert found.people == 5


def test_wrong_values_in_a_file_of_ours_count_as_none(write):
    odd = [
        _profile(
            number,
            location={"country": 5},
            context={"cohort": ["x"], "course_type": None},
            progress={"modules_completed": "many", "capstone_score": 5000},
        )
        for number in range(5)
    ]
    found = write(*odd)
    assert found.countries == found.cohorts == {"not given": 5}
    assert found.capstone_scores[0].count == 5


def test_the_smallest_group_is_never_below_three(tmp_path):
    for number in range(2):
        (tmp_path / f"{number}.json").write_text(json.dumps(_profile(number)))
    found = read_class(exported_files([tmp_path]), 1, NOW)
    assert found.smallest_group == 3
    assert found.cohorts == {}


def test_files_and_folders(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / ".git").mkdir()
    for name in ("a/1.json", "a/b/2.json", "a/notes.txt", "a/.git/3.json"):
        (tmp_path / name).touch()
    found = list(exported_files([tmp_path / "a", tmp_path / "a" / "notes.txt"]))
    names = [os.path.basename(path) for path in found]  # noqa: PTH119
    assert names == ["1.json", "2.json", "notes.txt"]
    with pytest.raises(StoreError, match="is no file or folder"):
        list(exported_files([tmp_path / "b"]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
def test_a_pipe_among_the_files_is_passed_by(tmp_path):
    os.mkfifo(tmp_path / "1.json")
    assert list(exported_files([tmp_path])) == []


def test_names_of_groups_are_harmless(write):
    found = write(
        *(_profile(number, context={"cohort": "\x1b[2Jevil\u202e"}) for number in range(5))
    )
    assert found.cohorts == {"\\x1b[2Jevil\\u202e": 5}


def test_where_nobody_is_below_60_the_bins_are_finer(write):
    found = write(*(_submission(number, 60.0 + number) for number in range(40)))
    assert found.baseline_scores[0] == Bin(60.0, 65.0, 5)
    assert len(found.baseline_scores) == 8


def test_a_median_is_of_enough_people_and_in_whole_points(write):
    found = write(*(_submission(number, 40.2 + number) for number in range(5)))
    assert found.baseline_median == 42
    assert found.capstone_median is None


def _slow(number: int, score: float, **slowdowns: float) -> dict[str, Any]:
    submission = _submission(number, score)
    submission["normalized_metrics"]["slowdowns"] = slowdowns
    return submission


def test_what_is_hard_comes_first_and_is_of_the_best_run_of_each(write):
    best = [_slow(number, 50.0, matmul=40.0 + number, tensor_ops=2.0) for number in range(5)]
    worse = [_slow(number, 20.0, matmul=900.0, tensor_ops=9.0) for number in range(5)]
    few = [_slow(number, 50.0, forward_pass=300.0) for number in range(5, 9)]
    found = write(*best, *worse, *few)
    assert [(one.name, one.slowdown, one.people) for one in found.hardest] == [
        ("matmul", 42.0, 5),
        ("tensor_ops", 2.0, 5),
    ]


def test_impossible_slowdowns_are_none(write):
    odd = [_slow(number, 50.0, matmul=-1.0, tensor_ops=1e300, other=0.0) for number in range(5)]
    assert write(*odd).hardest == ()


def test_whose_code_it_was_is_counted_and_small_groups_are_merged(write):
    said = ["yours"] * 6 + ["course"] * 5 + ["mixed"] + ["nonsense", 3, None]
    found = write(
        *(
            _submission(number, 50.0) | {"subject": {"name": "tinytorch", "whose": whose}}
            for number, whose in enumerate(said)
        )
    )
    assert found.whose_code["their own"] == 6
    assert "both" not in found.whose_code
    assert sum(found.whose_code.values()) == len(said)
