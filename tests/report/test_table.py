"""One set of cells in every form; foreign text does nothing in any of them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tito_bench.report.table import Column, cells, csv_text, markdown_table
from tito_bench.safe_text import safe_text

COLUMNS = (
    Column[tuple[str, float]]("who", "Who", lambda row: safe_text(row[0]), foreign=True),
    Column[tuple[str, float]]("points", "Points", lambda row: f"{row[1]:.1f}", right=True),
)
ROWS = st.lists(st.tuples(st.text(), st.floats(-1e6, 1e6)), max_size=5)


@given(ROWS)
def test_csv_and_markdown_have_the_same_cells(rows: list[tuple[str, float]]) -> None:
    expected = cells(COLUMNS, rows)
    found = list(csv.reader(io.StringIO(csv_text(COLUMNS, rows))))
    assert found[0] == ["who", "points"]
    assert [row[1] for row in found[1:]] == [row[1] for row in expected]
    assert [row[0].removeprefix("'") for row in found[1:]] == [
        row[0].removeprefix("'") for row in expected
    ]
    lines = markdown_table(COLUMNS, rows).splitlines()
    assert lines[:2] == ["| Who | Points |", "| --- | ---: |"]
    assert len(lines) == 2 + len(rows)
    for line, row in zip(lines[2:], expected, strict=True):
        assert len(re.findall(r"(?<!\\)\|", line)) == 3, "a bar in a text opens no column"
        assert line.endswith(f"| {row[1]} |")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1+1"])
def test_a_spreadsheet_takes_nothing_for_a_formula(text: str) -> None:
    (_, row) = csv.reader(io.StringIO(csv_text(COLUMNS, [(text, -1.0)])))
    assert row == [f"'{text}", "-1.0"]


@pytest.mark.parametrize("text", ["a|b", "`x`", "<img src=x>", "[a](http://b)", "@octocat", "**"])
def test_markdown_reads_nothing_into_foreign_text(text: str) -> None:
    line = markdown_table(COLUMNS, [(text, 1.0)]).splitlines()[2]
    shown = text.replace("`", "'").replace("|", "\\|")
    assert line == f"| `{shown}` | 1.0 |"
