"""The history: one view model, so that no form of it can say another number."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from records.made_record import NOW, made_capstone, made_record, save_record
from tito_bench.measure.results import Failure
from tito_bench.records.read import History, Skipped, header_of, read_history
from tito_bench.report.history_terminal import history_lines, skipped_lines
from tito_bench.report.history_view import COLUMNS, HistoryView, history_view
from tito_bench.report.numbers import interval_text
from tito_bench.report.table import cells, csv_text, markdown_table

ENTRY = header_of(made_record(), "baseline_x.json")
POINTS = st.floats(0, 100)
ENTRIES = st.lists(
    st.builds(
        lambda kind, score, low, high, subject, minutes: msgspec.structs.replace(
            ENTRY,
            kind=kind,
            score=score,
            score_interval=None if score is None else (low, high),
            subject=subject,
            created_at=NOW + timedelta(minutes=minutes),
        ),
        st.sampled_from(["baseline", "capstone"]),
        st.none() | POINTS,
        POINTS,
        POINTS,
        st.text(max_size=60),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=6,
)


def history_of(*records: object) -> History:
    entries = [header_of(record, f"{i}.json") for i, record in enumerate(records)]
    return History(tuple(entries), ())


def text(view: HistoryView, width: int = 120, unicode: bool = True) -> str:
    return "\n".join(history_lines(view, width, unicode))


@given(ENTRIES, st.sampled_from([40, 80, 140]))
def test_a_number_is_the_same_in_every_form(entries: list, width: int) -> None:
    view = history_view(History(tuple(entries), ()))
    table = cells(COLUMNS, view.records)
    keys = [column.key for column in COLUMNS]
    document = msgspec.json.decode(msgspec.json.encode(view))["records"]
    rows = list(csv.DictReader(io.StringIO(csv_text(COLUMNS, view.records))))
    markdown = markdown_table(COLUMNS, view.records).splitlines()[2:]
    terminal = text(view, width)
    assert len(document) == len(rows) == len(markdown) == len(entries)
    for line, stored, row, marked in zip(table, document, rows, markdown, strict=True):
        cell = dict(zip(keys, line, strict=True))
        ends = stored["score_interval"] or (None, None)
        for key, value in zip(
            ("score", "score_low", "score_high"), (stored["score"], *ends), strict=True
        ):
            assert cell[key] == row[key] == ("" if value is None else f"{value:.1f}")
            assert f" {cell[key]} |" in marked
            assert cell[key] in terminal
        if stored["score"] is not None:
            assert interval_text(stored["score_interval"]) in re.sub(r"\s+", " ", terminal)


def test_every_record_is_there_oldest_first_and_a_limit_takes_the_newest() -> None:
    times = [NOW + timedelta(days=days) for days in range(5)]
    history = history_of(*(made_record(now=now) for now in times), made_capstone())
    view = history_view(history, "baseline")
    assert [row.created_at.day for row in view.records] == [22, 23, 24, 25, 26]
    cut = history_view(history, "baseline", 2)
    assert (cut.records, cut.earlier) == (view.records[-2:], 3)
    assert "(3 earlier records not shown)" in text(cut)
    assert history_view(history, "baseline", 99).earlier == 0
    assert [row.kind for row in history_view(history).records][-1] == "capstone"


def test_what_cannot_be_compared_with_the_newest_is_marked() -> None:
    missing = Failure("missing", "module 03")
    view = history_view(
        history_of(
            made_record(name="tinytorch"),
            made_record(ran_on={"kernels_version": "0"}),
            made_capstone(),
            made_record({"mlp_batch_256": missing}),
            made_record(slowdown=8.0),
            made_record(),
        )
    )
    assert [row.comparable for row in view.records] == [False, False, True, False, True, True]
    shown = text(view)
    for words in ("other subject", "other version of the kernels", "other parts measured"):
        assert f"not comparable: {words}" in shown
    assert "░ not comparable with the newest record" in shown
    assert ": not comparable with the newest record" in text(view, unicode=False)
    assert "not comparable" not in text(history_view(history_of(made_record())))


def test_the_limit_does_not_change_what_is_comparable() -> None:
    history = history_of(made_record(name="tinytorch"), made_record())
    kept = History(tuple(reversed(history.entries)), ())
    assert history_view(kept, limit=1).records[0].comparable


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_nothing_is_wider_than_the_terminal(width: int, unicode: bool) -> None:
    long = {"name": "tinytorch", "version": "0.1.0 " + "日本" * 6, "fingerprint": "x"}
    history = history_of(made_record(**long), made_capstone(), made_record())
    lines = list(history_lines(history_view(history), width, unicode))
    assert [line for line in lines if cell_len(line) > width] == []
    assert any("not comparable" in line for line in lines)
    plain = history_view(history_of(made_record(), made_capstone()))
    assert [line for line in history_lines(plain, width, unicode) if cell_len(line) > width] == []


def test_eighty_columns_hold_both_kinds_by_saying_once_what_all_say() -> None:
    long = {"name": "tinytorch", "version": "0.1.0-beta"}
    history = history_of(made_record(**long), made_capstone(**long), made_record(**long))
    lines = list(history_lines(history_view(history), 80, True))
    assert lines[1] == "All: subject tinytorch 0.1.0-beta, kernels portable, verdict stable"
    assert lines[2].split() == ["when", "kind", "score", "95%", "interval"]
    assert len([line for line in lines if line.startswith("2026-")]) == 3
    assert "All:" not in "".join(history_lines(history_view(history), 120, True))
    assert "All:" not in "".join(history_lines(history_view(history), 40, True))


def test_a_record_without_a_score_says_none() -> None:
    view = history_view(history_of(made_record({"matmul_100": Failure("raised", "no")})))
    assert re.search(r"20:30 +none .* invalid", text(view))


def test_skipped_files_have_their_reasons_and_hostile_text_is_harmless() -> None:
    hostile = "\x1b[2J[red]"
    skipped = tuple(
        Skipped(f"{hostile}{skip}.json", skip, hostile)
        for skip in ("broken", "half", "newer", "foreign", "unreadable")
    )
    view = history_view(
        History((msgspec.structs.replace(ENTRY, subject=hostile, file=hostile),), skipped)
    )
    lines = list(skipped_lines(view.skipped, 80))
    assert lines[1] == "5 files are not shown:"
    for words in ("damaged: ", "too early", "newer tito-bench", "no record of tito-bench"):
        assert words in "\n".join(lines)
    for form in (
        *lines,
        text(view),
        csv_text(COLUMNS, view.records),
        markdown_table(COLUMNS, view.records),
    ):
        assert "\x1b" not in form
    assert list(skipped_lines((), 80)) == []


def test_real_files_end_up_in_the_view(tmp_path: Path) -> None:
    paths = [save_record(tmp_path, record) for record in (made_record(), made_capstone())]
    view = history_view(read_history(tmp_path, NOW))
    assert [row.file for row in view.records] == [path.name for path in paths]
