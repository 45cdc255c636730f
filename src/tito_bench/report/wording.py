"""What the reasons of a verdict mean, in plain words, each with a remedy."""

from __future__ import annotations

from typing import Protocol

__all__ = ["explain"]


class _Reason(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def value(self) -> str: ...


_SENTENCES = {
    "failed_operation": "{what} gave no result to score: {value}",
    "wide_interval": (
        "The score is only known to lie between {value}: close other programs and run it again."
    ),
    "noisy_operation": (
        "{what} varied by {value} from round to round: close other programs and run it again."
    ),
    "blas_threads": (
        "{what} may use {value} threads where one was asked for, so matrix products can look"
        " faster than one core is."
    ),
}


def explain(reason: _Reason) -> str:
    """One sentence for people; a code from a newer version is shown as it is."""
    sentence = _SENTENCES.get(reason.code, "{code}: {what} {value}")
    return sentence.format(code=reason.code, what=reason.what, value=reason.value)
