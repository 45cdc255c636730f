"""The sizes of an operation, by letter, so that one of them can be changed at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tito_bench.workloads.operation import Operation

__all__ = ["Form", "Sizes"]


@dataclass(frozen=True)
class Form:
    """The shapes of one kind of operation, a letter for each of its sizes."""

    inputs: tuple[str, ...]
    result: str
    names: Mapping[str, str]
    """Those that can be changed, and what there is one of for each."""
    activation: tuple[str, ...]
    """What must be held at once for one input, where that is most: a layer's input and output."""
    weights: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    """The arrays that cannot be avoided on the way to the result."""
    product: tuple[str, str, str] | None = None
    """Rows, sums and columns of its largest matrix product, each a product of sizes."""
    bound: Mapping[str, Callable[[Mapping[str, int]], int]] = field(default_factory=dict)
    """Sizes that follow from the others."""
    has_smallest: bool = True
    """Whether almost nothing is left to compute where all that can be changed is 2."""


class Sizes:
    """The sizes of one operation, by letter."""

    def __init__(self, operation: Operation, form: Form) -> None:
        """Read them from the shapes of `operation`, which has that `form`."""
        self._operation = operation
        self._form = form
        found = {
            letter: size
            for word, shape in zip(
                (*self._form.inputs, *self._form.weights),
                (*operation.inputs, *operation.weights),
                strict=True,
            )
            for letter, size in zip(word, shape, strict=True)
        }
        self._of = self._completed(found)

    def __iter__(self) -> Iterator[tuple[str, str, int]]:
        """Yield letter, name and value of each size."""
        return ((letter, name, self._of[letter]) for letter, name in self._form.names.items())

    def resized(self, changed: Mapping[str, int]) -> Operation:
        """Return the operation with some sizes `changed`, and those that follow from them."""
        of = self._completed({**self._of, **changed})

        def shapes(words: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
            return tuple(tuple(of[letter] for letter in word) for word in words)

        weights = shapes(self._form.weights)
        # Shipped parameters have the shapes of the operation that they were trained for.
        trained = self._operation.trained if weights == self._operation.weights else None
        return replace(
            self._operation, inputs=shapes(self._form.inputs), weights=weights, trained=trained
        )

    def halved(self, times: int) -> Operation:
        """Return the operation with all that can be changed halved `times` times.

        None comes below 2 that was above.
        """
        return self.resized({letter: max(min(size, 2), size >> times) for letter, _, size in self})

    @property
    def smallest(self) -> Operation | None:
        """The operation on sizes of 2: what it costs before there is anything to compute.

        None where too much is left to compute on any size.
        """
        if not self._form.has_smallest:
            return None
        return self.resized(dict.fromkeys(self._form.names, 2))

    @property
    def result_shape(self) -> tuple[int, ...]:
        """Shape of the result."""
        return tuple(self._of[letter] for letter in self._form.result)

    @property
    def activation_elements(self) -> int:
        """Numbers that must be held at once for one input, where that is most."""
        return sum(map(self._elements, self._form.activation))

    @property
    def result_elements(self) -> int:
        """Numbers in the result."""
        return self._elements(self._form.result)

    @property
    def needed_elements(self) -> int:
        """Numbers that must be stored somewhere: the result and what it is made from."""
        return self.result_elements + sum(map(self._elements, self._form.between))

    @property
    def largest_made_elements(self) -> int:
        """Numbers in the larger of the arrays that must be stored."""
        return max(self.result_elements, *map(self._elements, self._form.between), 0)

    @property
    def array_elements(self) -> frozenset[int]:
        """Numbers in each array that takes part."""
        form = self._form
        words = (*form.inputs, *form.weights, form.result, *form.between)
        return frozenset(map(self._elements, words))

    @property
    def product(self) -> tuple[int, int, int] | None:
        """m, k, n of the largest matrix product in it, if there is one."""
        if self._form.product is None:
            return None
        m, k, n = map(self._elements, self._form.product)
        return m, k, n

    def _completed(self, of: dict[str, int]) -> dict[str, int]:
        for letter, size_of in self._form.bound.items():
            of[letter] = size_of(of)
        return of

    def _elements(self, word: str) -> int:
        return math.prod(self._of[letter] for letter in word)
