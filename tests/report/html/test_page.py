"""The page as text: what is on it, and that nothing a record says is obeyed."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from records.made_record import made_capstone, made_record
from report.made_report import card_of, report_of
from tito_bench.measure.results import Failure
from tito_bench.records.read import History, Skipped
from tito_bench.report.capstone import print_capstone
from tito_bench.report.history_view import history_view
from tito_bench.report.html.page import render_page
from tito_bench.report.sections.record_report import record_report
from tito_bench.report.terminal import Symbols, print_baseline
from tito_bench.score import Work

HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style></svg><img src=x onerror=alert(1)>",
    "\"'><a href=javascript:alert(1)>",
    "{{ 7 * 7 }} {% raw %}",
    "\x1b[31m\u202egnitirw\u2066",
    "&lt;b&gt; &amp; ]]>",
)
TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section",
    "div", "span", "p", "b", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "details", "summary",
    "code", "figure", "figcaption", "table", "caption", "thead", "tbody", "tr", "th", "td",
    "time", "br", "svg", "desc", "g", "line", "circle", "rect", "path", "text", "tspan",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "datetime", "class", "id", "role",
    "scope", "open", "data-head", "aria-hidden", "aria-labelledby", "aria-describedby", "x", "y",
    "x1", "x2", "y1", "y2", "cx", "cy", "r", "d", "width", "height", "overflow",
}  # fmt: skip


class Page(HTMLParser):
    """The tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_a_page_needs_nothing_but_itself() -> None:
    record = made_record()
    page = render_page(report_of(record, card_of(record), made_record(slowdown=9.0)))
    found = Page(page)
    assert found.tags <= TAGS
    assert found.attributes <= ATTRIBUTES
    assert len(found.ids) == len(set(found.ids))
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?://", page)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_shown_and_not_obeyed(hostile: str) -> None:
    record = made_record(
        {"add_512x512": Failure("raised", hostile), "matmul_100": Failure("missing", hostile)},
        name=hostile,
        version=hostile,
        files={hostile: hostile},
        note=hostile,
        ran_on={"numpy": hostile, "blas": hostile, "kernel_target": hostile},
    )
    skipped = (Skipped(f"{hostile}.json", "broken", hostile),)
    view = history_view(History((), skipped))
    plain = Page(render_page(record_report(made_record(), None, view)))
    page = render_page(record_report(record, card_of(record), view))
    found = Page(page)
    assert found.tags <= TAGS
    assert found.attributes <= ATTRIBUTES
    assert "script" not in plain.tags | found.tags
    assert not set("\x1b\u202e\u2066") & set(page)
    if "\x1b" not in hostile:
        assert " ".join(hostile.split()) in found.text


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=80))
def test_no_text_adds_a_tag(text: str) -> None:
    found = Page(render_page(report_of(made_record(note=text, name=text))))
    assert found.tags <= TAGS
    assert found.attributes <= ATTRIBUTES


@pytest.mark.parametrize("slowdown", [0.4, 1.23, 47.0, 3000.0])
def test_a_baseline_has_every_number_of_the_terminal(slowdown: float) -> None:
    record = made_record(slowdown=slowdown)
    out = io.StringIO()
    print_baseline(Console(file=out, width=200), record, Symbols.choose(True), None)
    _same_numbers(out.getvalue(), Page(render_page(report_of(record))).text)


def test_a_capstone_has_every_number_of_the_terminal() -> None:
    record = made_capstone(slowdown=3.7)
    out = io.StringIO()
    print_capstone(Console(file=out, width=200), record, Symbols.choose(True), None)
    _same_numbers(out.getvalue(), Page(render_page(report_of(record))).text)


def _same_numbers(terminal: str, page: str) -> None:
    numbers = re.findall(r"\d[\d.,]*(?:ms|x|%)?", terminal)
    assert len(numbers) > 10
    missing = [number for number in numbers if number.rstrip(".,") not in page]
    assert missing == []


def test_ten_thousand_rounds_and_records_stay_small() -> None:
    ratios = [2 + 0.001 * (index % 97) for index in range(10_000)]
    record = made_record(
        rounds={"matmul_100": ratios, "add_512x512": ratios, "mlp_batch_1": ratios}
    )
    one = report_of(record, card_of(record))
    rows = one.history.records * 10_000
    history = msgspec.json.decode(msgspec.json.encode(one.history), type=type(one.history))
    many = record_report(record, card_of(record), type(history)(rows, 0, history.skipped))
    page = render_page(many)
    assert len(page.encode()) < 300_000
    assert "9,800 earlier ones are not drawn" in page


def test_part_of_the_score_is_said_and_all_of_it_is_not() -> None:
    assert "80/100 ·" not in Page(render_page(report_of(made_record(slowdown=4.0)))).text
    part = made_record({"matmul_256": Failure("missing", "no matmul")}, slowdown=4.0)
    assert "80/100 (2 of 3 parts) ·" in Page(render_page(report_of(part))).text


def test_loops_of_python_are_named() -> None:
    record = made_record(slowdown=50.0)
    looped = [
        msgspec.structs.replace(op, work=Work(0.9, 20_000, 120_000)) for op in record.operations
    ]
    record = msgspec.structs.replace(record, operations=looped)
    text = Page(render_page(report_of(record, card_of(record)))).text
    assert "Loops of Python: Tensor Operations, Matrix Multiply" in text
    assert "NumPy is limited by the interpreter: 90% of its time goes into loops" in text


def test_without_a_score_the_page_says_so() -> None:
    page = Page(render_page(report_of(made_record({"add_512x512": Failure("crashed", "SIGSEGV")}))))
    assert "no score" in page.text
    assert "Setup is not verified" in page.text


def test_nothing_measured_is_a_page_as_well() -> None:
    gone = Failure("missing", "module 01 is not exported yet")
    record = made_record(dict.fromkeys((op.name for op in made_record().operations), gone))
    page = Page(render_page(report_of(record, card_of(record))))
    assert "Nothing could be measured." in page.text
    assert "module 01 is not exported yet" in page.text


def test_skipped_files_are_listed_and_many_are_counted() -> None:
    skipped = tuple(Skipped(f"{index}.json", "half", "") for index in range(50))
    view = history_view(History((), skipped))
    text = Page(render_page(record_report(made_record(), None, view))).text
    assert "0.json : It ends too early or is empty." in text
    assert "and 30 more" in text


def test_the_moment_is_utc_whatever_zone_a_record_names() -> None:
    record = msgspec.structs.replace(made_record(), created_at="2026-11-23T01:30:00+05:00")
    page = render_page(report_of(record))
    assert "22 November 2026, 20:30 UTC" in page
    assert 'datetime="2026-11-22T20:30:00+00:00"' in page


def test_a_doubtful_score_says_so_where_it_stands() -> None:
    restless = [2.0, 3.5] * 20
    record = made_record(
        rounds=dict.fromkeys((op.name for op in made_record().operations), restless)
    )
    assert record.verdict.status == "unstable"
    head = Page(render_page(report_of(record))).text.split("The score")[0]
    assert "Measured on a restless machine" in head
    assert "restless" not in Page(render_page(report_of(made_record()))).text


def test_without_a_card_the_section_of_the_roofline_says_how_to_get_one() -> None:
    text = Page(render_page(report_of(made_record()))).text
    assert "Roofline A roofline needs the peaks of this machine. To have them" in text


def test_the_overall_is_said_once() -> None:
    head = Page(render_page(report_of(made_capstone(slowdown=4.0)))).text.split("The score")[0]
    assert "Overall" not in head


def test_a_column_without_anything_is_left_out() -> None:
    alone = render_page(report_of(made_record()))
    assert ">not comparable<" not in alone
    other = made_record(ran_on={"kernels_version": "0"})
    assert ">not comparable<" in render_page(report_of(made_record(), None, other))
