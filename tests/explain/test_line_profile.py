"""Lines of Python are counted, and where arrays are made."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterator
from types import CodeType

import numpy as np
import pytest

from tito_bench._native import AlignedArrays
from tito_bench.explain.line_profile import MOST_LINES, Count, count_lines


@pytest.fixture(autouse=True)
def aligned() -> Iterator[None]:
    """As in the worker: only then are arrays seen."""
    with AlignedArrays():
        yield


def locate(code: CodeType) -> str | None:
    return "here.py" if code.co_filename == __file__ else None


def count(function: Callable[..., object], *arguments: object) -> Count:
    return count_lines(function, arguments, locate)


def for_loop(values: np.ndarray) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def while_loop(values: np.ndarray) -> int:
    at = 0
    while at < len(values):
        at += 1
    return at


LOOPS: dict[str, Callable[[np.ndarray], object]] = {
    "for": for_loop,
    "while": while_loop,
    "comprehension": lambda values: [value * 2 for value in values],
    "generator": lambda values: sum(value * 2 for value in values),
    "map": lambda values: list(map(lambda value: value * 2, values)),  # noqa: C417
    "vectorize": lambda values: np.vectorize(lambda value: value * 2)(values),
    "apply_along_axis": lambda values: np.apply_along_axis(np.sum, 1, values.reshape(-1, 1)),
}


@pytest.mark.parametrize("name", LOOPS)
def test_every_form_of_a_loop_grows_by_at_least_one_line_an_item(name: str) -> None:
    loop = LOOPS[name]
    few, many = count(loop, np.arange(10.0)), count(loop, np.arange(30.0))
    assert many.lines - few.lines >= 20


@pytest.mark.parametrize(
    "call", [lambda a: a + a, lambda a: a @ a.T, lambda a: np.tensordot(a, a, 2), np.linalg.norm]
)
def test_array_calls_do_not_grow(call: Callable[[np.ndarray], object]) -> None:
    few, many = count(call, np.ones((4, 4))), count(call, np.ones((40, 40)))
    assert few.lines == many.lines < 100


def test_the_line_that_ran_most_is_named_and_library_lines_are_not() -> None:
    first = for_loop.__code__.co_firstlineno
    (busiest,) = count(for_loop, np.arange(50.0)).busiest
    assert busiest.line in {f"here.py:{first + 2}", f"here.py:{first + 3}"}
    assert busiest.count in {50, 51}
    assert count_lines(np.tensordot, (np.ones((2, 2)), np.ones((2, 2)), 2), locate).busiest == ()


def test_a_call_without_end_is_ended_and_tracing_is_as_it_was() -> None:
    def endless() -> None:
        while True:
            with contextlib.suppress(Exception):  # as a student's code may
                math.sqrt(2)

    before = sys.gettrace()
    counted = count(endless)
    assert (counted.more, counted.lines, counted.result) == (True, MOST_LINES, None)
    assert sys.gettrace() is before


def test_what_the_code_raises_comes_through_and_tracing_is_as_it_was() -> None:
    before = sys.gettrace()
    with pytest.raises(ZeroDivisionError):
        count(lambda: 1 // 0)
    assert sys.gettrace() is before
    assert count(lambda: 1).result == 1


def test_who_traced_before_traces_again() -> None:
    before = sys.gettrace()

    def own(_frame: object, _event: str, _argument: object) -> None:
        return None

    sys.settrace(own)
    try:
        count(lambda: 1)
        assert sys.gettrace() is own
    finally:
        sys.settrace(before)


def double_and_add(a: np.ndarray) -> np.ndarray:
    doubled = a.astype(np.float64)
    return np.pad(doubled, 1)


def test_arrays_are_counted_and_belong_to_the_line_that_asked_for_them() -> None:
    counted = count(double_and_add, np.ones((100, 100), np.float32))
    first = double_and_add.__code__.co_firstlineno
    sizes = {place.line: place.count for place in counted.makers}
    assert counted.array_sizes[0] == sizes[f"here.py:{first + 1}"] == 80_000
    assert sizes[f"here.py:{first + 2}"] >= 102 * 102 * 8  # made in a library below it
    assert counted.array_bytes == sum(counted.array_sizes) == sum(sizes.values())
    assert counted.array_count == len(counted.array_sizes)
