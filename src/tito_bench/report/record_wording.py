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
    "same_code": "The code is the same: differences of this size are noise.",
    "same_code_apart": "The code is the same, and yet more than noise lies between: something"
    " else changed (NumPy, Python, the machine or what runs beside), or it was chance.",
    "more": "Now {after} scored operations were measured, it was {before}: only what both have is"
    " set side by side.",
    "more_unchanged": "Now {after} scored operations were measured, it was {before}; the others"
    " did not change.",
    "fewer": "Now only {after} scored operations were measured, it was {before}: only what both"
    " have is set side by side.",
    "fewer_unchanged": "Now only {after} scored operations were measured, it was {before}; the"
    " others did not change.",
    "learned": "How far runs drift apart was learned from {after} pairs of runs of the same code.",
    "same": "Before and after are the same record.",
    "kernels": "The native kernels are of version {before} before and {after} after: a ratio may be"
    " their change and not the code's.",
    "target": "Before ran beside {before} kernels, after beside {after} ones.",
    "machine": "Before was measured on {before}, after on {after}; slowdowns may be compared across"
    " machines, to within what docs/design/fairness.md says.",
    "subject": "Before is {before} and after is {after}: another's code, not a change of it.",
    "definition": "Operations that are defined otherwise after are not compared.",
    "verdict_before": "Before is {before}: its figures are to be doubted.",
    "verdict_after": "After is {after}: its figures are to be doubted.",
}

# Why an operation of two records has no ratio, or one that says little.
_NO_RATIO = {
    "definition": "defined otherwise",
    "only_before": "only before",
    "only_after": "only after",
    "not_before": "not measured before",
    "not_after": "not measured after",
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
