"""The share card: valid SVG with the score, and nothing of its maker or machine."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.made_record import MACHINE, made_capstone, made_record
from report.made_report import report_of
from tito_bench.errors import StoreError
from tito_bench.measure.results import Failure
from tito_bench.report.share_card import share_card

SVG = "{http://www.w3.org/2000/svg}"
# SVG 1.1: what may be within what, and which attributes it may have, of all that a card uses.
STYLE = {"fill", "stroke", "stroke-width", "stroke-linecap"}
TEXT = {"font-family", "font-size", "font-weight", "letter-spacing", "text-anchor"}
MAY_HAVE = {
    "svg": {"width", "height", "viewBox", "role", "aria-labelledby"},
    "title": {"id"},
    "desc": {"id"},
    "g": STYLE | TEXT,
    "text": {"x", "y"} | STYLE | TEXT,
    "tspan": {"dx"} | STYLE | TEXT,
    "rect": {"width", "height"} | STYLE,
    "line": {"x1", "x2", "y1", "y2"} | STYLE,
    "circle": {"cx", "cy", "r"} | STYLE,
}
MAY_HOLD = {
    "svg": {"title", "desc", "rect", "g"},
    "g": {"g", "text", "line", "circle"},
    "text": {"tspan"},
}


def check(card: str) -> str:
    """All text of a card that is valid."""
    root = ET.fromstring(card)  # noqa: S314 - our own
    assert root.tag == f"{SVG}svg"
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert ids == root.get("aria-labelledby", "").split()
    for element in root.iter():
        name = element.tag.removeprefix(SVG)
        assert set(element.attrib) <= MAY_HAVE[name]
        assert {child.tag.removeprefix(SVG) for child in element} <= MAY_HOLD.get(name, set())
    return " ".join("".join(element.itertext()) for element in root)


def test_it_says_score_subject_and_day() -> None:
    text = check(share_card(report_of(made_record(slowdown=4.0, name="tinytorch")), None))
    for part in ("80/100", "my own TinyTorch code", "22 November 2026", "tito-bench baseline"):
        assert part in text


def test_nothing_of_machine_files_or_version_is_on_it() -> None:
    record = made_record(
        name="tinytorch", version="by Ada Lovelace", files={"Tensor": "ada/tensor.py"}, note="ada"
    )
    text = check(share_card(report_of(record), None)).lower()
    for hidden in ("ada", "tensor", MACHINE.cpu_model.lower(), "linux", "portable", "openblas"):
        assert hidden not in text


def test_a_subject_with_another_name_is_not_quoted() -> None:
    text = check(share_card(report_of(made_record(name="Ada's laptop")), None))
    assert "other code" in text
    assert "Ada" not in text


def test_the_cohort_is_on_it_only_where_it_is_given() -> None:
    report = report_of(made_record())
    assert "cohort" not in check(share_card(report, None))
    assert "cohort Fall 2026" in check(share_card(report, "Fall 2026"))


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=80))
def test_any_cohort_leaves_it_valid(cohort: str) -> None:
    check(share_card(report_of(made_record()), cohort))


def test_part_of_the_score_and_an_unstable_run_are_said() -> None:
    part = made_record({"matmul_256": Failure("missing", "no matmul")})
    assert "(2 of 3 parts)" in check(share_card(report_of(part), None))
    restless = made_record(rounds={"matmul_100": [2.0, 9.0] * 5})
    assert restless.verdict.status == "unstable"
    assert "restless" in check(share_card(report_of(restless), None))
    assert "tito-bench capstone" in check(share_card(report_of(made_capstone()), None))


def test_without_a_score_there_is_nothing_to_share() -> None:
    with pytest.raises(StoreError, match="no score"):
        share_card(report_of(made_record({"add_512x512": Failure("crashed", "x")})), None)
