"""Every reason and finding has a plain sentence and a remedy."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

import tito_bench
from tito_bench.explain.causes import CauseCode
from tito_bench.measure.verdict import Code
from tito_bench.note import Note
from tito_bench.records.read import Skip
from tito_bench.report.wording import CODES, LESSONS, explain, words
from tito_bench.subjects.course_modules import COURSE_MODULES


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_a_sentence_and_a_remedy(code: str) -> None:
    sentence, remedy = words(Note(code, "info", "WHAT", "VALUE"))
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert remedy
    assert "{" not in sentence + remedy


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_and_value_are_in_the_words_where_they_tell_something(code: str) -> None:
    sentence, remedy = words(Note(code, "info", "WHAT", "VALUE"))
    assert "WHAT" in sentence + remedy or "VALUE" in sentence + remedy


def test_every_reason_of_a_verdict_has_words() -> None:
    assert set(get_args(Code)) <= CODES


def test_every_finding_in_the_code_has_words_and_every_word_is_used() -> None:
    made = set()
    for path in Path(tito_bench.__file__).parent.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "tito_bench.note" not in source and "measure.verdict" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                code = node.args[0]
                if node.func.id in {"Note", "_finding", "reason"} and isinstance(
                    code, ast.Constant
                ):
                    made.add(code.value)
    assert made <= CODES
    made |= {f"{skip}_record" for skip in get_args(Skip)}
    assert made <= CODES
    assert made | set(get_args(Code)) | set(get_args(CauseCode)) >= CODES


def test_every_cause_has_words_and_a_module_that_teaches_its_remedy() -> None:
    assert set(get_args(CauseCode)) <= CODES
    assert set(LESSONS) == set(get_args(CauseCode))
    numbers = {module.number for module in COURSE_MODULES}
    assert all(number in numbers for taught in LESSONS.values() for number, _ in taught)


def test_text_is_put_in_as_it_is() -> None:
    hostile = Note("old_blas_kernels", "warning", "{value} [b]", "{code} {0}")
    assert explain(hostile) == (
        "{value} [b] uses kernels for older processors: {code} {0}. "
        "Unset OPENBLAS_CORETYPE, or install a newer NumPy."
    )


def test_a_message_with_its_own_stop_gets_no_second() -> None:
    assert "wrong. Repair" in explain(Note("package_fails", "warning", "x", "wrong."))


def test_a_code_of_a_newer_version_is_shown_as_it_is() -> None:
    assert explain(Note("meteor", "warning", "roof", "1 m")) == "meteor: roof 1 m"
