"""The clock of single lines: what it counts, and that nobody sees it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pytest

from tito_bench._native import LineClock

LONG_NS = 10**12


def clocked(function: Callable[[], object], **options: int) -> LineClock:
    with LineClock(options.pop("longest_ns", LONG_NS), **options) as clock:
        function()
    return clock


def rows_of_three_lines(rows: int) -> Callable[[], int]:
    def run() -> int:
        total = 0
        for row in range(rows):
            total += row
            total -= 1
        return total

    return run


def loop_on_one_line() -> list[int]:
    # fmt: off
    found = []
    for row in range(1000): found.append(row)  # noqa: E701, PERF402
    # fmt: on
    return found


def test_the_lines_of_a_loop_are_counted() -> None:
    few, many = clocked(rows_of_three_lines(10)), clocked(rows_of_three_lines(110))
    assert many.lines - few.lines == 3 * 100


def test_a_loop_on_one_line_is_seen() -> None:
    assert 1000 <= clocked(loop_on_one_line).lines < 1100


def test_array_code_has_few_lines() -> None:
    a = np.ones((200, 200), np.float32)
    assert clocked(lambda: a @ a).lines < 5


def test_lines_that_take_longer_do_not_count() -> None:
    a = np.ones((500, 500), np.float32)

    def products() -> None:
        for _ in range(20):
            a @ a  # some ms on any machine that runs this

    short, whole = clocked(products, longest_ns=100_000), clocked(products)
    assert 0 < short.short_ns < 20 * 100_000 < whole.short_ns


def test_a_line_counts_the_less_the_longer_it_is_up_to_twice_the_longest() -> None:
    """Where all lines take about the longest, noise must not decide over the whole call."""

    def naps() -> None:
        for _ in range(3):
            time.sleep(0.03)

    # Of 30 ms, half: a nap is never shorter, and counts less where it is longer.
    assert 0 < clocked(naps, longest_ns=20_000_000).short_ns < 3 * 15_500_000


def test_the_first_lines_do_not_count() -> None:
    assert clocked(rows_of_three_lines(5), skipped=1000).short_ns == 0
    assert clocked(rows_of_three_lines(1000), skipped=1000).short_ns > 0


def test_it_stops_after_the_most_lines_and_the_code_goes_on() -> None:
    done = []
    clock = clocked(lambda: done.append(rows_of_three_lines(1000)()), most=50)
    assert clock.lines == 50
    assert done == [sum(range(1000)) - 1000]


def test_the_code_that_is_clocked_cannot_see_it() -> None:
    seen: list[object] = []
    clock = clocked(lambda: seen.append(sys.gettrace()))
    assert seen == [None]
    assert clock.lines > 0


def test_a_trace_function_that_was_set_is_set_again() -> None:
    def mine(frame: object, event: str, argument: object) -> None:
        return None

    before = sys.gettrace()
    try:
        sys.settrace(mine)
        clocked(rows_of_three_lines(3))
        after = sys.gettrace()
    finally:
        sys.settrace(before)
    assert after is mine


def test_an_exception_ends_it() -> None:
    with pytest.raises(ZeroDivisionError):
        clocked(lambda: 1 / 0)
    assert clocked(rows_of_three_lines(3)).lines > 0


def test_only_one_runs_at_a_time() -> None:
    with pytest.raises(RuntimeError, match="running already"):
        clocked(lambda: clocked(rows_of_three_lines(1)))


@pytest.mark.parametrize("options", [{"longest_ns": 0}, {"most": 0}, {"skipped": -1}])
def test_numbers_out_of_range_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="need numbers"):
        clocked(rows_of_three_lines(1), **options)
