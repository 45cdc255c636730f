"""What the reasons of a verdict mean, in plain words, each with a remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    "wide_interval": (
        "The score is only known to lie between {value}. Close other programs and run it again."
    ),
    "blas_threads": (
        "{what} may use {value} threads where one was asked for, so matrix products can look"
        " faster than one core is."
    ),
}


def explain(reasons: Iterable[_Reason]) -> Iterator[str]:
    """One sentence for each kind of reason; a code from a newer version is shown as it is.

    A failed operation has its reason in the table already.
    """
    noisy = []
    for reason in reasons:
        if reason.code == "failed_operation":
            continue
        if reason.code == "noisy_operation":
            noisy.append(f"{reason.what.replace('_', ' ')} by {reason.value}")
            continue
        sentence = _SENTENCES.get(reason.code, "{code}: {what} {value}")
        yield sentence.format(code=reason.code, what=reason.what, value=reason.value)
    if noisy:
        yield (
            f"Some times varied from round to round: {', '.join(noisy)}."
            " Close other programs and run it again."
        )
