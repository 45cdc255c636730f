"""What is said of whose code it was, in every form of a report."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import msgspec
import pytest
from rich.console import Console

from records.made_record import NOW, made_capstone, made_record
from tito_bench.note import Note
from tito_bench.records.benchmark import encode_record
from tito_bench.records.read import RecordHeader, read_record
from tito_bench.records.submission import SubmissionChoices, build_submission
from tito_bench.report.capstone import print_capstone
from tito_bench.report.history_view import HistoryView
from tito_bench.report.html.page import render_page
from tito_bench.report.progress import beside_course
from tito_bench.report.sections.record_report import record_report
from tito_bench.report.share_card import share_card
from tito_bench.report.terminal import Symbols, print_baseline
from tito_bench.report.whose_code import whose_lines
from tito_bench.subjects.code_origin import CodeOrigin

STALE = Note(
    "stale_export", "warning", "modules/01_tensor", "the export of 1 Oct: tito module complete 01"
)


def origin(same: tuple[str, ...] = (), own: tuple[str, ...] = (), **facts: Any) -> CodeOrigin:
    return CodeOrigin(
        **{
            "same": list(same),
            "own": list(own),
            "shipped": [],
            "known_version": "0.1.0",
            "known_to": "2025-12-05",
            "newer": False,
            "changed": [],
            **facts,
        }
    )


COURSE = origin(("Tensor.matmul", "Linear.__init__"))
YOURS = origin((), ("Tensor.matmul",))
MIXED = origin(("Linear.__init__",), ("Tensor.matmul",))


@pytest.mark.parametrize(
    ("of", "line"),
    [
        (COURSE, "the course's own solution; the same are Tensor.matmul, Linear.__init__."),
        (
            YOURS,
            (
                "yours; no function is the same as a known solution (the course to 0.1.0,"
                " 5 December 2025)."
            ),
        ),
        (
            MIXED,
            "yours are Tensor.matmul; the same as the course's solution are Linear.__init__.",
        ),
        (origin(), "its functions are too short to tell yours from the course's."),
        (
            origin((), ("f",), newer=True),
            (
                "of f it cannot be told, the package is newer than the course to 0.1.0,"
                " 5 December 2025."
            ),
        ),
        (
            origin(tuple("abcdef")),
            "the course's own solution; the same are a, b, c, d and 2 more.",
        ),
    ],
)
def test_whose_it_is_in_one_line(of: CodeOrigin, line: str) -> None:
    assert list(whose_lines(of)) == [f"Whose code: {line}"]


def test_a_day_that_is_none_is_shown_as_it_stands() -> None:
    (line,) = whose_lines(origin(own=("f",), known_to="soon"))
    assert line.endswith("0.1.0, soon).")


def test_of_numpy_and_of_old_records_nothing_is_said() -> None:
    assert list(whose_lines(None)) == []


def test_what_is_stale_or_shipped_is_said_beside_it() -> None:
    shipped = ["tinytorch.extensions.simd"]
    lines = list(whose_lines(origin(own=("f",), shipped=shipped, changed=[STALE])))
    assert "tinytorch.extensions.simd" in lines[1]
    assert lines[2].startswith(
        "modules/01_tensor changed since the export of 1 Oct: tito module complete 01."
    )


def shown(record: Any) -> str:
    console = Console(file=StringIO(), width=120, highlight=False)
    show = print_baseline if record.kind == "baseline" else print_capstone
    show(console, record, Symbols.choose(True), None)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("made", [made_record, made_capstone])
def test_the_courses_own_solution_has_no_tick(made: Any) -> None:
    yours, course = (shown(made(name="tinytorch", origin=one)) for one in (YOURS, COURSE))
    assert "✅" in yours
    assert "✅" not in course
    assert "the course's own solution" in course


def test_page_and_card_say_it_too() -> None:
    for of, words in ((COURSE, "the course's own solution"), (MIXED, "my own and the course's")):
        record = made_record(name="tinytorch", origin=of)
        report = record_report(record, None, HistoryView((), 0, ()))
        assert words in share_card(report, None).replace("&#39;", "'")
        page = render_page(report).replace("&#39;", "'")
        assert next(iter(whose_lines(of))) in page
        assert ("✓" in page) == (of is MIXED)


def test_a_record_keeps_it() -> None:
    record = made_record(name="tinytorch", origin=MIXED)
    header, _ = read_record(encode_record(record), "now.json", NOW + timedelta(days=1))
    assert header.whose == "mixed"


def test_a_submission_says_whose_and_not_which_functions() -> None:
    found = msgspec.to_builtins(made_record(name="tinytorch", origin=MIXED))
    submission = build_submission(found, SubmissionChoices(), NOW)
    assert submission.subject["whose"] == "mixed"
    assert "matmul" not in str(submission.subject)
    found["subject"]["origin"] = {"same": 3}
    assert "whose" not in build_submission(found, SubmissionChoices(), NOW).subject


def header(whose: CodeOrigin | None, slowdown: float, **ran_on: Any) -> RecordHeader:
    record = made_record(name="tinytorch", origin=whose, slowdown=slowdown)
    found, _ = read_record(encode_record(record), "x.json", NOW + timedelta(days=1))
    return msgspec.structs.replace(found, **ran_on)


def test_the_courses_figure_stands_beside_ones_own() -> None:
    before = [header(COURSE, 500.0), header(COURSE, 510.0), header(YOURS, 90.0)]
    line = beside_course(before, header(YOURS, 40.0))
    assert line.startswith("The course's own solution, measured here on 2026-11-22:")
    assert "matmul 510.0x, yours 40.0x" in line


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ([], header(YOURS, 40.0)),
        ([header(YOURS, 50.0)], header(YOURS, 40.0)),
        ([header(None, 50.0)], header(YOURS, 40.0)),
        ([header(COURSE, 50.0)], header(COURSE, 40.0)),
        ([header(COURSE, 50.0)], header(None, 40.0)),
        ([header(COURSE, 50.0, cpu_model="Another")], header(YOURS, 40.0)),
        ([header(COURSE, 50.0, kernels_version="0")], header(YOURS, 40.0)),
        ([header(COURSE, 50.0, verdict="invalid")], header(YOURS, 40.0)),
        ([header(COURSE, 50.0, operations=())], header(YOURS, 40.0)),
    ],
)
def test_only_a_figure_that_was_measured_here_is_said(
    before: list[RecordHeader], now: RecordHeader
) -> None:
    assert beside_course(before, now) == ""
