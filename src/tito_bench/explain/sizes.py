"""The sizes that an operation is made of, so that one of them can be changed at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tito_bench.workloads.operation import Operation

__all__ = ["Sizes"]


@dataclass(frozen=True)
class _Form:
    """The shapes of one kind of operation, a letter for each of its sizes."""

    inputs: tuple[str, ...]
    result: str
    names: Mapping[str, str]
    weights: tuple[str, ...] = ()
    between: str = ""
    """The largest array that cannot be avoided on the way to the result."""
    product: tuple[str, str] = ("", "")
    """The operands of its largest matrix product."""


_ELEMENTWISE = _Form(("rc", "rc"), "rc", {"r": "row", "c": "column"})
_FORMS = {
    "add": _ELEMENTWISE,
    "mul": _ELEMENTWISE,
    "matmul": _Form(
        ("mk", "kn"),
        "mn",
        {
            "m": "row of the first matrix",
            "n": "column of the second matrix",
            "k": "term of a sum",
        },
        product=("mk", "kn"),
    ),
    "mlp": _Form(
        ("bf",),
        "bo",
        {"b": "input of the batch", "f": "feature", "h": "hidden unit", "o": "output"},
        weights=("fh", "h", "ho", "o"),
        between="bh",
        product=("bf", "fh"),
    ),
}


class Sizes:
    """The sizes of one operation, by letter. Raises KeyError on a kind that is not known."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._form = _FORMS[operation.kind]
        self._of = {
            letter: size
            for word, shape in zip(
                (*self._form.inputs, *self._form.weights),
                (*operation.inputs, *operation.weights),
                strict=True,
            )
            for letter, size in zip(word, shape, strict=True)
        }

    def __iter__(self) -> Iterator[tuple[str, str, int]]:
        """Letter, name and value of each size."""
        return ((letter, name, self._of[letter]) for letter, name in self._form.names.items())

    def resized(self, changed: Mapping[str, int]) -> Operation:
        """The operation with some sizes `changed`."""
        of = {**self._of, **changed}

        def shapes(words: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
            return tuple(tuple(of[letter] for letter in word) for word in words)

        return replace(
            self._operation,
            inputs=shapes(self._form.inputs),
            weights=shapes(self._form.weights),
        )

    def halved(self, times: int) -> Operation:
        """The operation with every size halved `times` times, none below 2 that was above."""
        smaller = {letter: max(min(size, 2), size >> times) for letter, size in self._of.items()}
        return self.resized(smaller)

    @property
    def smallest(self) -> Operation:
        """The operation on sizes of 2: what it costs before there is anything to compute."""
        return self.resized(dict.fromkeys(self._of, 2))

    @property
    def result_elements(self) -> int:
        """Numbers in the result."""
        return self._elements(self._form.result)

    @property
    def needed_elements(self) -> int:
        """Numbers that must be stored somewhere: the result and what it is made from."""
        return self.result_elements + self._between_elements

    @property
    def largest_made_elements(self) -> int:
        """Numbers in the larger of the arrays that must be stored."""
        return max(self.result_elements, self._between_elements)

    @property
    def array_elements(self) -> frozenset[int]:
        """Numbers in each array that takes part."""
        form = self._form
        words = (*form.inputs, *form.weights, form.result, *filter(None, [form.between]))
        return frozenset(map(self._elements, words))

    @property
    def product(self) -> tuple[int, int, int] | None:
        """m, k, n of the largest matrix product in it, if there is one."""
        left, right = self._form.product
        if not left:
            return None
        return self._of[left[0]], self._of[left[1]], self._of[right[1]]

    @property
    def _between_elements(self) -> int:
        return self._elements(self._form.between) if self._form.between else 0

    def _elements(self, word: str) -> int:
        return math.prod(self._of[letter] for letter in word)
