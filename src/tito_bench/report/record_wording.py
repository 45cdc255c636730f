"""What is said of two records: why they are not comparable, or not compared.

`report.wording` has the words for everything that is said of one.
"""

from __future__ import annotations

from collections.abc import Iterable

from tito_bench.note import Note
from tito_bench.records.read import Skip
from tito_bench.report.wording import explain
from tito_bench.safe_text import safe_text

__all__ = ["comparison_note", "difference_words", "explain_skipped", "no_ratio"]

# Why the scores of two records cannot be compared.
_DIFFERENCES = {
    "kernels": "other version of the kernels",
    "subject": "other subject",
    "workload": "operations defined otherwise",
    "parts": "other parts measured",
}

# What to know of two records that are compared; `{before}` and `{after}` are what they say.
_COMPARED = {
    "same": "A and B are the same record.",
    "kernels": "The native kernels are of version {before} in A and {after} in B: a ratio may be"
    " their change and not the code's.",
    "target": "A ran beside {before} kernels and B beside {after} ones.",
    "machine": "A was measured on {before}, B on {after}; slowdowns may be compared across"
    " machines, to within what docs/design/fairness.md says.",
    "subject": "A is {before} and B is {after}.",
    "definition": "Operations that are defined otherwise in B are not compared.",
    "parts": "The score of A is of {before}, that of B of {after}; what only one of them has is"
    " not compared.",
    "verdict_before": "A is {before}: its figures are to be doubted.",
    "verdict_after": "B is {after}: its figures are to be doubted.",
}

# Why an operation of two records has no ratio, or one that says little.
_NO_RATIO = {
    "definition": "defined otherwise",
    "only_before": "not in B",
    "only_after": "not in A",
    "not_before": "not measured in A",
    "not_after": "not measured in B",
    "neither": "not measured",
    "few_rounds": "fewer than 6 rounds, so a wide interval",
    "no_interval": "too few rounds for an interval",
}


def explain_skipped(skip: Skip, detail: str) -> str:
    """Why a file is no record that can be shown, in one line; `detail` is foreign text."""
    return explain(Note(f"{skip}_record", what="It", value=safe_text(detail)))


def difference_words(codes: Iterable[str]) -> str:
    """Say what makes two records incomparable, in a few words; empty where nothing does."""
    return ", ".join(_DIFFERENCES[code] for code in codes)


def comparison_note(code: str, before: str = "", after: str = "") -> str:
    """Say what to know of two records that are compared."""
    return _COMPARED[code].format_map({"before": before, "after": after})


def no_ratio(code: str, detail: str = "") -> str:
    """Say why an operation was not compared, in a few words; `detail` is foreign text."""
    return f"{_NO_RATIO[code]}: {safe_text(detail)}" if detail else _NO_RATIO[code]
